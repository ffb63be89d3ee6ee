// ICE of one connection: credentials, candidates of both sides, restarts and the selected path, over werift's agent and our sockets.
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import { fenceChecks } from '../fences.ts'
import { type IceParameters, parseCandidate, type RemoteCandidate } from '../sdp/sdp.ts'
import { writeCandidate } from '../sdp/sdp-write.ts'
import {
  agentOf,
  Candidate,
  createGatherer,
  type IceAgent,
  parseIceServers,
  type RTCIceGatherer,
  type SelectedPair,
} from '../werift.ts'
import { type GatheringOptions, gatherOn } from './gathering.ts'
import { IceChecks } from './ice-checks.ts'
import type { MuxEndpoint } from './mux-socket.ts'
import { RemoteCandidates } from './remote-candidates.ts'
import type { UdpMux } from './udp-mux.ts'

const serverTimeoutS = 2
/** Checks of before a restart are answered until this many others have followed it: the old path serves meanwhile. */
const maxGenerations = 3

/** Resolves with the work or without it. */
async function waitAtMost(delayMs: number, work: Promise<void>, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(delayMs, resolve)
  await Promise.race([work, promise]).finally(() => timer.cancel())
}

export interface IceOptions extends GatheringOptions {
  readonly mux: UdpMux
  readonly isControlling: boolean
  readonly announceAddresses: readonly string[]
  readonly clock: Clock
}

interface IceEvents {
  /** The `candidate:…` text of a local candidate. */
  readonly onCandidate: (text: string) => void
  /** The path has changed without a restart: the other side comes from a new address. */
  readonly onFollowed: () => void
}

export class Ice {
  readonly gatherer: RTCIceGatherer
  readonly agent: IceAgent
  readonly #options: IceOptions
  readonly #events: IceEvents
  readonly #credentials = new Map<string, string>()
  readonly #attached: ReturnType<UdpMux['attach']>
  readonly #checks: IceChecks
  readonly #remoteCandidates: RemoteCandidates
  #candidates: Candidate[] = []
  #isGathered = false
  #isClosed = false
  /** Where packets go while a restart has not selected anything yet. */
  #pair: SelectedPair | undefined
  #target: Target = { pair: undefined, endpoint: undefined, host: '', port: 0 }

  constructor(options: IceOptions, events: IceEvents) {
    this.#options = options
    this.#events = events
    this.gatherer = createGatherer({
      ...parseIceServers([...options.iceServers]),
      stunGatherTimeout: serverTimeoutS,
      turnConnectTimeout: serverTimeoutS,
    })
    this.agent = agentOf(this.gatherer)
    this.agent.iceControlling = options.isControlling
    this.#attached = options.mux.attach(this.#credentials)
    this.#remoteCandidates = new RemoteCandidates(options.mux.addresses.map(({ address }) => address))
    this.#renewCredentials()
    this.#checks = new IceChecks({
      agent: this.agent,
      clock: options.clock,
      credentials: this.#credentials,
      onFollowed: events.onFollowed,
    })
    fenceChecks(this.agent, this.#checks)
    gatherOn(this.agent, this.#attached.endpoints, options, () => this.#isClosed)
    this.agent.onIceCandidate.subscribe((candidate) => this.#addLocal(candidate))
  }

  get local(): IceParameters {
    return { ufrag: this.agent.localUsername, password: this.agent.localPassword }
  }

  /** `candidate:…` texts found so far. */
  get candidates(): string[] {
    return this.#candidates.flatMap((candidate) => this.#announced(candidate))
  }

  get isGathered(): boolean {
    return this.#isGathered
  }

  get selected(): SelectedPair | undefined {
    return this.agent.nominated ?? this.#pair
  }

  /** Empty until the other side is known. */
  get remoteFragment(): string {
    return this.agent.remoteUsername
  }

  /** Packets that came on our own sockets, checks included. */
  get received(): number {
    return this.#attached.endpoints.reduce((sum, endpoint) => sum + endpoint.received, 0)
  }

  /** Finds local candidates; with STUN or TURN servers at most some seconds. No-op when they are found. */
  async gather(): Promise<void> {
    if (this.#isGathered) return
    await waitAtMost(serverTimeoutS * 1000, this.agent.gatherCandidates(), this.#options.clock)
    this.#isGathered = true
  }

  /** Sets the other side; new credentials on a running session are a restart. True when it is one. */
  setRemote({ ufrag, password }: IceParameters, isLite: boolean): boolean {
    const { agent } = this
    const isSame = agent.remoteUsername === ufrag && agent.remotePassword === password
    const isRestart = agent.remoteUsername !== '' && !isSame
    if (isRestart) this.restart()
    agent.setRemoteParams({ iceLite: isLite, usernameFragment: ufrag, password })
    if (isLite) agent.iceControlling = true
    return isRestart
  }

  /** New local credentials and candidates, the session goes on. No-op when the restart is already under way. */
  restart(): void {
    if (this.agent.remoteUsername === '') return
    this.keepPath()
    void this.agent.restart()
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
    await this.agent.addRemoteCandidate(new Candidate(foundation, 1, 'udp', priority, address, port, type))
  }

  /** Remembers the path that is selected now, for the time in which a restart has none. */
  keepPath(): void {
    this.#pair = this.agent.nominated ?? this.#pair
  }

  /** Sends over the selected path; false when there is none. */
  post(packet: Buffer): boolean {
    const pair = this.agent.nominated ?? this.#pair
    if (!pair) return false
    if (pair !== this.#target.pair) this.#target = targetOf(pair)
    const { endpoint, host, port } = this.#target
    if (endpoint) endpoint.post(packet, port, host)
    else pair.protocol.sendData(Buffer.from(packet), pair.remoteAddr)
    return true
  }

  /** Media goes past the agent, except what comes over a relay. */
  onMedia(receive: (data: Buffer) => void): void {
    for (const endpoint of this.#attached.endpoints)
      endpoint.onMedia = (data, from) => {
        this.#checks.heard(from)
        receive(data)
      }
    this.agent.onData.subscribe(receive)
  }

  /** No candidate is taken any more; sending goes on until `detach`. */
  close(): void {
    this.#isClosed = true
  }

  /** Leaves the sockets. */
  detach(): void {
    this.#checks.close()
    this.#attached.detach()
  }

  #addLocal(candidate: Candidate): void {
    this.#candidates.push(candidate)
    for (const text of this.#announced(candidate)) this.#events.onCandidate(text)
  }

  #renewCredentials(): void {
    const ufrag = randomBytes(9).toString('base64').replaceAll('/', 'x')
    const password = randomBytes(24).toString('base64')
    this.agent.localUsername = ufrag
    this.agent.localPassword = password
    for (const protocol of this.agent.protocols) {
      if (protocol.localCandidate) protocol.localCandidate.ufrag = ufrag
    }
    this.#credentials.set(ufrag, password)
    this.#attached.addFragment(ufrag)
    for (const old of [...this.#credentials.keys()].slice(0, -maxGenerations)) {
      this.#credentials.delete(old)
      this.#attached.dropFragment(old)
    }
    this.agent.userHistory = Object.fromEntries(this.#credentials)
  }

  /** A host candidate under each announced address of its family, any other as it is. */
  #announced(candidate: Candidate): string[] {
    const { announceAddresses } = this.#options
    const text = (host: string) => writeCandidate(candidate, host)
    if (candidate.type !== 'host' || announceAddresses.length === 0) return [text(candidate.host)]
    return announceAddresses.filter((address) => isIP(address) === isIP(candidate.host)).map(text)
  }
}

/** Where packets of a path go: looked up once, not in the agent's objects for each of them. */
interface Target {
  readonly pair: SelectedPair | undefined
  /** Undefined for a path through a TURN server. */
  readonly endpoint: MuxEndpoint | undefined
  readonly host: string
  readonly port: number
}

function targetOf(pair: SelectedPair): Target {
  const { host, port } = pair.remoteCandidate
  const endpoint = pair.protocol.transport as MuxEndpoint | undefined
  return { pair, endpoint: endpoint?.post ? endpoint : undefined, host, port }
}
