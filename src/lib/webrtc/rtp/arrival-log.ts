// When packets arrived, by transport-wide sequence number, until it has been reported: the receiving side of transport-wide feedback.
import { type Arrivals, maxFeedbackPackets } from './transport-feedback.ts'
import { unwrap } from './unwrap.ts'

/** A report is due at the latest when so many arrivals wait for one. */
export const maxUnreported = 2048
/** A feedback holds arrivals that are at most 8 s apart; after a sleep of the machine what is older counts as lost. */
const maxSpanMs = 4000
/** A packet that is overtaken by no more than this is reported still, with those around it once more, as browsers do. */
const keepMs = 500

export class ArrivalLog {
  /** By sequence number without wraps. */
  readonly #arrivals = new Map<number, number>()
  #highest: number | undefined
  /** Where the next report begins, */
  #next = 0
  /** and how far back it may be taken by a packet that comes late: what is forgotten would count as lost. */
  #floor = Number.NEGATIVE_INFINITY
  #unreported = 0

  /** Arrivals since the last report. */
  get unreported(): number {
    return this.#unreported
  }

  add(sequence: number, nowMs: number): void {
    const extended = unwrap(sequence, this.#highest ?? sequence, 2 ** 16)
    if (extended < this.#floor || this.#arrivals.has(extended)) return
    this.#next = this.#highest === undefined ? extended : Math.min(this.#next, extended)
    this.#highest = Math.max(this.#highest ?? extended, extended)
    this.#arrivals.set(extended, nowMs)
    this.#unreported++
  }

  /** What a feedback says now; undefined when nothing has arrived since the last one. */
  take(nowMs: number): Arrivals | undefined {
    if (this.#unreported === 0) return undefined
    const first = Math.max(this.#next, this.#highest! + 1 - maxFeedbackPackets)
    const receivedAtMs = Array.from({ length: this.#highest! + 1 - first }, (_, i) => {
      const atMs = this.#arrivals.get(first + i)
      return atMs === undefined || nowMs - atMs > maxSpanMs ? null : atMs
    })
    this.#unreported = 0
    this.#next = this.#highest! + 1
    this.#forget(nowMs)
    return { baseSequence: first & 0xffff, receivedAtMs }
  }

  #forget(nowMs: number): void {
    // The map is in the order of arrival.
    for (const [extended, atMs] of this.#arrivals) {
      if (nowMs - atMs <= keepMs) return
      this.#arrivals.delete(extended)
      this.#floor = Math.max(this.#floor, extended + 1)
    }
  }
}
