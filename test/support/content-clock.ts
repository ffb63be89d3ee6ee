// A clock that a test moves by hand.
import type { Clock } from '../../src/lib/base/clock.ts'

export interface ManualClock extends Clock {
  /** Moves time and runs what falls due, in order. */
  advance(ms: number): void
}

export function createManualClock(): ManualClock {
  let nowMs = 0
  let nextId = 0
  const timers = new Map<number, { dueMs: number; run: () => void }>()
  return {
    now: () => nowMs,
    wallMs: () => 1_700_000_000_000 + nowMs,
    after(delayMs, run) {
      const id = nextId++
      timers.set(id, { dueMs: nowMs + delayMs, run })
      return { cancel: () => timers.delete(id) }
    },
    advance(ms) {
      const end = nowMs + ms
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.dueMs <= end).sort((a, b) => a[1].dueMs - b[1].dueMs)[0]
        if (!due) break
        timers.delete(due[0])
        nowMs = due[1].dueMs
        due[1].run()
      }
      nowMs = end
    },
  }
}
