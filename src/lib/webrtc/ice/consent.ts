// Consent to be sent to (RFC 7675): a check of the selected path every five seconds, and no more packets half a minute after the last
// answer. In place of the agent's, which makes promises, abort signals and a transaction for each.
import type { Clock, Timer } from '../../base/clock.ts'
import type { CheckedPair, IceAgent } from '../werift.ts'
import { hasIntegrity, transactionOf } from './stun.ts'
import { writeBindingRequest } from './stun-write.ts'

const periodMs = 5000
/** So that not all viewers are checked at once. */
const spread = 0.2
const expiresMs = 30_000
/** A timer that is so late stood with the whole process: nobody could be heard. */
const stallMs = 1000
/** Checks whose answers may still come. */
const maxPending = 8

interface ConsentDeps {
  readonly agent: IceAgent
  readonly clock: Clock
}

export class Consent {
  readonly #deps: ConsentDeps
  /** When each check was sent. */
  readonly #pending = new Map<string, number>()
  #path: CheckedPair | undefined
  #answeredAt = 0
  #dueAt = 0
  #timer: Timer | undefined

  constructor(deps: ConsentDeps) {
    this.#deps = deps
  }

  /** For the path that is selected now; ends by itself when it is another, or none. */
  start(): void {
    this.stop()
    this.#path = this.#deps.agent.nominated
    this.#answeredAt = this.#deps.clock.now()
    this.#deps.agent.consentFresh = true
    this.#arm()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#path = undefined
    this.#pending.clear()
  }

  /** Whether the packet answers a check of ours. */
  takes(packet: Buffer): boolean {
    const { agent, clock } = this.#deps
    const transaction = transactionOf(packet)
    const sentAt = this.#pending.get(transaction)
    if (sentAt === undefined || !this.#path || !hasIntegrity(packet, agent.remotePassword)) return false
    this.#pending.delete(transaction)
    this.#answeredAt = clock.now()
    this.#path.rtt = (clock.now() - sentAt) / 1000
    if (agent.state === 'disconnected') agent.setState('connected')
    return true
  }

  #arm(): void {
    const { clock } = this.#deps
    const untilExpiry = this.#answeredAt + expiresMs - clock.now()
    const delayMs = Math.max(0, Math.min(periodMs * (1 + spread * (2 * Math.random() - 1)), untilExpiry))
    this.#dueAt = clock.now() + delayMs
    this.#timer = clock.after(delayMs, () => this.#check())
  }

  #check(): void {
    const { agent, clock } = this.#deps
    const path = this.#path
    const isOver = agent.state === 'closed' || agent.state === 'failed'
    if (!path || isOver || agent.nominated !== path) {
      this.stop()
      return
    }
    const lateMs = clock.now() - this.#dueAt
    if (lateMs > stallMs) this.#answeredAt += lateMs
    if (clock.now() - this.#answeredAt >= expiresMs) {
      this.stop()
      agent.consentFresh = false
      agent.setState('failed')
      return
    }
    this.#send(path)
    this.#arm()
  }

  #send({ protocol, remoteAddr }: CheckedPair): void {
    const { agent, clock } = this.#deps
    const request = writeBindingRequest({
      username: `${agent.remoteUsername}:${agent.localUsername}`,
      password: agent.remotePassword,
      isControlling: agent.iceControlling,
      tieBreaker: agent.tieBreaker,
    })
    this.#pending.set(transactionOf(request), clock.now())
    const [oldest] = this.#pending.keys()
    if (this.#pending.size > maxPending) this.#pending.delete(oldest!)
    protocol.sendData(request, remoteAddr)
  }
}
