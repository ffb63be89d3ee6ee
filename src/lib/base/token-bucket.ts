// A bound on how much somebody may do: a burst at once, and so much a second after it.

export class TokenBucket {
  readonly #burst: number
  readonly #perMs: number
  #tokens: number
  #refilledAtMs = Number.NEGATIVE_INFINITY

  constructor({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }) {
    this.#burst = burst
    this.#perMs = perSecond / 1000
    this.#tokens = burst
  }

  /** Takes tokens; false, and none taken, when there are not so many now. `nowMs` is of a clock that never goes back. */
  take(tokens: number, nowMs: number): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, nowMs - this.#refilledAtMs) * this.#perMs)
    this.#refilledAtMs = nowMs
    if (this.#tokens < tokens) return false
    this.#tokens -= tokens
    return true
  }
}
