// A clock that tests move: timers run in order of their time, and time is exactly what the test says.
import type { Clock, Timer } from '../../src/lib/base/clock.ts'

interface Pending {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class FakeClock implements Clock {
  #nowMs: number
  #wallOffsetMs: number
  #order = 0
  #pending: Pending[] = []

  constructor(startMs = 1000, wallMs = 1_700_000_000_000) {
    this.#nowMs = startMs
    this.#wallOffsetMs = wallMs - startMs
  }

  now(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs
  }

  /** Timers that have not run and were not cancelled. */
  get pendingTimers(): number {
    return this.#pending.length
  }

  after(delayMs: number, run: () => void): Timer {
    const pending = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run }
    this.#pending.push(pending)
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== pending)
      },
    }
  }

  /** Moves time on and runs every timer that falls due on the way, in order; also those that they set. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (let next = this.#takeDue(endMs); next; next = this.#takeDue(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
    this.#nowMs = endMs
  }

  /** The same, letting promises settle after each timer and at the end. */
  async advanceAsync(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let next = this.#takeDue(endMs); next; next = this.#takeDue(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
      await settle()
    }
    this.#nowMs = endMs
  }

  /** Time passes while nothing runs, as when the event loop is blocked; what fell due runs at the next advance. */
  stall(ms: number): void {
    this.#nowMs += ms
  }

  /** The system's wall clock is set to another time; the monotonic one is not affected. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms
  }

  #takeDue(endMs: number): Pending | undefined {
    let due: Pending | undefined
    for (const pending of this.#pending) {
      if (pending.atMs > endMs) continue
      if (!due || pending.atMs < due.atMs || (pending.atMs === due.atMs && pending.order < due.order)) due = pending
    }
    if (due) this.#pending = this.#pending.filter((other) => other !== due)
    return due
  }
}

/** Lets every promise that can settle without a timer do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve()
}
