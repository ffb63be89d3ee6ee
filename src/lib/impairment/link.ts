// One way of a path, as a model without sockets and timers: packets go in with their size and the time, and come out with theirs.
//
// In this order: a first-in-first-out queue before a rate or a trace; loss; delay with jitter. Time is what the caller says, and how
// often it looks changes nothing. What is drawn by chance has a seed for each kind, so that a change of one leaves the others alone.
import { seeded } from '../base/random.ts'
import { Fifo } from './fifo.ts'
import { defaultQueueMs, headerBytes, type LinkConditions } from './impairment.ts'
import { LossProcess } from './loss.ts'
import { RateService, type Service, TraceService } from './service.ts'

/**
 * `queue`: it came to a full queue. `loss`: lost behind the link. `offline`: nothing passed. `memory`: the link held more than it may.
 */
export const dropReasons = ['queue', 'loss', 'offline', 'memory'] as const
export type DropReason = (typeof dropReasons)[number]

/** What a link holds at most, with what it costs to remember a packet. */
export const maxHeldBytes = 64 * 2 ** 20
const packetCost = 256

export interface LinkStats {
  readonly sentPackets: number
  /** Here and below with IP and UDP headers. */
  readonly sentBytes: number
  readonly deliveredPackets: number
  readonly deliveredBytes: number
  readonly dropped: Readonly<Record<DropReason, number>>
  /** Before the rate or trace, the packet in service among them. */
  readonly queuedPackets: number
  readonly queuedBytes: number
  /** Behind it, on their way. */
  readonly delayedPackets: number
}

interface Packet<T> {
  readonly item: T
  readonly bytes: number
  /** When it arrives; once it has left the queue. */
  atMs: number
}

interface LinkOptions<T> {
  readonly conditions: LinkConditions
  readonly seed: number
  /** When its time begins, and that of a trace. */
  readonly startMs: number
  /** What was not refused by `send`, but does not arrive. */
  readonly onDrop?: (item: T, reason: DropReason, atMs: number) => void
}

export class Link<T> {
  #conditions: LinkConditions
  #service: Service
  readonly #loss: LossProcess
  readonly #jitter: () => number
  readonly #onDrop: LinkOptions<T>['onDrop']
  readonly #queue = new Fifo<Packet<T>>()
  /** In the order of arrival: jitter never reorders. */
  readonly #delayed = new Fifo<Packet<T>>()
  readonly #dropped: Record<DropReason, number> = { queue: 0, loss: 0, offline: 0, memory: 0 }
  #queuedBytes = 0
  #heldBytes = 0
  #sent = { packets: 0, bytes: 0 }
  #delivered = { packets: 0, bytes: 0 }
  #lastArrivalMs = Number.NEGATIVE_INFINITY
  #nowMs: number

  constructor({ conditions, seed, startMs, onDrop }: LinkOptions<T>) {
    const seeds = seeded(seed)
    this.#loss = new LossProcess(seeds() * 2 ** 32)
    this.#jitter = seeded(seeds() * 2 ** 32)
    this.#conditions = conditions
    this.#service = serviceOf(conditions, startMs)
    this.#onDrop = onDrop
    this.#nowMs = startMs
  }

  get conditions(): LinkConditions {
    return this.#conditions
  }

  get stats(): LinkStats {
    return {
      sentPackets: this.#sent.packets,
      sentBytes: this.#sent.bytes,
      deliveredPackets: this.#delivered.packets,
      deliveredBytes: this.#delivered.bytes,
      dropped: { ...this.#dropped },
      queuedPackets: this.#queue.length,
      queuedBytes: this.#queuedBytes,
      delayedPackets: this.#delayed.length,
    }
  }

  /** Packets that have neither arrived nor been dropped. */
  get held(): number {
    return this.#queue.length + this.#delayed.length
  }

  /** No packet arrives before; Infinity where there is none. */
  get nextMs(): number {
    const delayed = this.#delayed.first?.atMs ?? Number.POSITIVE_INFINITY
    if (this.#queue.length === 0) return delayed
    return Math.min(delayed, this.#service.dueMs + (this.#conditions.delayMs ?? 0))
  }

  /** `bytes` without headers. Says why the packet was dropped, if it was at once; nothing is kept of it then. */
  send(nowMs: number, bytes: number, item: T): DropReason | undefined {
    this.#advance(nowMs)
    const packet = { item, bytes: bytes + headerBytes, atMs: 0 }
    this.#sent.packets++
    this.#sent.bytes += packet.bytes
    const refused = this.#refuse(packet.bytes)
    if (refused) {
      this.#dropped[refused]++
      return refused
    }
    if (this.#queue.length === 0) this.#service.begin(packet.bytes * 8, this.#nowMs, true)
    this.#queue.push(packet)
    this.#queuedBytes += packet.bytes
    this.#heldBytes += packet.bytes + packetCost
    this.#advance(this.#nowMs)
    return undefined
  }

  /** Other conditions from now on. The packet in service goes on with what is left of it; no packet overtakes another. */
  change(nowMs: number, conditions: LinkConditions): void {
    this.#advance(nowMs)
    const service = this.#service
    const isSame =
      service instanceof TraceService
        ? isEqual(service.trace, conditions.trace)
        : conditions.trace === undefined && service.meanBps === rateOf(conditions)
    this.#conditions = conditions
    if (!isSame) {
      const bits = service.remainingBits(this.#nowMs)
      this.#service = serviceOf(conditions, this.#nowMs)
      if (this.#queue.length > 0) this.#service.begin(bits, this.#nowMs, true)
    }
    if (conditions.isOffline) this.#dropAll()
    this.#advance(this.#nowMs)
  }

  /** Hands out what has arrived, in order, and what arrives within `earlyMs`, with the instant of its arrival. */
  deliver(nowMs: number, take: (item: T, atMs: number) => void, earlyMs = 0): void {
    this.#advance(nowMs)
    const untilMs = this.#nowMs + earlyMs
    for (let first = this.#delayed.first; first && first.atMs <= untilMs; first = this.#delayed.first) {
      this.#delayed.shift()
      this.#heldBytes -= first.bytes + packetCost
      this.#delivered.packets++
      this.#delivered.bytes += first.bytes
      take(first.item, first.atMs)
    }
  }

  #refuse(bytes: number): DropReason | undefined {
    if (this.#conditions.isOffline) return 'offline'
    if (this.#heldBytes + bytes + packetCost > maxHeldBytes) return 'memory'
    // A link that is idle takes any packet, however short its queue.
    if (this.#queue.length === 0) return undefined
    const limitBits = (this.#service.meanBps * (this.#conditions.queueMs ?? defaultQueueMs)) / 1000
    // A bit more than none, for the rounding of what is left of the packet in service.
    return this.#backlogBits() + bytes * 8 > limitBits + 1 ? 'queue' : undefined
  }

  #backlogBits(): number {
    return (this.#queuedBytes - this.#queue.first!.bytes) * 8 + this.#service.remainingBits(this.#nowMs)
  }

  /** Time does not go back. */
  #advance(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
    for (let first = this.#queue.first; first; first = this.#queue.first) {
      const leftMs = this.#service.serve(this.#nowMs)
      if (leftMs === undefined) return
      this.#queue.shift()
      this.#queuedBytes -= first.bytes
      this.#leave(first, leftMs)
      const next = this.#queue.first
      if (next) this.#service.begin(next.bytes * 8, leftMs, false)
    }
  }

  /** A packet that is lost has its jitter too: the others arrive as if it had not been. */
  #leave(packet: Packet<T>, leftMs: number): void {
    const { delayMs = 0, jitterMs = 0, lossRatio = 0, burstLength } = this.#conditions
    packet.atMs = Math.max(this.#lastArrivalMs, leftMs + delayMs + jitterMs * this.#jitter())
    this.#lastArrivalMs = packet.atMs
    if (!this.#loss.isLost(lossRatio, burstLength)) {
      this.#delayed.push(packet)
      return
    }
    this.#heldBytes -= packet.bytes + packetCost
    this.#drop(packet, 'loss', leftMs)
  }

  #dropAll(): void {
    for (const line of [this.#delayed, this.#queue])
      for (let packet = line.shift(); packet; packet = line.shift()) this.#drop(packet, 'offline', this.#nowMs)
    this.#queuedBytes = 0
    this.#heldBytes = 0
    this.#lastArrivalMs = Number.NEGATIVE_INFINITY
  }

  #drop(packet: Packet<T>, reason: DropReason, atMs: number): void {
    this.#dropped[reason]++
    this.#onDrop?.(packet.item, reason, atMs)
  }
}

/** Steps that came over a border as JSON have the same trace, but not as one array. */
const isEqual = (trace: readonly number[], other: readonly number[] = []): boolean =>
  trace === other || (trace.length === other.length && trace.every((atMs, i) => atMs === other[i]))

const rateOf = ({ rateBps = Number.POSITIVE_INFINITY }: LinkConditions): number => rateBps

const serviceOf = (conditions: LinkConditions, startMs: number): Service =>
  conditions.trace ? new TraceService(conditions.trace, startMs) : new RateService(rateOf(conditions))
