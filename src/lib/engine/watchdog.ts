// Notices a worker whose event loop does not come round: hostile media can keep a demuxer busy where no timer gets in.
import { type Clock, every } from '../base/clock.ts'

const tickMs = 1000

interface Watchdog {
  /** The worker has said something. */
  heard(): void
  stop(): void
}

/** Calls `onSilent` once after `ticks` seconds without a word. Counts its own ticks, so that a stall on this side accuses nobody. */
export function createWatchdog(clock: Clock, ticks: number, onSilent: () => void): Watchdog {
  let silent = 0
  const timer = every(clock, tickMs, () => {
    silent++
    if (silent !== ticks) return
    timer.cancel()
    onSilent()
  })
  return {
    heard() {
      silent = 0
    },
    stop: () => timer.cancel(),
  }
}
