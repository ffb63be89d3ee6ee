// Watching a stream until something ends it. The first frame has a limit of its own, and the time that is watched runs from there.
import { type Clock, delay } from '../base/clock.ts'
import { untilAborted, withDeadline } from '../base/deadline.ts'
import { McpxError } from '../base/errors.ts'
import type { Viewer, ViewerEnd } from './viewer.ts'

interface UntilOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Counted from the first frame; without it only the stream and the signal end it. */
  readonly durationS?: number | undefined
  /** How long the first frame may take to come. */
  readonly connectTimeoutS?: number | undefined
  onFirstFrame?(): void
}

export type Over = ViewerEnd | { readonly reason: 'duration' | 'interrupted' }

/** Resolves with what ended it; the viewer is not closed. Throws what the server reports, and PEER_FAILED where no frame comes. */
export async function untilOver(
  viewer: Pick<Viewer, 'events' | 'done' | 'snapshot'>,
  options: UntilOptions,
): Promise<Over> {
  const ending = new AbortController()
  const interrupted = untilAborted(options.signal).then((): Over => ({ reason: 'interrupted' }))
  const signal = AbortSignal.any([options.signal, ending.signal])
  try {
    return await Promise.race([viewer.done, interrupted, overTime(viewer, { ...options, signal })])
  } finally {
    ending.abort()
  }
}

const forever = new Promise<never>(() => {})

async function overTime(
  viewer: Pick<Viewer, 'events' | 'snapshot'>,
  { clock, signal, durationS, connectTimeoutS = 30, onFirstFrame }: UntilOptions,
): Promise<Over> {
  try {
    await withDeadline(
      clock,
      connectTimeoutS * 1000,
      signal,
      (within) => viewer.events.next('frame', within),
      () => {
        const { connectionState } = viewer.snapshot()
        return new McpxError(
          'PEER_FAILED',
          `no media arrived within ${connectTimeoutS} s; the connection is ${connectionState}`,
        )
      },
    )
    onFirstFrame?.()
    if (!durationS) return await forever
    await delay(clock, durationS * 1000, signal)
    return { reason: 'duration' }
  } catch (error) {
    // Something else has ended it, and says so.
    if (signal.aborted) return forever
    throw error
  }
}
