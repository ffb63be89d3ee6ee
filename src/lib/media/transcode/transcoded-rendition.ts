// A rendition that does not exist yet: its GOPs are the segments of transcode jobs, made a little ahead of whoever reads.
import type { Clock, Timer } from '../../base/clock.ts'
import { McpxError } from '../../base/errors.ts'
import type { Gop } from '../../model/frame.ts'
import type { Track } from '../../model/track.ts'
import type { Recipe, SourceRef, TranscodeJob } from '../../protocol/media-plane.ts'
import type { Rendition } from '../rendition.ts'
import { segmentAt } from './grid.ts'
import type { RunningJob } from './job-port.ts'
import { recipeKey, transcodedTrack } from './recipe.ts'
import type { Segment } from './run-job.ts'

interface TranscodedRenditionOptions {
  readonly source: SourceRef
  readonly track: Track
  readonly recipe: Recipe
  readonly durationS: number
  readonly clock: Clock
  startJob(job: TranscodeJob, options: { signal: AbortSignal }): RunningJob
  readonly segmentS?: number
  /** How many segments a job may be ahead of its reader. */
  readonly ahead?: number
  /** Readers further apart than `ahead` need jobs of their own: at most so many. */
  readonly maxJobs?: number
  /** A job that nobody reads for so long is cancelled. */
  readonly idleMs?: number
}

interface Job {
  /** The segment that comes next. */
  next: number
  grantedTo: number
  readAtMs: number
  readonly waiting: Set<Waiter>
  readonly stop: AbortController
  readonly running: RunningJob
  idle: Timer
}

interface Waiter {
  wake(error?: unknown): void
}

export function createTranscodedRendition(options: TranscodedRenditionOptions): Rendition {
  const { source, track, recipe, clock, segmentS = 1, ahead = 4, maxJobs = 3, idleMs = 10_000 } = options
  const jobs = new Set<Job>()
  const held = new Map<number, Gop>()
  const heldLimit = maxJobs * (ahead + 2)
  /** Index of the last segment, once known. */
  let end: number | undefined
  let isClosed = false

  function hold(segment: Segment): void {
    if (segment.frames.length === 0 && segment.isLast) {
      end = Math.min(segment.index - 1, segmentAt(segment.endS - 0.002, segmentS))
      return
    }
    if (segment.isLast) end = segment.index
    held.set(segment.index, gopOf(segment))
    for (const index of held.keys()) {
      if (held.size <= heldLimit) break
      held.delete(index)
    }
  }

  function start(from: number): Job {
    const stop = new AbortController()
    const running = options.startJob({ source, trackId: track.id, recipe, segmentS, from }, { signal: stop.signal })
    const idle = clock.after(idleMs, () => {})
    const job: Job = { next: from, grantedTo: from, readAtMs: clock.now(), waiting: new Set(), stop, running, idle }
    jobs.add(job)
    void pump(job)
    return job
  }

  async function pump(job: Job): Promise<void> {
    let failure: unknown
    try {
      for await (const segment of job.running.segments) {
        if (job.stop.signal.aborted) break
        job.next = segment.index + 1
        hold(segment)
        wakeAll(job)
      }
      if (end === undefined && !job.stop.signal.aborted)
        failure = new McpxError('INTERNAL', 'the transcode ended before the end of the source')
    } catch (error) {
      failure = job.stop.signal.aborted ? undefined : error
    }
    cancel(job, failure)
  }

  function wakeAll(job: Job, error?: unknown): void {
    for (const waiter of [...job.waiting]) waiter.wake(error)
  }

  /** Those who wait for it get `error`, or look for another job. */
  function cancel(job: Job, error?: unknown): void {
    jobs.delete(job)
    job.idle.cancel()
    job.stop.abort(new McpxError('INTERRUPTED', 'nobody reads this transcode'))
    wakeAll(job, error)
  }

  /** Somebody reads `index`, which this job makes or has made: it may go on ahead of it. */
  function touch(job: Job, index: number): void {
    job.readAtMs = clock.now()
    job.idle.cancel()
    job.idle = clock.after(idleMs, () => (job.waiting.size > 0 ? touch(job, index) : cancel(job)))
    const upTo = index + 1 + ahead
    if (upTo <= job.grantedTo) return
    job.running.grant(upTo - job.grantedTo)
    job.grantedTo = upTo
  }

  /** The job that has `index` next or next but one: further off a new one is sooner there. Undefined when all are busy for others. */
  function jobFor(index: number): Job | undefined {
    const near = [...jobs].filter((job) => index >= job.next && index <= job.next + 1)
    if (near.length > 0) return near.reduce((best, job) => (job.next > best.next ? job : best))
    if (jobs.size < maxJobs) return start(index)
    const unread = [...jobs].filter((job) => job.waiting.size === 0)
    if (unread.length === 0) return undefined
    cancel(unread.reduce((oldest, job) => (job.readAtMs < oldest.readAtMs ? job : oldest)))
    return start(index)
  }

  /** Until something happens with `job`; without one, until something happens with any. */
  function wait(job: Job | undefined, signal: AbortSignal): Promise<void> {
    const on = job ? [job] : [...jobs]
    return new Promise((resolve, reject) => {
      const leave = () => {
        for (const one of on) one.waiting.delete(waiter)
        signal.removeEventListener('abort', abort)
      }
      const waiter: Waiter = {
        wake(error) {
          leave()
          if (error === undefined || !job) resolve()
          else reject(error)
        },
      }
      const abort = () => {
        leave()
        reject(signal.reason)
      }
      signal.addEventListener('abort', abort, { once: true })
      for (const one of on) one.waiting.add(waiter)
    })
  }

  /** Segment `index`; undefined when the source ends before it. */
  async function request(index: number, signal: AbortSignal): Promise<Gop | undefined> {
    for (;;) {
      signal.throwIfAborted()
      if (isClosed) throw new McpxError('INTERRUPTED', 'the rendition is closed')
      if (end !== undefined && index > end) return undefined
      const gop = held.get(index)
      if (gop) {
        const maker = [...jobs].find((job) => index < job.next && index + ahead + 2 > job.next)
        if (maker) touch(maker, index)
        held.delete(index)
        held.set(index, gop)
        return gop
      }
      const job = jobFor(index)
      if (job) touch(job, index)
      await wait(job, signal)
    }
  }

  return {
    id: `${source.id}#${track.id}@${recipeKey(recipe)}/${segmentS}`,
    track: transcodedTrack(track, recipe),
    durationS: options.durationS,
    async gopAt(timeS, signal) {
      const gop = await request(segmentAt(Math.max(0, timeS), segmentS), signal)
      if (gop) return gop
      const last = end !== undefined && end >= 0 ? await request(end, signal) : undefined
      if (!last) throw new McpxError('MEDIA_CORRUPT', `track ${track.id} holds nothing that can be shown`)
      return last
    },
    async gopAfter(gop, signal) {
      return gop.isLast ? undefined : request(segmentAt(gop.endS, segmentS), signal)
    },
    close() {
      isClosed = true
      for (const job of [...jobs]) cancel(job)
      held.clear()
    },
  }
}

function gopOf({ startS, endS, isLast, slab, frames }: Segment): Gop {
  return {
    startS,
    endS,
    isLast,
    continues: false,
    byteLength: slab.byteLength,
    frames: frames.map(({ timeS, durationS, isKey, offset, length }) => ({
      timeS,
      durationS,
      isKey,
      data: slab.subarray(offset, offset + length),
    })),
  }
}
