// DTLS of one connection over werift: the handshake, also what of it comes early, the SRTP keys that it gives, and the fence before it.
import type { Clock } from '../../base/clock.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import { fenceData } from '../fences.ts'
import { useNodeCrypto } from '../handshake-crypto.ts'
import type { Fingerprint } from '../sdp/sdp.ts'
import { createProtectRtcp, createUnprotectRtcp, type ProtectRtcp, type UnprotectRtcp } from '../srtp/srtcp.ts'
import { createProtect, createUnprotect, type Protect, type Unprotect } from '../srtp/srtp.ts'
import {
  endHandshake,
  fingerprintOf,
  handshakeOf,
  type IceAgent,
  openRecord,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  type RTCIceGatherer,
  RTCIceTransport,
  sendCloseNotify,
  sessionKeysOf,
  srtpProfiles,
  startDtls,
} from '../werift.ts'
import { DtlsGuard } from './dtls-guard.ts'
import { EarlyHandshake } from './early-handshake.ts'
import { HandshakeOrder } from './handshake-order.ts'
import { proveHandshake } from './handshake-proof.ts'

const maxBytesPerS = 524_288
/** RFC 5246 7.2: an alert is a level and a description. */
const fatal = 2
const closeNotify = 0

type Certificate = Awaited<ReturnType<typeof RTCDtlsTransport.SetupCertificate>>

/** Ours, one for all connections of this thread. */
export function setupCertificate(): Promise<Certificate> {
  useNodeCrypto()
  return RTCDtlsTransport.SetupCertificate()
}

export interface DtlsRemote {
  readonly fingerprints: readonly Fingerprint[]
  /** The role of this side. */
  readonly dtlsRole: 'client' | 'server'
}

interface DtlsDeps {
  readonly clock: Clock
  /** The SRTP keys are there. */
  readonly onKeys: () => void
  /** The other side has closed it. */
  readonly onClosed: () => void
  readonly onFailure: (cause: string) => void
}

export class Dtls {
  readonly transport: RTCDtlsTransport
  protect: Protect | undefined
  unprotect: Unprotect | undefined
  protectRtcp: ProtectRtcp | undefined
  /** RTCP in the clear, or undefined when it is not authentic. */
  unprotectRtcp: UnprotectRtcp | undefined
  readonly #deps: DtlsDeps
  readonly #early = new EarlyHandshake()
  readonly #guard = new DtlsGuard((record) => this.#onAlert(record))
  readonly #order = new HandshakeOrder(() => this.transport.role === 'server')
  #fingerprints: DtlsRemote['fingerprints'] = []
  readonly #bytes = new TokenBucket({ burst: maxBytesPerS, perSecond: maxBytesPerS })
  /** Past the guard, for what it has seen. */
  readonly #handOn: (data: Buffer) => void

  /** `agent` is the gatherer's. */
  constructor(certificate: Certificate, gatherer: RTCIceGatherer, agent: IceAgent, deps: DtlsDeps) {
    const transport = new RTCDtlsTransport({}, new RTCIceTransport(gatherer), certificate, srtpProfiles)
    this.transport = transport
    this.#deps = deps
    this.#handOn = fenceData(agent, (data) => this.#admit(data))
    transport.onStateChange.subscribe((state) => {
      if (state === 'closed') deps.onClosed()
    })
    transport.startSrtp = () => {
      proveHandshake(handshakeOf(transport))
      const { local, remote } = sessionKeysOf(transport)
      this.protect = createProtect(local.rtp)
      this.unprotect = createUnprotect(remote.rtp)
      this.protectRtcp = createProtectRtcp(local.rtcp)
      this.unprotectRtcp = createUnprotectRtcp(remote.rtcp)
      deps.onKeys()
    }
  }

  get isNew(): boolean {
    return this.transport.state === 'new'
  }

  get isConnected(): boolean {
    return this.transport.state === 'connected'
  }

  /** `sha-256 AA:BB:…` */
  get fingerprint(): string {
    return fingerprintOf(this.transport)
  }

  /** Before the start only, where the last one counts; a running session keeps what it has. */
  setRemote({ fingerprints, dtlsRole }: DtlsRemote): void {
    if (!this.isNew) return
    this.#fingerprints = fingerprints
    this.transport.role = dtlsRole
  }

  /** Shakes hands over the path of the agent, with what came before it was known. */
  start(): Promise<void> {
    // Not earlier: the library would trust the certificates of every description that it has been told of.
    this.transport.setRemoteParams(
      new RTCDtlsParameters(
        this.#fingerprints.map(({ algorithm, value }) => new RTCDtlsFingerprint(algorithm, value)),
        this.transport.role === 'server' ? 'client' : 'server',
      ),
    )
    const started = startDtls(this.transport)
    // The handshake listens from here on.
    for (const data of this.#early.take()) {
      const ordered = this.#order.take(data)
      if (ordered) this.#handOn(ordered)
    }
    return started
  }

  /** What of a packet the library may see; the handshake that comes before the start is kept for it. */
  #admit(data: Buffer): Buffer | undefined {
    if (data[0]! < 20 || data[0]! > 63) return data
    if (!this.#bytes.take(data.length, this.#deps.clock.now())) {
      this.#deps.onFailure(`more than ${maxBytesPerS} bytes in a second`)
      return undefined
    }
    const admitted = this.#guard.admit(data, this.isConnected)
    if (!admitted || !this.isNew) return admitted && this.#order.take(admitted)
    this.#early.keep(admitted)
    return undefined
  }

  #onAlert(record: Buffer): void {
    const said = openRecord(this.transport, record)
    if (said && (said[0] === fatal || said[1] === closeNotify)) this.#deps.onClosed()
  }

  /** Says goodbye, and ends a handshake under way. */
  sayGoodbye(): void {
    sendCloseNotify(this.transport)
    endHandshake(this.transport)
  }

  async stop(): Promise<void> {
    this.protect = undefined
    this.unprotect = undefined
    this.protectRtcp = undefined
    this.unprotectRtcp = undefined
    await this.transport.stop().catch(() => {})
    this.transport.onStateChange.allUnsubscribe()
  }
}
