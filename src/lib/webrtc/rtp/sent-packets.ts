// What was sent on a connection, by transport-wide sequence number, until the viewer's feedback says what became of it.
// All outlets of a peer share it, and nothing is made per packet: the columns are allocated once.
import type { PacketFeedback, PacketKind, PacketReport } from '../../model/packet-report.ts'
import type { SentObserver } from '../peer.ts'
import { notReceived, notSaid, type TransportFeedback, ticksPerMs } from './transport-feedback.ts'
import { unwrap } from './unwrap.ts'

/** Power of two: 40 s at 200 packets a second. Feedback that is later says nothing that anybody could use. */
const capacity = 8192
const keepMs = 60_000
const kinds: readonly PacketKind[] = ['media', 'rtx', 'probe']
/** A packet that nobody waits for: it never left, or it is known to have arrived. */
const done = 0
const lostFlag = 0x80

const referenceModulus = 2 ** 24
const referenceMs = 64
/** A count that differs by more than this is of a feedback that was overtaken. */
const maxMissed = 127

export class SentPackets {
  /** Told of each packet that has left. */
  observer: SentObserver | undefined
  /** 1 + the index of its kind, with `lostFlag` once it was reported lost; or `done`. */
  #states = new Uint8Array(0)
  #byteLengths = new Uint16Array(0)
  #sentAtMs = new Float64Array(0)
  /** Of the packet sent last, without wraps. */
  #last = -1
  #feedbackCount: number | undefined
  /** Of the last feedback, without wraps. */
  #reference: number | undefined
  /** What is added to the viewer's time: a whole number, so that sums of quarters of a millisecond stay exact. */
  #anchorMs = 0

  /** The 16 bits that the next packet carries. */
  next(): number {
    if (this.#states.length === 0) this.#allocate()
    this.#last++
    this.#states[this.#last & (capacity - 1)] = done
    return this.#last & 0xffff
  }

  /** The packet that got the last number has left. */
  sent(kind: PacketKind, byteLength: number, nowMs: number): void {
    const at = this.#last & (capacity - 1)
    this.#states[at] = 1 + kinds.indexOf(kind)
    this.#byteLengths[at] = byteLength
    this.#sentAtMs[at] = nowMs
    this.observer?.(kind, byteLength, nowMs)
  }

  /** Says of each packet what is new in this feedback. */
  acknowledge(feedback: TransportFeedback, nowMs: number): PacketFeedback {
    const packets: PacketReport[] = []
    const missedFeedback = this.#missedBefore(feedback.feedbackCount)
    const originMs = this.#unwrapReference(feedback.referenceTime, nowMs)
    const first = unwrap(feedback.baseSequence, this.#last, 2 ** 16)
    const from = Math.max(0, this.#last - capacity + 1 - first, -first)
    const to = Math.min(feedback.arrivals.length, this.#last + 1 - first)
    for (let i = from; i < to; i++) {
      const ticks = feedback.arrivals[i]!
      const report = ticks === notSaid ? undefined : this.#settle(first + i, ticks, originMs, nowMs)
      if (report) packets.push(report)
    }
    return { atMs: nowMs, packets, missedFeedback }
  }

  #settle(sequence: number, ticks: number, originMs: number, nowMs: number): PacketReport | undefined {
    const at = sequence & (capacity - 1)
    const state = this.#states[at]!
    const sentAtMs = this.#sentAtMs[at]!
    const wasLost = (state & lostFlag) !== 0
    if (state === done || nowMs - sentAtMs > keepMs) return undefined
    const byteLength = this.#byteLengths[at]!
    const kind = kinds[(state & ~lostFlag) - 1]!
    if (ticks !== notReceived) {
      this.#states[at] = done
      return { sequence, kind, byteLength, sentAtMs, arrivedAtMs: originMs + ticks / ticksPerMs, wasLost }
    }
    if (wasLost) return undefined
    this.#states[at] = state | lostFlag
    return { sequence, kind, byteLength, sentAtMs, wasLost }
  }

  #missedBefore(count: number): number {
    const missed = this.#feedbackCount === undefined ? 0 : (count - this.#feedbackCount - 1) & 0xff
    if (missed > maxMissed) return 0
    this.#feedbackCount = count
    return missed
  }

  /** The reference time on our scale: the first one is set to the moment at which it came. */
  #unwrapReference(referenceTime: number, nowMs: number): number {
    if (this.#reference === undefined) this.#anchorMs = Math.round(nowMs) - referenceTime * referenceMs
    this.#reference = unwrap(referenceTime, this.#reference ?? referenceTime, referenceModulus)
    return this.#anchorMs + this.#reference * referenceMs
  }

  #allocate(): void {
    this.#states = new Uint8Array(capacity)
    this.#byteLengths = new Uint16Array(capacity)
    this.#sentAtMs = new Float64Array(capacity)
  }
}
