// The checks that the other side sends (RFC 8445 7.3): which are answered, what they set off besides, and the path that follows
// them when the other side comes from a new address. The agent alone keeps a path for as long as it has not failed: 30 s.
import type { Clock, Timer } from '../../base/clock.ts'
import { TokenBucket } from '../../base/token-bucket.ts'
import type { Check, CheckFence } from '../fences.ts'
import { type Address, type CheckedPair, type IceAgent, pairState } from '../werift.ts'
import { Consent } from './consent.ts'
import type { MuxEndpoint } from './mux-socket.ts'
import { hasIntegrity, hasOtherRole, hasPriority, isSound, localFragmentOf, stunClassOf } from './stun.ts'
import { writeBindingResponse } from './stun-write.ts'

/** A viewer sends some ten a second at the most. */
const maxChecksPerS = 200
/** Addresses that the other side did not name and we learnt from its checks. */
const maxLearnt = 32
/** The agent remembers each transaction to count repetitions. */
const maxTransactions = 256
/** Checks of ours that answer one of theirs, a pair. */
const maxAnswering = 3
/** A path that has said nothing for so long is left for one that the other side checks: at once for an address of which nobody had
 * heard before, as a new mapping of a NAT, later for one that it may only keep in reserve. */
const leaveMs = { moved: 1000, reserve: 5000 }
const lookMs = 100
const maxLooks = 80

interface IceChecksDeps {
  readonly agent: IceAgent
  readonly clock: Clock
  /** Ours: password by username fragment. */
  readonly credentials: ReadonlyMap<string, string>
  /** Another path is selected. */
  readonly onFollowed: () => void
}

const isSame = (a: Readonly<Address>, b: Readonly<Address>) => a[1] === b[1] && a[0] === b[0]
const isOnOurSocket = ({ protocol }: CheckedPair) => (protocol.transport as MuxEndpoint | undefined)?.post !== undefined

export class IceChecks implements CheckFence {
  readonly #deps: IceChecksDeps
  readonly #consent: Consent
  readonly #window = new TokenBucket({ burst: maxChecksPerS, perSecond: maxChecksPerS })
  readonly #answering = new WeakMap<CheckedPair, number>()
  /** Pairs with an address that nobody had heard of before a path was selected. */
  readonly #moved = new WeakSet<CheckedPair>()
  #path: CheckedPair | undefined
  #heardAt = 0
  #follow: { pair: CheckedPair; looks: number } | undefined
  #timer: Timer | undefined

  constructor(deps: IceChecksDeps) {
    this.#deps = deps
    this.#consent = new Consent(deps)
    this.#replaceConsent()
  }

  admits(packet: Buffer): boolean {
    return isSound(packet, stunClassOf(packet))
  }

  heard(from: Readonly<Address>): void {
    const path = this.#deps.agent.nominated
    const isNew = path !== this.#path
    this.#path = path
    if (path && (isNew || isSame(path.remoteAddr, from))) this.#heardAt = this.#deps.clock.now()
  }

  takes({ packet, protocol, from }: Check): boolean {
    const path = this.#deps.agent.nominated
    if (!path || path.protocol !== protocol || !isSame(path.remoteAddr, from) || !isOnOurSocket(path)) return false
    const stunClass = stunClassOf(packet)
    if (stunClass === 'response') return this.#consent.takes(packet)
    return stunClass === 'request' && this.#answers(packet, path)
  }

  check(check: Check, answer: () => void): void {
    if (!this.#isAllowed(check)) return
    const known = this.#pairOf(check)
    const before = known?.requestsSent
    answer()
    const pair = this.#pairOf(check)
    if (!pair) return
    if (!known && this.#path) this.#moved.add(pair)
    if (pair.requestTransactionIds.size > maxTransactions) pair.requestTransactionIds.clear()
    if (pair.requestsSent === before) this.#checkBack(pair)
    if (localFragmentOf(check.packet) === this.#deps.agent.localUsername) this.#mayFollow(pair)
  }

  close(): void {
    this.#timer?.cancel()
    this.#follow = undefined
    this.#consent.stop()
  }

  /** A path through a TURN server stays the agent's, and so does one to a lite agent, which wants to be nominated again and again. */
  #replaceConsent(): void {
    const { agent } = this.#deps
    const query = agent.queryConsent
    agent.queryConsent = () => {
      this.#consent.stop()
      if (!agent.nominated || !isOnOurSocket(agent.nominated) || agent.remoteIsLite) return query()
      agent.stopConsentLifecycle()
      this.#consent.start()
    }
  }

  /** The socket has seen to its integrity. What is of before a restart, or of another role than it should be, is for the agent. */
  #answers(packet: Buffer, path: CheckedPair): boolean {
    const { agent, clock, credentials } = this.#deps
    const password = credentials.get(agent.localUsername)
    if (password === undefined || localFragmentOf(packet) !== agent.localUsername) return false
    if (!hasOtherRole(packet, agent.iceControlling)) return false
    if (this.#window.take(1, clock.now()) && hasPriority(packet))
      path.protocol.sendData(writeBindingResponse(packet, path.remoteAddr, password), path.remoteAddr)
    return true
  }

  #isAllowed(check: Check): boolean {
    const { agent, clock, credentials } = this.#deps
    if (!this.#window.take(1, clock.now()) || !hasPriority(check.packet)) return false
    // The socket has asked for it already, a TURN server has not.
    const password = credentials.get(localFragmentOf(check.packet) ?? '')
    if (password === undefined || !hasIntegrity(check.packet, password)) return false
    const isKnown = agent.remoteCandidates.some(({ host, port }) => isSame([host, port], check.from))
    return isKnown || this.#makeRoom()
  }

  /** Forgets the address that was learnt first and is of no use now. */
  #makeRoom(): boolean {
    const { agent } = this.#deps
    const learnt = agent._remoteCandidates.filter(({ type }) => type === 'prflx')
    if (learnt.length < maxLearnt) return true
    const isIdle = (pair: CheckedPair) => pair !== agent.nominated && pair.state !== pairState.inProgress
    const idle = learnt.find((candidate) =>
      agent.checkList.every((pair) => pair.remoteCandidate !== candidate || isIdle(pair)),
    )
    if (!idle) return false
    agent._remoteCandidates = agent._remoteCandidates.filter((candidate) => candidate !== idle)
    agent.checkList = agent.checkList.filter(({ remoteCandidate }) => remoteCandidate !== idle)
    return true
  }

  #pairOf({ protocol, from }: Check): CheckedPair | undefined {
    return this.#deps.agent.checkList.find((pair) => pair.protocol === protocol && isSame(pair.remoteAddr, from))
  }

  /**
   * Some (Pion) nominate a pair when a check comes on it after theirs has succeeded, and otherwise look again 200 ms later; the check
   * that the agent sends by itself is there before our answer to theirs.
   */
  #checkBack(pair: CheckedPair): void {
    const { agent } = this.#deps
    const sent = this.#answering.get(pair) ?? 0
    if (agent.iceControlling || agent.nominated || agent.remotePassword === '' || sent >= maxAnswering) return
    this.#answering.set(pair, sent + 1)
    const { localCandidate, remoteAddr } = pair
    const { localUsername, remoteUsername } = agent
    const request = agent.buildRequest({
      nominate: false,
      iceControlling: false,
      localUsername: localCandidate.ufrag ?? localUsername,
      remoteUsername,
      localCandidate,
    })
    // Only that it comes matters; the agent's own check says whether the path works.
    pair.protocol.request(request, remoteAddr, Buffer.from(agent.remotePassword), 0).catch(() => {})
  }

  /** Leaves a silent path for one that is checked: never on the word of a packet alone, but once our own check there is answered. */
  #mayFollow(pair: CheckedPair): void {
    const { agent } = this.#deps
    const path = agent.nominated
    if (!path || pair === path || this.#follow?.pair === pair || !isOnOurSocket(pair) || !isOnOurSocket(path)) return
    this.#timer?.cancel()
    this.#follow = { pair, looks: 0 }
    this.#look()
  }

  #look(): void {
    const { agent, clock } = this.#deps
    const follow = this.#follow
    const path = agent.nominated
    const isOver = !follow || !path || follow.pair === path || !agent.checkList.includes(follow.pair)
    if (isOver || ++follow.looks > maxLooks) {
      this.#follow = undefined
      return
    }
    const silentMs = clock.now() - this.#heardAt
    const isLeft = silentMs >= (this.#moved.has(follow.pair) ? leaveMs.moved : leaveMs.reserve)
    if (isLeft && follow.pair.state === pairState.succeeded) this.#select(follow.pair, path)
    else this.#timer = clock.after(lookMs, () => this.#look())
  }

  #select(pair: CheckedPair, old: CheckedPair): void {
    const { agent } = this.#deps
    this.#follow = undefined
    old.nominated = false
    pair.nominated = true
    agent.nominated = pair
    // Consent (RFC 7675) is of a path.
    agent.queryConsent()
    this.#deps.onFollowed()
  }
}
