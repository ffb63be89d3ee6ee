import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../../../src/lib/base/clock.ts'
import type { Rendition } from '../../../../src/lib/media/rendition.ts'
import { askJob, serveJob } from '../../../../src/lib/media/transcode/job-port.ts'
import { videoRecipes } from '../../../../src/lib/media/transcode/recipe.ts'
import { createTranscodedRendition } from '../../../../src/lib/media/transcode/transcoded-rendition.ts'
import type { Gop } from '../../../../src/lib/model/frame.ts'
import { decodePictures, hasParts, jobPorts, nodeAv, openFile, trackOf } from '../../../support/transcode.ts'
import { clip } from '../../../support/transcode-clips.ts'

const signal = new AbortController().signal

/** A clock that stands until it is moved. */
function standingClock() {
  let nowMs = 0
  const timers = new Set<{ atMs: number; run: () => void }>()
  const clock: Clock = {
    now: () => nowMs,
    wallMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return { cancel: () => timers.delete(timer) }
    },
  }
  const advance = (ms: number) => {
    nowMs += ms
    for (const timer of [...timers]) if (timer.atMs <= nowMs && timers.delete(timer)) timer.run()
  }
  return { clock, advance, timers }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setImmediate()
}

describe.skipIf(!(await hasParts()))('a transcoded rendition', () => {
  const open: Rendition[] = []
  afterEach(() => {
    for (const rendition of open.splice(0)) rendition.close()
  })

  /** Real jobs over real channels; counts those that run and what was started. */
  async function make(options: { maxJobs?: number; idleMs?: number; codecName?: string } = {}) {
    const path = clip('flash-long-gop.mp4')
    const source = await trackOf(path, 'video')
    const track = { ...source, codec: options.codecName ?? source.codec }
    const encoder = await nodeAv()
    const { clock, advance, timers } = standingClock()
    const started: number[] = []
    const counts = { running: 0, most: 0 }
    const rendition = createTranscodedRendition({
      ...options,
      source: { id: 'clip', entry: 'clip', files: {} },
      track,
      recipe: { ...videoRecipes(track, ['vp8'])[0]!, frameRate: 30 },
      durationS: 12,
      clock,
      startJob(job, { signal }) {
        const { asker, maker } = jobPorts()
        started.push(job.from)
        counts.running++
        counts.most = Math.max(counts.most, counts.running)
        const trackId = options.codecName ? 99 : job.trackId
        void serveJob(maker, { ...job, trackId }, { openSource: () => openFile(path), encoder }).then(() => {
          counts.running--
        })
        return askJob(asker, signal)
      },
    })
    open.push(rendition)
    return { rendition, started, counts, advance, timers }
  }

  it('reads from start to end out of one job, every GOP whole', async () => {
    const { rendition, started } = await make()
    expect(rendition.track).toMatchObject({ codec: 'vp8', width: 320, height: 180, reordered: false })
    const gops: Gop[] = []
    for (let gop: Gop | undefined = await rendition.gopAt(0, signal); gop; gop = await rendition.gopAfter(gop, signal))
      gops.push(gop)
    expect(gops.map(({ startS }) => startS)).toEqual(Array.from({ length: 12 }, (_, i) => i))
    expect(gops.every(({ frames }) => frames.length === 30 && frames[0]!.isKey)).toBe(true)
    expect(gops.at(-1)!.isLast).toBe(true)
    expect(started).toEqual([0])
    expect(await decodePictures('vp8', gops[5]!.frames)).toHaveLength(30)
  })

  it('shares a job between readers that are close, and gives one that is far away its own', async () => {
    const { rendition, started } = await make()
    const [a, b] = await Promise.all([rendition.gopAt(2, signal), rendition.gopAt(2.9, signal)])
    expect(b).toBe(a)
    await rendition.gopAt(4.5, signal)
    expect(started).toEqual([2])
    expect((await rendition.gopAt(11.2, signal)).startS).toBe(11)
    expect(started).toEqual([2, 11])
  })

  it('keeps to its number of jobs, however many readers jump about', async () => {
    const { rendition, counts } = await make({ maxJobs: 2 })
    const starts = await Promise.all([0, 11, 5, 10, 0, 6].map(async (at) => (await rendition.gopAt(at, signal)).startS))
    expect(starts).toEqual([0, 11, 5, 10, 0, 6])
    expect(counts.most).toBeLessThanOrEqual(3)
  })

  it('cancels a job that nobody reads, and starts another when somebody does', async () => {
    const { rendition, started, counts, advance, timers } = await make({ idleMs: 5000 })
    const gop = await rendition.gopAt(3, signal)
    advance(4000)
    const next = await rendition.gopAfter(gop, signal)
    advance(4000)
    expect(counts.running).toBe(1)
    advance(1001)
    await until(() => counts.running === 0)
    expect(timers.size).toBe(0)
    const far = { ...next!, endS: 11 }
    expect((await rendition.gopAfter(far, signal))!.startS).toBe(11)
    expect(started).toEqual([3, 11])
  })

  it('gives the last GOP for a time after the end, and nothing after it', async () => {
    const { rendition } = await make()
    const last = await rendition.gopAt(500, signal)
    expect(last).toMatchObject({ startS: 11, isLast: true })
    expect(await rendition.gopAfter(last, signal)).toBeUndefined()
  })

  it('lets one reader give up without disturbing another', async () => {
    const { rendition, started } = await make()
    const impatient = new AbortController()
    const given = rendition.gopAt(1, impatient.signal)
    const patient = rendition.gopAt(1, signal)
    impatient.abort(new Error('too slow'))
    await expect(given).rejects.toThrow('too slow')
    expect((await patient).startS).toBe(1)
    expect(started).toEqual([1])
  })

  it('hands on what a job failed with', async () => {
    const { rendition, counts } = await make({ codecName: 'h264' })
    await expect(rendition.gopAt(0, signal)).rejects.toThrow()
    await until(() => counts.running === 0)
  })

  it('ends every job and every wait when it is closed', async () => {
    const { rendition, counts, timers } = await make()
    await rendition.gopAt(0, signal)
    const waiting = rendition.gopAt(9, signal)
    rendition.close()
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' })
    await until(() => counts.running === 0)
    expect(timers.size).toBe(0)
  })
})
