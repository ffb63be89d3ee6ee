// A bound of bytes a second, counted in windows of one second: what one peer may make this thread work on.

export class ByteWindow {
  readonly #maxBytes: number
  #startMs = Number.NEGATIVE_INFINITY
  #bytes = 0

  constructor(maxBytesPerS: number) {
    this.#maxBytes = maxBytesPerS
  }

  /** Counts them; false when they are more than this second allows. */
  take(sizeBytes: number, nowMs: number): boolean {
    if (nowMs - this.#startMs > 1000) {
      this.#startMs = nowMs
      this.#bytes = 0
    }
    this.#bytes += sizeBytes
    return this.#bytes <= this.#maxBytes
  }
}
