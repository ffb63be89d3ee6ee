// How fast one viewer's video may leave: a token bucket that forgets what it could not spend, so that nothing ever bursts.
import { tickLeadMs } from './ticker.ts'

/** The pacing stage of one viewer. */
export interface Pacer {
  /** A frame begins: bytes a millisecond from now on. */
  begin(bytesPerMs: number, nowMs: number): void
  /** Another pace, in the middle of a frame or between two: also for the time since the last packet. */
  setPace(bytesPerMs: number, nowMs: number): void
  /** True when `byteLength` may be sent now; it is then spent. */
  take(byteLength: number, nowMs: number): boolean
  /** When `take` is to be asked again after it refused: until then it would refuse, and what is asked later than that is lost. */
  readyMs(): number
}

/** Unspent time within a frame counts for at most this long: the cap on what is sent at once after a stall. */
const maxSavedMs = 10
/** And from before a frame for at most half a tick, so that its packets are spread. */
const maxIdleMs = tickLeadMs

/** A bucket that may be overdrawn by what flows in until halfway to the next tick, and by one packet. */
export function createPacer(): Pacer {
  let rate = 0
  let saved = 1
  let lastMs = Number.NEGATIVE_INFINITY

  function refill(nowMs: number, capMs: number): void {
    const elapsedMs = nowMs - lastMs
    lastMs = nowMs
    if (elapsedMs > 0) saved = Math.min(saved + Math.min(elapsedMs, maxSavedMs) * rate, Math.max(1, rate * capMs))
  }

  return {
    begin(bytesPerMs, nowMs) {
      refill(nowMs, maxIdleMs)
      rate = bytesPerMs
    },
    setPace(bytesPerMs, nowMs) {
      rate = bytesPerMs
      refill(nowMs, maxSavedMs)
    },
    take(byteLength, nowMs) {
      refill(nowMs, maxSavedMs)
      if (saved + rate * tickLeadMs <= 0) return false
      saved -= byteLength
      return true
    },
    readyMs: () => lastMs + Math.min(Math.max(0, -saved / rate - tickLeadMs), maxSavedMs),
  }
}
