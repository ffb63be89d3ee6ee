import { expect, it } from 'vitest'
import { AudioSender } from '../../../../src/lib/media/playback/audio-sender.ts'
import { defaultBufferTarget } from '../../../../src/lib/media/playback/gop-queue.ts'
import { PacingErrors } from '../../../../src/lib/media/playback/pacing-errors.ts'
import { audioRetransmission } from '../../../../src/lib/media/playback/retransmission-ring.ts'
import { RtpStream } from '../../../../src/lib/media/playback/rtp-stream.ts'
import { tickLeadMs, tickMs } from '../../../../src/lib/media/playback/ticker.ts'
import { MediaClock, RtpClock } from '../../../../src/lib/media/playback/timeline.ts'
import { TrackHead } from '../../../../src/lib/media/playback/track-head.ts'
import { MemoryFeed } from '../../../support/memory-feed.ts'

async function start() {
  const feed = new MemoryFeed({ kind: 'audio', durationS: 10 })
  const head = new TrackHead('audio', feed, 0, defaultBufferTarget, { onChange() {}, onError() {} })
  const stream = new RtpStream({
    sequence: 0,
    pictureId: 0,
    pictureIdOffset: -1,
    retransmission: audioRetransmission,
  })
  const sent: { timestamp: number; marker: boolean }[] = []
  const send = ({ timestamp, marker }: { timestamp: number; marker: boolean }) => sent.push({ timestamp, marker }) > 0
  stream.connect({ send, retransmit: () => false })
  const mediaClock = new MediaClock()
  mediaClock.start(1000, 0)
  const pacingErrors = new PacingErrors()
  const sender = new AudioSender({ stream, head, mediaClock, pacingErrors })
  const rtpClock = new RtpClock(1000, 0, { video: 0, audio: 0 })
  while (!head.queue.isReady) await new Promise((resolve) => setImmediate(resolve))
  return { sender, stream, sent, mediaClock, pacingErrors, send: (nowMs: number) => sender.send(nowMs, rtpClock) }
}

it('sends what is due nearest to this tick and no more, each frame 20 ms after the last', async () => {
  const { sent, pacingErrors, send } = await start()
  send(1000 - tickLeadMs - 1)
  expect(sent).toEqual([])
  for (let nowMs = 1000 - tickLeadMs; nowMs < 1100 - tickLeadMs; nowMs += tickMs) send(nowMs)
  expect(sent.map(({ timestamp }) => timestamp)).toEqual([0, 960, 1920, 2880, 3840])
  expect(sent.map(({ marker }) => marker)).toEqual([true, false, false, false, false])
  expect(pacingErrors.count).toBe(5)
})

it('leaves out what is later than 200 ms, and says that it goes on elsewhere', async () => {
  const { sender, stream, sent, mediaClock, send } = await start()
  send(1000)
  send(1310)
  expect(stream.packetsDropped).toBe(5)
  expect(sent.map(({ timestamp }) => timestamp / 960)).toEqual([0, ...Array.from({ length: 10 }, (_, i) => 6 + i)])
  expect(sent[1]!.marker).toBe(true)
  mediaClock.start(1330, 0.5)
  sender.break()
  send(1520)
  expect(sent.at(-1)!.timestamp).toBe(0.51 * 48_000)
})
