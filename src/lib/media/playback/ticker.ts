// The heartbeat of a media worker: one tick on absolute deadlines for all viewers, and a record of when the loop stalled.
import type { Clock, Timer } from '../../base/clock.ts'

/** What the ticker drives. */
export interface Ticked {
  /** Sends what is due. */
  tick(nowMs: number, wallMs: number): void
}

interface TickerStats {
  readonly viewers: number
  readonly ticks: number
  /** Times the loop was over 20 ms late. */
  readonly stalls: number
  readonly maxStallMs: number
}

export interface Ticker {
  /** Ticks `viewer` from now on; returns what stops that. */
  add(viewer: Ticked): () => void
  /**
   * Ticks now when the deadline has passed. To be called between pieces of other work: a loop that has a queue of them comes back
   * to its timers only after the whole queue.
   */
  tickIfDue(): void
  /** Whether the loop stalled for over 20 ms in the last `withinMs`: what was measured meanwhile is not the network's doing. */
  stalledWithin(withinMs: number): boolean
  stats(): TickerStats
  /** Forgets all viewers and stops. */
  stop(): void
}

interface TickerOptions {
  readonly clock: Clock
  readonly periodMs?: number
  /** What a viewer's tick threw; the others are not affected. */
  readonly onError: (viewer: Ticked, error: unknown) => void
}

/** Fewer wake-ups cost less: what two packets of a viewer take to leave is less together than apart. */
export const tickMs = 4
/** A tick is for the time around it, so that what leaves in it is at most this much too early or too late. */
export const tickLeadMs = tickMs / 2
const stallMs = 20

export function createTicker({ clock, periodMs = tickMs, onError }: TickerOptions): Ticker {
  const viewers: Ticked[] = []
  let timer: Timer | undefined
  let deadlineMs = 0
  let first = 0
  let ticks = 0
  let stalls = 0
  let maxStallMs = 0
  let lastStallMs = Number.NEGATIVE_INFINITY
  let isTicking = false

  function noteLateness(nowMs: number): void {
    const lateMs = nowMs - deadlineMs
    if (lateMs <= stallMs) return
    stalls++
    lastStallMs = nowMs
    if (lateMs > maxStallMs) maxStallMs = lateMs
  }

  /** Deadlines stand on a grid, so that lateness does not add up; those that were missed are skipped. */
  function nextDeadline(nowMs: number): number {
    const next = deadlineMs + periodMs
    return next > nowMs ? next : nowMs + periodMs - ((nowMs - deadlineMs) % periodMs)
  }

  function tickAll(): void {
    const wallMs = clock.wallMs()
    // Each tick begins with another viewer, so that nobody is always the last. A copy would cost: removals swap with the end.
    first = (first + 1) % Math.max(1, viewers.length)
    for (let i = 0; i < viewers.length; i++) {
      const viewer = viewers[(first + i) % viewers.length]!
      try {
        viewer.tick(clock.now(), wallMs)
      } catch (error) {
        onError(viewer, error)
      }
    }
  }

  function run(): void {
    timer = undefined
    const nowMs = clock.now()
    ticks++
    noteLateness(nowMs)
    isTicking = true
    tickAll()
    isTicking = false
    deadlineMs = nextDeadline(clock.now())
    arm()
  }

  function arm(): void {
    if (timer || viewers.length === 0) return
    timer = clock.after(Math.max(0, deadlineMs - clock.now()), run)
  }

  return {
    add(viewer) {
      viewers.push(viewer)
      if (!timer && viewers.length === 1) deadlineMs = clock.now() + periodMs
      arm()
      return () => {
        const at = viewers.indexOf(viewer)
        if (at < 0) return
        viewers[at] = viewers.at(-1)!
        viewers.pop()
      }
    },
    tickIfDue() {
      if (!timer || isTicking || clock.now() < deadlineMs) return
      timer.cancel()
      run()
    },
    stalledWithin: (withinMs) => clock.now() - lastStallMs <= withinMs,
    stats: () => ({ viewers: viewers.length, ticks, stalls, maxStallMs }),
    stop() {
      viewers.length = 0
      timer?.cancel()
      timer = undefined
    },
  }
}
