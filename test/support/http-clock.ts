// A clock that stands still until told otherwise; timers run when time passes them.
import type { Clock, Timer } from '../../src/lib/base/clock.ts'

export interface StillClock extends Clock {
  advance(ms: number): void
}

export function createStillClock(startWallMs = 1_700_000_000_000): StillClock {
  let nowMs = 0
  const timers = new Set<{ atMs: number; run: () => void }>()
  return {
    now: () => nowMs,
    wallMs: () => startWallMs + nowMs,
    after(delayMs, run): Timer {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return { cancel: () => timers.delete(timer) }
    },
    advance(ms) {
      nowMs += ms
      for (const timer of [...timers].sort((a, b) => a.atMs - b.atMs)) {
        if (timer.atMs > nowMs || !timers.delete(timer)) continue
        timer.run()
      }
    },
  }
}
