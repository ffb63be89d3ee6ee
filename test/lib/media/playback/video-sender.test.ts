import { expect, it } from 'vitest'
import { defaultBufferTarget } from '../../../../src/lib/media/playback/gop-queue.ts'
import { createPacer } from '../../../../src/lib/media/playback/pacer.ts'
import { PacingErrors } from '../../../../src/lib/media/playback/pacing-errors.ts'
import { videoRetransmission } from '../../../../src/lib/media/playback/retransmission-ring.ts'
import { RtpStream } from '../../../../src/lib/media/playback/rtp-stream.ts'
import { MediaClock, RtpClock } from '../../../../src/lib/media/playback/timeline.ts'
import { TrackHead } from '../../../../src/lib/media/playback/track-head.ts'
import { VideoSender } from '../../../../src/lib/media/playback/video-sender.ts'
import type { OutgoingPacket } from '../../../../src/lib/model/frame.ts'
import { MemoryFeed, type MemoryFeedOptions } from '../../../support/memory-feed.ts'

async function start(options: Partial<MemoryFeedOptions> = {}) {
  const feed = new MemoryFeed({ kind: 'video', durationS: 10, ...options })
  const head = new TrackHead('video', feed, 0, defaultBufferTarget, { onChange() {}, onError() {} })
  const stream = new RtpStream({
    sequence: 0,
    pictureId: 0,
    pictureIdOffset: -1,
    retransmission: videoRetransmission,
  })
  const sent: (OutgoingPacket & { atMs: number })[] = []
  let nowMs = 0
  stream.connect({ send: (packet) => sent.push({ ...packet, atMs: nowMs }) > 0, retransmit: () => false })
  const mediaClock = new MediaClock()
  mediaClock.start(1000, 0)
  const rates = { targetBps: 2_500_000, burstBps: 7_500_000 }
  const pacer = createPacer()
  const sender = new VideoSender({ stream, head, mediaClock, pacer, rates, pacingErrors: new PacingErrors() })
  const rtpClock = new RtpClock(1000, 0, { video: 0, audio: 0 })
  while (head.queue.aheadS < 2) await new Promise((resolve) => setImmediate(resolve))
  const tick = (atMs: number) => {
    nowMs = atMs
    sender.send(atMs, rtpClock)
  }
  const run = (fromMs: number, toMs: number) => {
    for (let atMs = fromMs; atMs < toMs; atMs += 2) tick(atMs)
  }
  return { sender, stream, sent, rates, pacer, tick, run }
}

it('spreads a frame over its interval, and is in it until its last packet', async () => {
  const { sender, sent, tick, run } = await start({ deltaPackets: 12 })
  run(1000, 1032)
  const before = sent.length
  tick(1032)
  expect(sent.length - before).toBeGreaterThan(0)
  expect(sent.length - before).toBeLessThan(12)
  expect(sender.isInFrame).toBe(true)
  run(1034, 1064)
  expect(sender.isInFrame).toBe(false)
  const frame = sent.slice(before)
  expect(frame.map(({ marker }) => marker)).toEqual([...Array(11).fill(false), true])
  expect(frame.at(-1)!.atMs - frame[0]!.atMs).toBeGreaterThan(10)
})

it('skips what is late to a key frame that is due', async () => {
  const { sender, stream, sent, tick, run } = await start()
  run(1000, 1030)
  const first = sent.length
  tick(2300)
  expect(stream.packetsDropped).toBeGreaterThan(29 * 3 - 12)
  expect(sent[first]!.timestamp - sent[0]!.timestamp).toBeLessThan(1300 * 90)
  expect(stream.keyFramesSent).toBe(2)
  expect(sender.awaitsKey).toBe(false)
})

it('waits for a key frame that comes before it could catch up', async () => {
  const { sender, stream, tick, run } = await start()
  run(1000, 1500)
  tick(1850)
  expect(sender.awaitsKey).toBe(true)
  const { framesSent } = stream
  run(1852, 1990)
  expect(stream.framesSent).toBe(framesSent)
  run(1990, 2040)
  expect([sender.awaitsKey, stream.keyFramesSent]).toEqual([false, 2])
})

it('lets a burst follow the target, but never below what the content needs', async () => {
  const { sender, rates, run } = await start({ deltaPackets: 12 })
  run(1000, 1040)
  const gopBps = (12 + 29 * 12) * 1100 * 8
  expect(rates.burstBps).toBeCloseTo(3 * gopBps, -1)
  rates.targetBps = 8_000_000
  sender.adaptBurst()
  expect(rates.burstBps).toBe(24_000_000)
  rates.targetBps = 100_000
  sender.adaptBurst()
  expect(rates.burstBps).toBeCloseTo(3 * gopBps, -1)
})

it('goes on at the pace of its frame when something else had the pacer', async () => {
  const { sender, sent, pacer, run } = await start({ deltaPackets: 12 })
  run(1000, 1036)
  const before = sent.length
  pacer.setPace(100_000, 1036)
  while (pacer.take(1100, 1036));
  sender.resume(1036)
  run(1036, 1040)
  expect(sent.length - before).toBeLessThan(5)
})
