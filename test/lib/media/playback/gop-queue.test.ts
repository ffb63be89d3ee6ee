import { expect, test } from 'vitest'
import { defaultBufferTarget, GopQueue } from '../../../../src/lib/media/playback/gop-queue.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

const feedOf = (options: { gopS?: number; durationS?: number } = {}) =>
  new MemoryFeed({ kind: 'video', durationS: 30, ...options })

function open(feed: MemoryFeed, startS = 0, target = { ...defaultBufferTarget }) {
  const errors: unknown[] = []
  const queue = new GopQueue(feed, startS, target, { onChange() {}, onError: (error) => errors.push(error) })
  return { queue, errors, target }
}

async function takeUntil(queue: GopQueue, timeS: number): Promise<void> {
  for (let frame = queue.peek(); frame && frame.timeS < timeS - 1e-6; frame = queue.peek()) {
    queue.take()
    await settle()
  }
}

test('fills up to its target, then waits until less than its threshold is left', async () => {
  const { queue } = open(feedOf(), 0, { ...defaultBufferTarget, bufferS: 4, thresholdRatio: 0.5 })
  await settle()
  await settle()
  expect(queue.aheadS).toBe(4)
  await takeUntil(queue, 1.9)
  expect(queue.endS).toBe(4)
  await takeUntil(queue, 2.1)
  expect(queue.aheadS).toBeCloseTo(4.9, 5)
})

test('holds no more than its bytes and one GOP, but always goes on', async () => {
  const feed = feedOf()
  const { queue } = open(feed, 0, { bufferS: 100, thresholdRatio: 1, maxBytes: feed.gops[0]!.byteLength + 1 })
  await settle()
  expect(queue.gops).toHaveLength(2)
  await takeUntil(queue, 29.9)
  expect(queue.gops.length).toBeLessThanOrEqual(2)
  expect(queue.complete).toBe(true)
})

test('asks for the next GOP as soon as one that was played makes room for its bytes', async () => {
  const feed = feedOf()
  const { queue } = open(feed, 0, { bufferS: 100, thresholdRatio: 1, maxBytes: feed.gops[0]!.byteLength + 1 })
  await settle()
  const [first, second] = feed.gops
  expect(queue.endS).toBe(second!.endS)
  await takeUntil(queue, first!.endS + 0.1)
  expect(queue.endS).toBeGreaterThan(second!.endS)
})

test('goes on GOP by GOP where not even one fits its bytes', async () => {
  const { queue } = open(feedOf({ durationS: 5 }), 0, { ...defaultBufferTarget, maxBytes: 0 })
  await settle()
  await takeUntil(queue, 100)
  expect(queue).toMatchObject({ isOver: true, endS: 5 })
})

test('a target that grows takes effect while it plays', async () => {
  const { queue, target } = open(feedOf(), 0, { ...defaultBufferTarget, bufferS: 2 })
  await settle()
  expect(queue.endS).toBe(2)
  target.bufferS = 6
  await takeUntil(queue, 1)
  await settle()
  expect(queue.endS).toBeGreaterThanOrEqual(6)
})

test('gives every frame once and in order, keeps the GOP that plays, and knows when it is over', async () => {
  const feed = feedOf({ durationS: 5 })
  const { queue } = open(feed)
  await settle()
  const times: number[] = []
  for (let frame = queue.peek(); frame; frame = queue.peek()) {
    times.push(frame.timeS)
    expect(queue.gops[0]!.frames).toContain(frame)
    queue.take()
    await settle()
  }
  expect(times).toEqual(feed.gops.flatMap((gop) => gop.frames.map((frame) => frame.timeS)))
  expect(queue).toMatchObject({ isOver: true, aheadS: 0, aheadFrames: 0, endS: 5 })
  expect(queue.gops).toHaveLength(1)
})

test('a failed load is said once and ends the loading; what is here still plays', async () => {
  const feed = feedOf()
  const { queue, errors } = open(feed)
  await settle()
  feed.failure = new Error('gone')
  await takeUntil(queue, 100)
  expect(errors).toEqual([feed.failure])
  expect(queue).toMatchObject({ failed: true, complete: false, isOver: false })
  expect(feed.loads).toBeLessThan(8)
})

test('closing aborts the load that is under way, silently', async () => {
  const feed = new MemoryFeed({ kind: 'video', durationS: 30, clock: new FakeClock(), loadMs: () => 100 })
  const { queue, errors } = open(feed)
  queue.close()
  await settle()
  expect(feed.aborted).toBe(1)
  expect(errors).toEqual([])
  expect(queue.gops).toEqual([])
})
