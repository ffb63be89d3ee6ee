// Plays a recorded stretch as if it happened now: at a speed, with pauses, and over the times in which nothing happened.
import { type Clock, delay } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { ReadHistory } from '../model/history.ts'
import type { WatchLink } from '../model/link.ts'
import type { LiveMessage } from '../protocol/live.ts'
import { createTape, type Stretch, type Tape } from './replay-tape.ts'

interface ReplayOptions extends Stretch {
  readonly read: ReadHistory
  readonly speed: number
  /** Real time between two states. */
  readonly intervalMs: number
  readonly clock: Clock
}

interface Follower {
  readonly signal: AbortSignal
  onMessage(message: LiveMessage): void
  onLink(link: WatchLink): void
}

export interface Replay {
  /** Resolves at the end of the stretch, or when the signal aborts. */
  follow(follower: Follower): Promise<void>
  pause(isPaused: boolean): void
}

/** A time without anything that is longer than this is passed over. */
const longestGapMs = 10_000
/** A step is told in parts, as often as a server measures, so that charts have every sample; but in no more than so many. */
const partMs = 2000
const maxParts = 30

export function createReplay({ read, speed, intervalMs, clock, ...stretch }: ReplayOptions): Replay {
  let isPaused = false
  let wake = () => {}
  let tellPause = () => {}

  /** The moment that is shown after `atMs`. */
  async function step(tape: Tape, atMs: number): Promise<number> {
    const next = await tape.next()
    const usual = atMs + intervalMs * speed
    return Math.min(stretch.toMs, next - atMs > Math.max(longestGapMs, usual - atMs) ? next : usual)
  }

  return {
    async follow({ signal, onMessage, onLink }) {
      const tape = createTape(read, stretch)
      const tell = (isOver: boolean) => onLink({ kind: 'replay', speed, isPaused, isOver })
      tellPause = () => tell(false)
      let atMs = await tape.next()
      onMessage(await tape.to(atMs))
      tell(false)
      while (!signal.aborted && atMs < stretch.toMs) {
        await delay(clock, intervalMs, signal).catch(() => {})
        if (isPaused)
          await new Promise<void>((resolve) => {
            wake = resolve
            signal.addEventListener('abort', () => resolve(), { once: true })
          })
        if (signal.aborted) return
        const nextMs = await step(tape, atMs)
        const usualMs = Math.min(nextMs - atMs, intervalMs * speed)
        const parts = Math.max(1, Math.min(maxParts, Math.ceil(usualMs / partMs)))
        for (let part = parts - 1; part >= 0; part--) onMessage(await tape.to(nextMs - (part * usualMs) / parts))
        atMs = nextMs
      }
      tellPause = () => {}
      tell(true)
    },
    pause(to) {
      isPaused = to
      tellPause()
      if (!to) wake()
    },
  }
}

/** The time of the first row there is. Throws NOT_FOUND where there is none before `toMs`. */
export async function firstMoment(read: ReadHistory, toMs: number): Promise<number> {
  const [connections, samples] = await Promise.all(
    (['connections', 'samples'] as const).map((table) => read(table, { fromMs: 0, toMs, limit: 1 })),
  )
  const moments = [connections?.rows[0]?.created_at_ms, samples?.rows[0]?.at_ms].filter(
    (one) => typeof one === 'number',
  )
  if (moments.length === 0)
    throw new McpxError('NOT_FOUND', 'nothing was recorded there', { hint: 'Record with `mcpx serve`.' })
  return Math.min(...moments)
}
