// How fast one viewer's video may leave: a token bucket that forgets what it could not spend, so that nothing ever bursts.

/** The pacing stage of one viewer. */
export interface ByteBudget {
  /** Bytes a millisecond from now on. */
  setRate(bytesPerMs: number): void
  /** True when `byteLength` may be sent now; it is then spent. */
  take(byteLength: number, nowMs: number): boolean
}

/** Unspent time counts for at most this long: the cap on what is sent at once after a stall. */
const maxSavedMs = 10

/** A bucket that may be overdrawn by one packet. */
export function createByteBudget(): ByteBudget {
  let rate = 0
  let saved = 1
  let lastMs = Number.NEGATIVE_INFINITY
  return {
    setRate(bytesPerMs) {
      rate = bytesPerMs
    },
    take(byteLength, nowMs) {
      const elapsedMs = nowMs - lastMs
      lastMs = nowMs
      if (elapsedMs > 0)
        saved = Math.min(saved + Math.min(elapsedMs, maxSavedMs) * rate, Math.max(1, rate * maxSavedMs))
      if (saved <= 0) return false
      saved -= byteLength
      return true
    },
  }
}

/** The stage when pacing is off: every packet of a due frame leaves at once. */
export const unpaced: ByteBudget = {
  setRate() {},
  take: () => true,
}
