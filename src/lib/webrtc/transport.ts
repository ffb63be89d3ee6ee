// One connection: its states, and ICE, DTLS, SRTP and the control channel put together. Both peers (server, viewer) stand on it.
import type { Timer } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import type { ConnectionState, IceState } from '../model/stream.ts'
import { ControlChannel, sctpPort } from './control-channel.ts'
import { Dtls, setupCertificate } from './dtls/dtls.ts'
import { Ice } from './ice/ice.ts'
import { watchSilence } from './ice/silence.ts'
import type { IceParameters, RemoteCandidate } from './sdp/sdp.ts'
import type { Protect, Unprotect } from './srtp/srtp.ts'
import type { RemoteParameters, TransportEvents, TransportOptions } from './transport-options.ts'
import type { SelectedPair } from './werift.ts'

/** ICE that did not connect, and DTLS that did not finish, after this long have failed. */
const iceTimeoutMs = 30_000
const dtlsTimeoutMs = 10_000
/** A viewer sends some 5,000; a storm of requests beyond it is not even decrypted. */
const maxRtcpBytesPerS = 32_768

export class Transport {
  readonly events: Events<TransportEvents>
  readonly timings: { iceGatheringMs?: number; iceConnectMs?: number; dtlsConnectMs?: number } = {}
  readonly sctpPort = sctpPort
  connection: ConnectionState = 'new'
  ice: IceState = 'new'
  /** What `failed` came from. */
  failure: McpxError | undefined
  readonly #options: TransportOptions
  readonly #ice: Ice
  readonly #dtls: Dtls
  readonly #control: ControlChannel
  #starts = 0
  /** What is to be done once the path is known; until then. */
  #onPath: (() => void) | undefined
  readonly #rtcpBytes = new TokenBucket({ burst: maxRtcpBytesPerS, perSecond: maxRtcpBytesPerS })
  #timer: Timer | undefined
  #silence: Timer | undefined
  #isSilent = false
  /** Packets that ICE handed on, whatever way they came. */
  #handedOn = 0
  #closing: Promise<void> | undefined

  private constructor(options: TransportOptions, certificate: Awaited<ReturnType<typeof setupCertificate>>) {
    this.#options = options
    this.events = new Events((error) => options.logger.warn({ err: error }, 'a peer listener failed'))
    this.#ice = new Ice(options, {
      onCandidate: (text) => this.events.emit('candidate', text),
      // Whoever shows the address learns the new one.
      onFollowed: () => this.events.emit('state', this.connection, this.ice),
    })
    this.#dtls = new Dtls(certificate, this.#ice.gatherer, this.#ice.agent, {
      clock: options.clock,
      onKeys: () => this.#ice.onMedia((data) => this.#receiveMedia(data)),
      onClosed: () => {
        if (!this.#closing) this.#setState('closed', this.ice)
      },
      onFailure: (cause) => this.#fail('DTLS', cause),
    })
    this.#control = new ControlChannel(this.#dtls.transport, {
      clock: options.clock,
      logger: options.logger,
      onBroken: (reason) => this.#fail('SCTP', reason),
      onOpen: () => this.events.emit('controlOpen'),
      onText: (text) => this.events.emit('control', text),
    })
    this.#listen()
  }

  static async create(options: TransportOptions): Promise<Transport> {
    return new Transport(options, await setupCertificate())
  }

  get local(): IceParameters & { fingerprint: string } {
    return { ...this.#ice.local, fingerprint: this.#dtls.fingerprint }
  }

  /** `candidate:…` texts found so far. */
  get candidates(): string[] {
    return this.#ice.candidates
  }

  get isGathered(): boolean {
    return this.#ice.isGathered
  }

  get selected(): SelectedPair | undefined {
    return this.#ice.selected
  }

  /** Empty until the other side is known. */
  get remoteFragment(): string {
    return this.#ice.remoteFragment
  }

  get protect(): Protect | undefined {
    return this.#dtls.protect
  }

  get unprotect(): Unprotect | undefined {
    return this.#dtls.unprotect
  }

  get isStarted(): boolean {
    return this.#starts > 0
  }

  /** Packets that came in on our own sockets, checks included. */
  get packetsReceived(): number {
    return this.#ice.received
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
    if (this.#ice.isGathered) return
    const startedAt = this.#options.clock.now()
    await this.#ice.gather()
    this.timings.iceGatheringMs ??= this.#options.clock.now() - startedAt
    this.events.emit('candidate', null)
  }

  /** Sets the other side; new credentials on a running connection are an ICE restart. True when it is one. */
  setRemote(remote: RemoteParameters): boolean {
    const isRestart = this.#ice.setRemote(remote.ice, remote.isIceLite)
    this.#dtls.setRemote(remote)
    return isRestart
  }

  /** New local credentials and candidates, the session goes on. No-op when the restart is already under way. */
  restart(): void {
    this.#ice.restart()
  }

  /** Throws INVALID_SDP for a text that is no candidate; ignores what it cannot or must not use, and what is too many. */
  addCandidate(given: string | RemoteCandidate): Promise<void> {
    return this.#ice.addCandidate(given)
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
      if (this.#dtls.isNew) this.#startDtls(remoteSctpPort)
    }
    this.#ice.agent.connect().then(
      () => {
        if (this.#closing || start !== this.#starts) return
        this.#onPath?.()
        this.#ice.keepPath()
        if (this.#dtls.isConnected) {
          this.#timer?.cancel()
          this.#setState('connected', 'connected')
        } else if (this.connection !== 'failed') this.#awaitDtls()
      },
      (error: unknown) => {
        if (start === this.#starts) this.#fail('ICE', error)
      },
    )
  }

  /** Sends a finished packet over the selected path. */
  post(packet: Buffer): boolean {
    return this.#ice.post(packet)
  }

  /** Encrypts and sends a compound of RTCP packets. */
  sendRtcp(compound: Buffer): boolean {
    const packet = this.isReady ? this.#dtls.protectRtcp?.(compound) : undefined
    return packet !== undefined && this.post(packet)
  }

  sendControl(text: string): boolean {
    return this.#control.send(text)
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    this.#ice.close()
    await this.#control.flush(this.#options.clock, () => this.connection === 'connected')
    this.#timer?.cancel()
    this.#silence?.cancel()
    this.#dtls.sayGoodbye()
    await this.#control.stop()
    await this.#dtls.stop()
    this.#ice.detach()
    this.#setState('closed', 'closed')
    this.events.removeAll()
  }

  #listen(): void {
    const { agent } = this.#ice
    agent.stateChanged.subscribe((state) => {
      if (state === 'failed' && !this.#closing) this.#setState('failed', 'failed')
      if (state === 'disconnected' && !this.#closing) {
        this.#isSilent = false
        this.#setState('disconnected', 'disconnected')
      }
    })
    agent.onData.subscribe(() => {
      this.#handedOn++
      if (this.#dtls.isNew) this.#onEarly()
    })
  }

  /**
   * The other side has begun DTLS: where the path is settled, there is no need to wait for the agent's next look (20 ms). Not
   * within this event: werift would hand the packet to the handshake that begins in it, and then it would come twice.
   */
  #onEarly(): void {
    queueMicrotask(() => {
      if (this.#ice.agent.nominated && !this.#closing) this.#onPath?.()
    })
  }

  /** RFC 7983: 128 to 191 is RTP or RTCP; RFC 5761 tells the two apart. */
  #receiveMedia(data: Buffer): void {
    if (data.length < 12 || data[0]! < 128 || data[0]! > 191) return
    const type = data[1]!
    if (type < 192 || type > 223) {
      this.events.emit('rtp', data)
      return
    }
    if (!this.#rtcpBytes.take(data.length, this.#options.clock.now())) return
    const clear = this.#dtls.unprotectRtcp?.(data)
    if (clear) this.events.emit('rtcp', clear)
  }

  /** There is a path, and a handshake under way on it. */
  #awaitDtls(): void {
    this.#setState(this.connection, 'connected')
    this.#arm(dtlsTimeoutMs, 'DTLS')
  }

  #startDtls(remoteSctpPort: number | undefined): void {
    const { clock } = this.#options
    const startedAt = clock.now()
    this.#awaitDtls()
    this.#dtls.start().then(
      () => {
        if (this.#closing) return
        this.#timer?.cancel()
        this.timings.dtlsConnectMs = clock.now() - startedAt
        this.#setState('connected', this.ice)
        this.#silence = watchSilence(
          clock,
          () => this.#ice.received + this.#handedOn,
          (isSilent) => this.#onSilence(isSilent),
        )
        this.events.emit('connected')
        if (remoteSctpPort !== undefined) this.#control.start(remoteSctpPort)
      },
      (error: unknown) => this.#fail('DTLS', error),
    )
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

  #arm(delayMs: number, what: 'ICE' | 'DTLS'): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(delayMs, () => this.#fail(what, `nothing after ${delayMs} ms`))
  }

  #fail(what: 'ICE' | 'DTLS' | 'SCTP', cause: unknown): void {
    if (this.#closing) return
    this.#timer?.cancel()
    const error = new McpxError('PEER_FAILED', `${what} failed: ${cause instanceof Error ? cause.message : cause}`)
    this.failure = error
    this.#options.logger[what === 'SCTP' ? 'warn' : 'debug']({ err: error }, 'a peer failed')
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
