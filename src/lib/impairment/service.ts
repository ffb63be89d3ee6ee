// How the packet at the front of a queue leaves: at a rate, or by the delivery opportunities of a trace.

export interface Service {
  /** Bits per second, over the trace where that is what serves. */
  readonly meanBps: number
  /** No packet leaves before. */
  readonly dueMs: number
  /** A packet comes to the front; `isFresh` where the queue was empty until then. */
  begin(bits: number, nowMs: number, isFresh: boolean): void
  /** When the packet at the front has left, if that is no later than `untilMs`. */
  serve(untilMs: number): number | undefined
  /** What is left of the packet at the front. */
  remainingBits(nowMs: number): number
}

/** `rateBps` may be Infinity. */
export class RateService implements Service {
  readonly meanBps: number
  dueMs = 0

  constructor(rateBps: number) {
    this.meanBps = rateBps
  }

  begin(bits: number, nowMs: number): void {
    this.dueMs = nowMs + (bits * 1000) / this.meanBps
  }

  serve(untilMs: number): number | undefined {
    return this.dueMs <= untilMs ? this.dueMs : undefined
  }

  remainingBits(nowMs: number): number {
    return this.dueMs <= nowMs ? 0 : ((this.dueMs - nowMs) * this.meanBps) / 1000
  }
}

/** Of one delivery opportunity: 1500 bytes of IP. */
const opportunityBits = 12_000

/**
 * As Mahimahi has it: each entry is the instant of one opportunity. Several small packets share one, a large packet goes on with
 * the next, what finds the queue empty is lost. The trace repeats with its last entry as period.
 */
export class TraceService implements Service {
  readonly meanBps: number
  readonly trace: readonly number[]
  readonly #startMs: number
  readonly #periodMs: number
  #round = 0
  #index = 0
  #bits = 0
  /** What is left of the opportunity at `#atMs`. */
  #budget = 0
  #atMs: number

  /** `trace` has an end above 0. */
  constructor(trace: readonly number[], startMs: number) {
    this.trace = trace
    this.#startMs = startMs
    this.#atMs = startMs
    this.#periodMs = trace.at(-1)!
    this.meanBps = (trace.length * opportunityBits * 1000) / this.#periodMs
  }

  get dueMs(): number {
    return this.#bits <= this.#budget ? this.#atMs : this.#nextMs
  }

  begin(bits: number, nowMs: number, isFresh: boolean): void {
    this.#bits = bits
    if (!isFresh) return
    this.#budget = 0
    this.#skipTo(nowMs)
  }

  serve(untilMs: number): number | undefined {
    while (true) {
      const taken = Math.min(this.#budget, this.#bits)
      this.#budget -= taken
      this.#bits -= taken
      if (this.#bits <= 0) return this.#atMs
      if (this.#nextMs > untilMs) return undefined
      this.#atMs = this.#nextMs
      this.#budget = opportunityBits
      this.#step()
    }
  }

  remainingBits(): number {
    return this.#bits
  }

  get #nextMs(): number {
    return this.#startMs + this.#round * this.#periodMs + this.trace[this.#index]!
  }

  #step(): void {
    if (++this.#index < this.trace.length) return
    this.#index = 0
    this.#round++
  }

  /** To the first opportunity after `nowMs`; never back. */
  #skipTo(nowMs: number): void {
    if (this.#nextMs > nowMs) return
    const sinceMs = nowMs - this.#startMs
    this.#round = Math.floor(sinceMs / this.#periodMs)
    this.#index = firstAbove(this.trace, sinceMs - this.#round * this.#periodMs)
    if (this.#index === this.trace.length) {
      this.#index = 0
      this.#round++
    }
    while (this.#nextMs <= nowMs) this.#step()
  }
}

/** Index of the first entry above `value`; the length where there is none. */
function firstAbove(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! > value) high = middle
    else low = middle + 1
  }
  return low
}
