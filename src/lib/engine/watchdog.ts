// Notices a worker whose event loop does not come round: hostile media can keep a demuxer busy where no timer gets in.
import { type Clock, every } from '../base/clock.ts'

const tickMs = 1000

interface Watchdog {
  /** The worker has said something. */
  heard(): void
  stop(): void
}

interface Patience {
  /** Seconds without a word. */
  readonly ticks: number
  /** Seconds before the first word: one that starts has no content yet, and a full machine is slow to load it. */
  readonly startTicks: number
}

/** Calls `onSilent` once when the patience is at its end. Counts its own ticks, so that a stall on this side accuses nobody. */
export function createWatchdog(clock: Clock, { ticks, startTicks }: Patience, onSilent: () => void): Watchdog {
  let left = startTicks
  const timer = every(clock, tickMs, () => {
    left--
    if (left > 0) return
    timer.cancel()
    onSilent()
  })
  return {
    heard() {
      left = ticks
    },
    stop: () => timer.cancel(),
  }
}
