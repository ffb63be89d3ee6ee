import { describe, expect, it } from 'vitest'
import { Events } from '../../../src/lib/base/events.ts'
import { untilOver } from '../../../src/lib/client/until.ts'
import type { Viewer, ViewerEnd, ViewerSnapshot } from '../../../src/lib/client/viewer.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function watching(options: { durationS?: number; connectTimeoutS?: number } = {}) {
  const clock = new FakeClock()
  const beganMs = clock.now()
  const stop = new AbortController()
  const stream = Promise.withResolvers<ViewerEnd>()
  const viewer = {
    events: new Events() as Viewer['events'],
    done: stream.promise,
    snapshot: () => ({ connectionState: 'connecting' }) as ViewerSnapshot,
  }
  const firstFrames: number[] = []
  const over = untilOver(viewer, {
    ...options,
    clock,
    signal: stop.signal,
    onFirstFrame: () => firstFrames.push(clock.now() - beganMs),
  })
  over.catch(() => {})
  const pass = (ms: number) => clock.advanceAsync(ms)
  /** Done when what follows from it is. */
  const frame = async () => {
    viewer.events.emit('frame', {} as never)
    await new Promise(setImmediate)
  }
  return { clock, stop, stream, over, firstFrames, pass, frame }
}

describe('watching a stream', () => {
  it('goes on for its time from the first frame, however late that came', async () => {
    const { clock, over, firstFrames, pass, frame } = watching({ durationS: 5 })
    await pass(20_000)
    await frame()
    await pass(1000)
    await frame()
    await pass(3999)
    expect(await Promise.race([over, 'not yet'])).toBe('not yet')
    await pass(1)
    expect(await over).toEqual({ reason: 'duration' })
    expect(firstFrames).toEqual([20_000])
    expect(clock.pendingTimers).toBe(0)
  })

  it('fails where no frame comes in time', async () => {
    const { clock, over, firstFrames, pass } = watching({ connectTimeoutS: 3 })
    await pass(3000)
    await expect(over).rejects.toMatchObject({
      code: 'PEER_FAILED',
      message: 'no media arrived within 3 s; the connection is connecting',
    })
    expect([firstFrames, clock.pendingTimers]).toEqual([[], 0])
  })

  it.each([
    ['before the first frame', false],
    ['while it plays', true],
  ])('ends with the stream, the signal or what the server reports, %s', async (_when, plays) => {
    const ended = watching({ durationS: 60 })
    if (plays) await ended.frame()
    ended.stream.resolve({ reason: 'closed', detail: 'requested' })
    expect(await ended.over).toEqual({ reason: 'closed', detail: 'requested' })
    const interrupted = watching({ durationS: 60 })
    if (plays) await interrupted.frame()
    interrupted.stop.abort()
    expect(await interrupted.over).toEqual({ reason: 'interrupted' })
    const failed = watching({ durationS: 60 })
    if (plays) await failed.frame()
    failed.stream.reject(new Error('gone'))
    await expect(failed.over).rejects.toThrow('gone')
    for (const { clock } of [ended, interrupted, failed]) expect(clock.pendingTimers).toBe(0)
  })

  it('goes on without end where no time is given', async () => {
    const { clock, over, stop, pass, frame } = watching()
    await frame()
    await pass(3_600_000)
    expect(await Promise.race([over, 'not yet'])).toBe('not yet')
    stop.abort()
    expect(await over).toEqual({ reason: 'interrupted' })
    expect(clock.pendingTimers).toBe(0)
  })
})
