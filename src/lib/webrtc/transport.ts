// ICE, DTLS, SRTP and the control channel of one connection, over werift's parts and our socket. Both peers (server, viewer) stand on it.
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { Clock, Timer } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import type { ConnectionState, IceState } from '../model/stream.ts'
import { ByteWindow } from './byte-window.ts'
import { ControlChannel, sctpPort } from './control-channel.ts'
import { EarlyHandshake } from './early-handshake.ts'
import { gatherOn } from './gathering.ts'
import { useNodeCrypto } from './handshake-crypto.ts'
import { RemoteCandidates } from './remote-candidates.ts'
import { type IceParameters, parseCandidate, type RemoteCandidate } from './sdp.ts'
import { writeCandidate } from './sdp-write.ts'
import { watchSilence } from './silence.ts'
import { createProtectRtcp, createUnprotectRtcp, type ProtectRtcp, type UnprotectRtcp } from './srtcp.ts'
import { createProtect, createUnprotect, type Protect, type Unprotect } from './srtp.ts'
import type { RemoteParameters, TransportEvents, TransportOptions } from './transport-options.ts'
import type { MuxEndpoint, UdpMux } from './udp-mux.ts'
import {
  agentOf,
  Candidate,
  createGatherer,
  endHandshake,
  fingerprintOf,
  type IceAgent,
  parseIceServers,
  RTCDtlsFingerprint,
  RTCDtlsParameters,
  RTCDtlsTransport,
  type RTCIceGatherer,
  RTCIceTransport,
  type SelectedPair,
  sendCloseNotify,
  sessionKeysOf,
  srtpProfiles,
  startDtls,
} from './werift.ts'

/** ICE that did not connect, and DTLS that did not finish, after this long have failed. */
const iceTimeoutMs = 30_000
const dtlsTimeoutMs = 10_000
const serverTimeoutS = 2
const maxDtlsBytesPerS = 524_288
/** A viewer sends some 5,000; a storm of requests beyond it is not even decrypted. */
const maxRtcpBytesPerS = 32_768

/** Resolves with the work or without it. */
async function waitAtMost(delayMs: number, work: Promise<void>, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(delayMs, resolve)
  await Promise.race([work, promise]).finally(() => timer.cancel())
}

export class Transport {
  readonly events: Events<TransportEvents>
  readonly timings: { iceGatheringMs?: number; iceConnectMs?: number; dtlsConnectMs?: number } = {}
  readonly sctpPort = sctpPort
  connection: ConnectionState = 'new'
  ice: IceState = 'new'
  protect: Protect | undefined
  unprotect: Unprotect | undefined
  #protectRtcp: ProtectRtcp | undefined
  #unprotectRtcp: UnprotectRtcp | undefined
  readonly #options: TransportOptions
  readonly #agent: IceAgent
  readonly #dtls: RTCDtlsTransport
  readonly #credentials = new Map<string, string>()
  readonly #attached: ReturnType<UdpMux['attach']>
  readonly #control: ControlChannel
  #candidates: Candidate[] = []
  #isGathered = false
  readonly #remoteCandidates: RemoteCandidates
  #starts = 0
  /** What is to be done once the path is known; until then. */
  #onPath: (() => void) | undefined
  readonly #early = new EarlyHandshake()
  readonly #dtlsWindow = new ByteWindow(maxDtlsBytesPerS)
  readonly #rtcpWindow = new ByteWindow(maxRtcpBytesPerS)
  #pair: SelectedPair | undefined
  #timer: Timer | undefined
  #silence: Timer | undefined
  #isSilent = false
  /** Packets that ICE handed on, whatever way they came. */
  #handedOn = 0
  #closing: Promise<void> | undefined

  private constructor(options: TransportOptions, dtls: RTCDtlsTransport, gatherer: RTCIceGatherer) {
    this.#options = options
    this.events = new Events((error) => options.logger.warn({ err: error }, 'a peer listener failed'))
    this.#dtls = dtls
    this.#control = new ControlChannel(dtls, {
      logger: options.logger,
      onOpen: () => this.events.emit('controlOpen'),
      onText: (text) => this.events.emit('control', text),
    })
    this.#agent = agentOf(gatherer)
    this.#agent.iceControlling = options.isControlling
    this.#attached = options.mux.attach(this.#credentials)
    this.#remoteCandidates = new RemoteCandidates(options.mux.addresses.map(({ address }) => address))
    this.#renewCredentials()
    gatherOn(this.#agent, this.#attached.endpoints, options, () => this.#closing !== undefined)
    this.#listen()
  }

  static async create(options: TransportOptions): Promise<Transport> {
    useNodeCrypto()
    const certificate = await RTCDtlsTransport.SetupCertificate()
    const gatherer = createGatherer({
      ...parseIceServers([...options.iceServers]),
      stunGatherTimeout: serverTimeoutS,
      turnConnectTimeout: serverTimeoutS,
    })
    const dtls = new RTCDtlsTransport({}, new RTCIceTransport(gatherer), certificate, srtpProfiles)
    return new Transport(options, dtls, gatherer)
  }

  get local(): IceParameters & { fingerprint: string } {
    const { localUsername: ufrag, localPassword: password } = this.#agent
    return { ufrag, password, fingerprint: fingerprintOf(this.#dtls) }
  }

  /** `candidate:…` texts found so far. */
  get candidates(): string[] {
    return this.#candidates.flatMap((candidate) => this.#announced(candidate))
  }

  get isGathered(): boolean {
    return this.#isGathered
  }

  get selected(): SelectedPair | undefined {
    return this.#agent.nominated ?? this.#pair
  }

  /** Empty until the other side is known. */
  get remoteFragment(): string {
    return this.#agent.remoteUsername
  }

  get isStarted(): boolean {
    return this.#starts > 0
  }

  get isReady(): boolean {
    return this.protect !== undefined && this.connection === 'connected'
  }

  /** Makes ready for a data channel; `create` opens the control channel from this side. */
  prepareData(create: boolean): void {
    this.#control.prepare(create)
  }

  /** Finds local candidates; with STUN or TURN servers at most some seconds. */
  async gather(): Promise<void> {
    if (this.#isGathered) return
    const startedAt = this.#options.clock.now()
    await waitAtMost(serverTimeoutS * 1000, this.#agent.gatherCandidates(), this.#options.clock)
    this.timings.iceGatheringMs ??= this.#options.clock.now() - startedAt
    this.#isGathered = true
    this.events.emit('candidate', null)
  }

  /** Sets the other side; new credentials on a running connection are an ICE restart. True when it is one. */
  setRemote(remote: RemoteParameters): boolean {
    const isRestart =
      this.#agent.remoteUsername !== '' &&
      (this.#agent.remoteUsername !== remote.ice.ufrag || this.#agent.remotePassword !== remote.ice.password)
    if (isRestart) this.restart()
    this.#agent.setRemoteParams({
      iceLite: remote.isIceLite,
      usernameFragment: remote.ice.ufrag,
      password: remote.ice.password,
    })
    if (remote.isIceLite) this.#agent.iceControlling = true
    if (this.#dtls.state !== 'new') return isRestart
    this.#dtls.setRemoteParams(
      new RTCDtlsParameters(
        remote.fingerprints.map(({ algorithm, value }) => new RTCDtlsFingerprint(algorithm, value)),
        remote.dtlsRole === 'server' ? 'client' : 'server',
      ),
    )
    this.#dtls.role = remote.dtlsRole
    return isRestart
  }

  /** New local credentials and candidates, the session goes on. No-op when the restart is already under way. */
  restart(): void {
    if (this.#agent.remoteUsername === '') return
    this.#pair = this.#agent.nominated ?? this.#pair
    void this.#agent.restart()
    this.#renewCredentials()
    this.#candidates = []
    this.#remoteCandidates.clear()
    this.#isGathered = false
  }

  /** Throws INVALID_SDP for a text that is no candidate; ignores what it cannot or must not use, and what is too many. */
  async addCandidate(given: string | RemoteCandidate): Promise<void> {
    const candidate = typeof given === 'string' ? parseCandidate(given) : given
    if (!candidate || !this.#remoteCandidates.accepts(candidate)) return
    const { foundation, priority, address, port, type } = candidate
    await this.#agent.addRemoteCandidate(new Candidate(foundation, 1, 'udp', priority, address, port, type))
  }

  /** Begins checks, and DTLS after them. `remoteSctpPort` when the other side has a data section. */
  start(remoteSctpPort?: number): void {
    this.#setState(this.connection === 'new' ? 'connecting' : this.connection, 'checking')
    const { clock } = this.#options
    const startedAt = clock.now()
    // A restart may overtake checks that have not ended yet: only the last start counts.
    const start = ++this.#starts
    this.#arm(iceTimeoutMs, 'ICE')
    this.#onPath = () => {
      this.#onPath = undefined
      this.timings.iceConnectMs ??= clock.now() - startedAt
      if (this.#dtls.state === 'new') this.#startDtls(remoteSctpPort)
    }
    this.#agent.connect().then(
      () => {
        if (this.#closing || start !== this.#starts) return
        this.#onPath?.()
        this.#pair = this.#agent.nominated
        if (this.#dtls.state === 'connected') {
          this.#timer?.cancel()
          this.#setState('connected', 'connected')
        }
      },
      (error: unknown) => {
        if (start === this.#starts) this.#fail('ICE', error)
      },
    )
  }

  /** Sends a finished packet over the selected path. */
  post(packet: Buffer): boolean {
    const pair = this.#agent.nominated ?? this.#pair
    if (!pair) return false
    const endpoint = pair.protocol.transport as MuxEndpoint | undefined
    if (endpoint?.post) endpoint.post(packet, pair.remoteCandidate.port, pair.remoteCandidate.host)
    else pair.protocol.sendData(packet, pair.remoteAddr)
    return true
  }

  /** Encrypts and sends a compound of RTCP packets. */
  sendRtcp(compound: Buffer): boolean {
    return this.isReady && this.#protectRtcp !== undefined && this.post(this.#protectRtcp(compound))
  }

  sendControl(text: string): boolean {
    return this.#control.send(text)
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    await this.#control.flush(this.#options.clock, () => this.connection === 'connected')
    this.#timer?.cancel()
    this.#silence?.cancel()
    sendCloseNotify(this.#dtls)
    endHandshake(this.#dtls)
    await this.#control.stop()
    this.protect = undefined
    this.unprotect = undefined
    await this.#dtls.stop().catch(() => {})
    this.#attached.detach()
    this.#dtls.onStateChange.allUnsubscribe()
    this.#setState('closed', 'closed')
    this.events.removeAll()
  }

  #renewCredentials(): void {
    const ufrag = randomBytes(9).toString('base64').replaceAll('/', 'x')
    const password = randomBytes(24).toString('base64')
    this.#agent.localUsername = ufrag
    this.#agent.localPassword = password
    this.#agent.userHistory[ufrag] = password
    for (const protocol of this.#agent.protocols) {
      if (protocol.localCandidate) protocol.localCandidate.ufrag = ufrag
    }
    this.#credentials.set(ufrag, password)
    this.#attached.addFragment(ufrag)
  }

  #listen(): void {
    const agent = this.#agent
    agent.onIceCandidate.subscribe((candidate) => {
      this.#candidates.push(candidate)
      for (const text of this.#announced(candidate)) this.events.emit('candidate', text)
    })
    agent.stateChanged.subscribe((state) => {
      if (state === 'failed' && !this.#closing) this.#setState('failed', 'failed')
      if (state === 'disconnected' && !this.#closing) {
        this.#isSilent = false
        this.#setState('disconnected', 'disconnected')
      }
    })
    agent.onData.subscribe((data) => {
      this.#handedOn++
      this.#watchVolume(data)
      if (this.#dtls.state === 'new') this.#onEarly(data)
    })
    this.#dtls.onStateChange.subscribe((state) => {
      if (state === 'closed' && !this.#closing) this.#setState('closed', this.ice)
    })
    this.#dtls.startSrtp = () => {
      const { local, remote } = sessionKeysOf(this.#dtls)
      this.protect = createProtect(local.rtp)
      this.unprotect = createUnprotect(remote.rtp)
      this.#protectRtcp = createProtectRtcp(local.rtcp)
      this.#unprotectRtcp = createUnprotectRtcp(remote.rtcp)
      for (const endpoint of this.#attached.endpoints) endpoint.onMedia = (data) => this.#receiveMedia(data)
      // What comes over a relay comes through the agent.
      agent.onData.subscribe((data) => this.#receiveMedia(data))
    }
  }

  /** werift keeps fragments of handshakes and messages without a bound: nobody gets to send many. */
  #watchVolume(data: Buffer): void {
    if (data[0]! < 20 || data[0]! > 63) return
    if (this.#dtlsWindow.take(data.length, this.#options.clock.now())) return
    this.#fail('DTLS', `more than ${maxDtlsBytesPerS} bytes in a second`)
  }

  /** RFC 7983: 128 to 191 is RTP or RTCP; RFC 5761 tells the two apart. */
  #receiveMedia(data: Buffer): void {
    if (data.length < 12 || data[0]! < 128 || data[0]! > 191) return
    const type = data[1]!
    if (type < 192 || type > 223) {
      this.events.emit('rtp', data)
      return
    }
    if (!this.#rtcpWindow.take(data.length, this.#options.clock.now())) return
    const clear = this.#unprotectRtcp?.(data)
    if (clear) this.events.emit('rtcp', clear)
  }

  #startDtls(remoteSctpPort: number | undefined): void {
    const { clock } = this.#options
    const startedAt = clock.now()
    this.#setState(this.connection, 'connected')
    this.#arm(dtlsTimeoutMs, 'DTLS')
    startDtls(this.#dtls).then(
      () => {
        if (this.#closing) return
        this.#timer?.cancel()
        this.timings.dtlsConnectMs = clock.now() - startedAt
        this.#setState('connected', this.ice)
        this.#silence = watchSilence(
          clock,
          () => this.#received(),
          (isSilent) => this.#onSilence(isSilent),
        )
        this.events.emit('connected')
        if (remoteSctpPort !== undefined) this.#control.start(remoteSctpPort)
      },
      (error: unknown) => this.#fail('DTLS', error),
    )
    // The handshake listens from here on.
    for (const data of this.#early.take()) this.#agent.onData.execute(data)
  }

  /** The other side has begun DTLS: where the path is settled, there is no need to wait for the agent's next look (20 ms). */
  #onEarly(data: Buffer): void {
    this.#early.keep(data)
    // Not within this event: werift would hand the packet to the handshake that begins in it, and then it would come twice.
    queueMicrotask(() => {
      if (this.#agent.nominated && !this.#closing) this.#onPath?.()
    })
  }

  /** Packets that came, on our sockets (checks included) or through a relay. */
  #received(): number {
    return this.#attached.endpoints.reduce((sum, endpoint) => sum + endpoint.received, this.#handedOn)
  }

  /** Nothing is sent meanwhile. A path that ICE has given up itself comes back with a restart only. */
  #onSilence(isSilent: boolean): void {
    if (this.#closing) return
    if (isSilent && this.connection === 'connected') {
      this.#isSilent = true
      this.#setState('disconnected', 'disconnected')
    } else if (!isSilent && this.#isSilent && this.connection === 'disconnected') {
      this.#setState('connected', 'connected')
    }
  }

  /** A host candidate under each announced address of its family, any other as it is. */
  #announced(candidate: Candidate): string[] {
    const { announceAddresses } = this.#options
    const text = (host: string) => writeCandidate(candidate, host)
    if (candidate.type !== 'host' || announceAddresses.length === 0) return [text(candidate.host)]
    return announceAddresses.filter((address) => isIP(address) === isIP(candidate.host)).map(text)
  }

  #arm(delayMs: number, what: 'ICE' | 'DTLS'): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(delayMs, () => this.#fail(what, `nothing after ${delayMs} ms`))
  }

  #fail(what: 'ICE' | 'DTLS', cause: unknown): void {
    if (this.#closing) return
    this.#timer?.cancel()
    const error = new McpxError('PEER_FAILED', `${what} failed: ${cause instanceof Error ? cause.message : cause}`)
    this.#options.logger.debug({ err: error }, 'a peer failed')
    this.#setState('failed', what === 'ICE' ? 'failed' : this.ice)
  }

  #setState(connection: ConnectionState, ice: IceState): void {
    if (this.connection === connection && this.ice === ice) return
    if (this.connection === 'closed') return
    this.connection = connection
    this.ice = ice
    this.events.emit('state', connection, ice)
  }
}
