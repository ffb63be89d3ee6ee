import { expect, test } from 'vitest'
import { PacingErrors } from '../../../../src/lib/media/playback/pacing-errors.ts'
import { tickMs } from '../../../../src/lib/media/playback/ticker.ts'
import { createViewerPlayback } from '../../../../src/lib/media/playback/viewer-playback.ts'
import { quantileOf } from '../../../../src/lib/model/histogram.ts'
import { viewerPacingEdgesMs } from '../../../../src/lib/model/stats.ts'
import { checkContinuity, checkTimeline, framesOf, peakBytes } from '../../../support/playback-checks.ts'
import { PlaybackRig } from '../../../support/playback-rig.ts'

const state = (rig: PlaybackRig) => rig.playback.snapshot(rig.clock.now())
const epochs = (rig: PlaybackRig) => rig.notes.flatMap((note) => (note.type === 'epoch' ? [note.epoch] : []))
const timesAfter = (rig: PlaybackRig, from: number) =>
  framesOf(rig.sent.video.slice(from), [rig.videoFeed!]).map(({ frame }) => frame.timeS)

test('video and audio play at their pace', async () => {
  const rig = new PlaybackRig()
  rig.playback.play()
  await rig.run(3000)
  const { video, audio, mediaTimeS, bufferS, pacingErrors } = state(rig)
  expect(mediaTimeS).toBeCloseTo(3, 1)
  expect(video?.framesSent).toBeGreaterThanOrEqual(89)
  expect(video?.framesSent).toBeLessThanOrEqual(91)
  expect(audio?.framesSent).toBeGreaterThanOrEqual(149)
  expect(audio?.framesSent).toBeLessThanOrEqual(151)
  expect(video?.keyFramesSent).toBe(3)
  expect(video?.bytesSent).toBe(video!.packetsSent * 1100)
  expect(bufferS).toBeGreaterThanOrEqual(2)
  expect(quantileOf(pacingErrors, viewerPacingEdgesMs, 0.99)).toBeLessThanOrEqual(4)
  expect(rig.errors).toEqual([])
})

test('how late every packet left goes into the total of the worker, and nobody who looks takes it', async () => {
  const pacingErrorTotal = new PacingErrors()
  const rig = new PlaybackRig({ pacingErrorTotal })
  rig.playback.play()
  await rig.run(1000)
  state(rig)
  await rig.run(500)
  const { video, audio, pacingErrors } = state(rig)
  expect(pacingErrors.count).toBe(video!.packetsSent + audio!.packetsSent)
  expect(pacingErrorTotal.count).toBe(pacingErrors.count)
  await rig.run(500)
  rig.playback.close()
  expect(pacingErrorTotal.count).toBe(rig.sent.video.length + rig.sent.audio.length)
})

test('content is loaded before play, and nothing is sent', async () => {
  const rig = new PlaybackRig()
  await rig.run(1000)
  expect(rig.videoFeed!.loads).toBeGreaterThan(1)
  expect(rig.sent.video).toEqual([])
  expect(rig.notes).toEqual([])
})

test('a frame leaves spread over its interval, not at once', async () => {
  const rig = new PlaybackRig({ video: { deltaPackets: 20 } })
  rig.playback.play()
  await rig.run(2000)
  const frame = rig.sent.video.filter((packet) => packet.timestamp === rig.sent.video.at(-40)!.timestamp)
  expect(frame).toHaveLength(20)
  expect(frame.at(-1)!.atMs - frame[0]!.atMs).toBeGreaterThan(10)
  expect(peakBytes(rig.sent.video, 2)).toBeLessThan(8 * 1100)
})

test('a seek shows the frame asked for: those before it go out fast, then audio and video start together', async () => {
  const rig = new PlaybackRig()
  rig.playback.play()
  await rig.run(1500)
  const from = rig.sent.video.length
  const seekAtMs = rig.clock.now()
  rig.playback.seek(7.5)
  await rig.run(1000)
  const frames = framesOf(rig.sent.video.slice(from), [rig.videoFeed!])
  const landed = frames.find(({ frame }) => frame.timeS >= 7.49)!
  expect(frames[0]!.frame.timeS).toBe(7)
  expect(landed.firstAtMs - seekAtMs).toBeLessThan(120)
  const epoch = epochs(rig).at(-1)!
  expect(epoch).toMatchObject({ rtpTimestamp: landed.timestamp, rate: 1 })
  expect(epoch.mediaTimeS).toBeCloseTo(7.5, 5)
  const audio = framesOf(rig.sent.audio, [rig.audioFeed!]).find(({ frame }) => frame.timeS >= 7.49)!
  expect(audio.frame.timeS).toBeCloseTo(7.5, 5)
  expect(audio.firstAtMs - landed.firstAtMs).toBeLessThanOrEqual(2)
})

test('a thousand seeks in a row cost the viewer no more than one', async () => {
  const rig = new PlaybackRig()
  rig.playback.play()
  await rig.run(1000)
  for (let at = 0; at < 1000; at++) {
    rig.playback.seek(7 + (at % 10) / 10)
    await rig.run(4)
  }
  const before = rig.sent.video.length
  await rig.run(1500)
  expect(rig.sent.video.length - before).toBeGreaterThan(25)
  expect(rig.playback.snapshot(rig.clock.now()).mediaTimeS).toBeGreaterThan(8)
})

test('a seek into a GOP that is too large lands audio and video on its key frame', async () => {
  const rig = new PlaybackRig({ video: { gopS: 5, deltaPackets: 12 }, targetBps: 1_000_000 })
  rig.playback.play()
  await rig.run(500)
  const [from, audioFrom] = [rig.sent.video.length, rig.sent.audio.length]
  rig.playback.seek(9)
  await rig.run(500)
  expect(timesAfter(rig, from).find((timeS) => timeS > 1)).toBe(5)
  expect(framesOf(rig.sent.audio.slice(audioFrom), [rig.audioFeed!])[0]!.frame.timeS).toBeCloseTo(5, 5)
  expect(epochs(rig).at(-1)).toMatchObject({ mediaTimeS: 5, rate: 1 })
  expect(state(rig).mediaTimeS).toBeCloseTo(5.5, 1)
})

test('a seek while paused shows the picture and stands still', async () => {
  const rig = new PlaybackRig()
  rig.playback.play()
  await rig.run(500)
  rig.playback.pause()
  await rig.run(50)
  const from = rig.sent.video.length
  const audioFrom = rig.sent.audio.length
  rig.playback.seek(3.5)
  await rig.run(2000)
  expect(timesAfter(rig, from).at(-1)).toBeCloseTo(3.5, 5)
  expect(rig.sent.audio).toHaveLength(audioFrom)
  expect(epochs(rig).at(-1)).toMatchObject({ rate: 0 })
  expect(state(rig)).toMatchObject({ paused: true })
  const still = rig.sent.video.length
  rig.playback.play()
  await rig.run(200)
  expect(timesAfter(rig, still)[0]).toBeCloseTo(3.5 + 1 / 30, 5)
  checkContinuity(rig)
})

test('a rung switch happens at a key frame, without a gap, and no frame is sent twice', async () => {
  const rig = new PlaybackRig()
  const low = rig.feed({ kind: 'video', mark: 2, deltaPackets: 1 })
  rig.playback.play()
  await rig.run(1300)
  rig.playback.setVideoFeed(low)
  await rig.run(3000)
  const frames = framesOf(rig.sent.video, [rig.videoFeed!, low])
  const times = frames.map(({ frame }) => frame.timeS)
  expect(times).toEqual(low.gops.flatMap((gop) => gop.frames.map((frame) => frame.timeS)).slice(0, times.length))
  const switched = frames.find(({ frame }) => frame.payloads[0]![0] === 2)!
  expect(switched.frame).toMatchObject({ isKey: true, timeS: 2 })
  checkContinuity(rig)
  checkTimeline(rig, [rig.videoFeed!, low, rig.audioFeed!], () => false)
})

test('a rung with other key frames takes over at its next one', async () => {
  const rig = new PlaybackRig()
  const other = rig.feed({ kind: 'video', mark: 2, gopS: 1.5 })
  rig.playback.play()
  await rig.run(3300)
  rig.playback.setVideoFeed(other)
  await rig.run(3000)
  const switched = framesOf(rig.sent.video, [other])[0]!.frame
  expect(switched).toMatchObject({ isKey: true, timeS: 4.5 })
  const own = framesOf(rig.sent.video, [rig.videoFeed!]).at(-1)!.frame
  expect(own.timeS).toBeCloseTo(4.5 - 1 / 30, 5)
})

test('a GOP that comes in pieces plays through; seek and picture loss do not begin inside it', async () => {
  const rig = new PlaybackRig({ video: { gopS: 5, pieceS: 1, deltaPackets: 1 } })
  rig.playback.play()
  await rig.run(2500)
  expect(timesAfter(rig, 0)).toEqual(
    timesAfter(rig, 0)
      .map((_, i) => i / 30)
      .map((timeS) => expect.closeTo(timeS, 5)),
  )
  let from = rig.sent.video.length
  rig.playback.onPictureLoss(rig.clock.now())
  await rig.run(300)
  expect(timesAfter(rig, from)[0]).toBeGreaterThan(2.4)
  from = rig.sent.video.length
  rig.playback.seek(8)
  await rig.run(300)
  expect(timesAfter(rig, from).find((timeS) => timeS > 4)).toBe(5)
  checkContinuity(rig)
})

test('the last of several rung switches wins, and a seek takes the new rung at once', async () => {
  const rig = new PlaybackRig({ loadMs: () => 300 })
  const rungs = [2, 3].map((mark) => rig.feed({ kind: 'video', mark, loadMs: () => 300 }))
  rig.playback.play()
  await rig.run(1500)
  rig.playback.setVideoFeed(rungs[0]!)
  rig.playback.setVideoFeed(rungs[1]!)
  rig.playback.seek(10)
  await rig.run(1500)
  expect(framesOf(rig.sent.video, [rungs[0]!])).toEqual([])
  expect(framesOf(rig.sent.video, [rungs[1]!])[0]!.frame.timeS).toBe(10)
})

test('another language goes on where the first one was', async () => {
  const rig = new PlaybackRig()
  const other = rig.feed({ kind: 'audio', gopS: 0.7 })
  rig.playback.play()
  await rig.run(1500)
  rig.playback.setAudioFeed(other)
  await rig.run(500)
  const times = framesOf(rig.sent.audio, [rig.audioFeed!, other]).map(({ frame }) => frame.timeS)
  for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeCloseTo(0.02, 5)
  expect(framesOf(rig.sent.audio, [other]).length).toBeGreaterThan(20)
})

test('a picture loss is answered with the current GOP, re-stamped, while audio goes on', async () => {
  const rig = new PlaybackRig({ video: { deltaPackets: 1 } })
  rig.playback.play()
  await rig.run(1500)
  const from = rig.sent.video.length
  rig.playback.onPictureLoss(rig.clock.now())
  await rig.run(500)
  const times = timesAfter(rig, from)
  expect(times[0]).toBe(1)
  expect(times.at(-1)).toBeGreaterThan(1.9)
  expect(framesOf(rig.sent.audio, [rig.audioFeed!]).length).toBeGreaterThan(98)
  checkContinuity(rig)
})

test('a picture loss while paused and after the end is answered too', async () => {
  const rig = new PlaybackRig({ durationS: 1, video: { deltaPackets: 1 } })
  rig.playback.play()
  await rig.run(500)
  rig.playback.pause()
  await rig.run(100)
  let from = rig.sent.video.length
  const lastS = timesAfter(rig, 0).at(-1)!
  rig.playback.onPictureLoss(rig.clock.now())
  await rig.run(300)
  expect([timesAfter(rig, from)[0], timesAfter(rig, from).at(-1)]).toEqual([0, lastS])
  rig.playback.play()
  await rig.run(1000)
  expect(state(rig).phase).toBe('ended')
  from = rig.sent.video.length
  rig.playback.onPictureLoss(rig.clock.now())
  await rig.run(300)
  expect(timesAfter(rig, from)).toHaveLength(30)
  checkContinuity(rig)
})

test('what is asked for again goes before new video, at the pace of a catch-up, and audio waits for nothing', async () => {
  const rig = new PlaybackRig({ video: { deltaPackets: 6 } })
  rig.playback.play()
  await rig.run(1000)
  const from = { video: rig.sent.video.length, audio: rig.sent.audio.length }
  rig.playback.onNack(
    'video',
    rig.sent.video.map(({ sequence }) => sequence),
    rig.clock.now(),
  )
  expect(rig.again.video).toEqual([])
  const askedAtMs = rig.clock.now()
  await rig.run(100)
  const again = rig.again.video
  expect(again.length).toBeGreaterThan(50)
  expect(again[0]!.atMs - askedAtMs).toBeLessThanOrEqual(tickMs)
  const doneMs = again.at(-1)!.atMs
  expect(doneMs - askedAtMs).toBeGreaterThan(20)
  expect(peakBytes(again, 10)).toBeLessThanOrEqual(937.5 * 20 + 1100)
  const meanwhile = rig.sent.video.slice(from.video).filter(({ atMs }) => atMs < doneMs)
  expect(meanwhile, 'no new video before').toEqual([])
  const sound = rig.sent.audio.slice(from.audio).filter(({ atMs }) => atMs < doneMs)
  expect(sound.length).toBeGreaterThanOrEqual(Math.floor((doneMs - askedAtMs) / 20))
  const { retransmittedPacketsSent, retransmittedBytesSent } = state(rig).video!
  expect([retransmittedPacketsSent, retransmittedBytesSent]).toEqual([again.length, again.length * 1100])
  await rig.run(500)
  expect(state(rig).pacingErrors.count).toBeGreaterThan(0)
  checkContinuity(rig)
})

test('a viewer that paused, and one that hears audio alone, get what they miss', async () => {
  const paused = new PlaybackRig()
  paused.playback.play()
  await paused.run(500)
  paused.playback.pause()
  await paused.run(200)
  const missed = paused.sent.video.slice(-30).map(({ sequence }) => sequence)
  paused.playback.onNack('video', missed, paused.clock.now())
  await paused.run(tickMs)
  expect(paused.again.video.length).toBeGreaterThan(0)
  await paused.run(60)
  expect(paused.again.video.map(({ sequence }) => sequence)).toEqual(missed)

  const sound = new PlaybackRig({ video: false })
  sound.playback.play()
  await sound.run(500)
  const lost = sound.sent.audio.slice(-3).map(({ sequence }) => sequence)
  sound.playback.onNack('audio', lost, sound.clock.now())
  await sound.run(tickMs)
  expect(sound.again.audio.map(({ sequence }) => sequence)).toEqual(lost)
  expect(state(sound).audio!.retransmittedPacketsSent).toBe(3)
})

test('a load that fails is said once, and a seek tries again', async () => {
  const rig = new PlaybackRig()
  const failure = new Error('gone')
  rig.playback.play()
  await rig.run(500)
  rig.videoFeed!.failure = failure
  rig.audioFeed!.failure = failure
  await rig.run(20_000)
  expect(rig.errors).toEqual([failure])
  expect(state(rig)).toMatchObject({ phase: 'stalled' })
  rig.videoFeed!.failure = undefined
  rig.audioFeed!.failure = undefined
  rig.playback.seek(2)
  await rig.run(500)
  expect(state(rig).phase).toBe('running')
})

test('after a stall half a second is waited for, so that slow content stands rarely instead of at every GOP', async () => {
  const rig = new PlaybackRig({ durationS: 4, loadMs: () => 300, video: { gopS: 0.2 }, audio: false })
  rig.playback.play()
  await rig.run(12_000)
  const { underruns, phase } = state(rig)
  expect(phase).toBe('ended')
  expect(underruns).toBeGreaterThan(0)
  expect(underruns).toBeLessThan(8)
})

test('content that is too short to loop ends', async () => {
  const rig = new PlaybackRig({ durationS: 0.06, loop: true, audio: false })
  rig.playback.play()
  await rig.run(1000)
  expect(state(rig).phase).toBe('ended')
  expect(rig.sent.video.length).toBeLessThan(30)
})

test('play at the end starts over', async () => {
  const rig = new PlaybackRig({ durationS: 1 })
  rig.playback.play()
  await rig.run(1500)
  expect(state(rig).phase).toBe('ended')
  rig.playback.play()
  await rig.run(500)
  expect(state(rig).mediaTimeS).toBeCloseTo(0.5, 1)
})

test.each([
  ['video alone', { audio: false as const }],
  ['audio alone', { video: false as const }],
  ['audio that is shorter', { audio: { durationS: 1 } }],
  ['audio that is longer', { video: { durationS: 1 } }],
])('plays to the end: %s', async (_name, options) => {
  const rig = new PlaybackRig({ durationS: 3, ...options })
  rig.playback.play()
  await rig.run(3200)
  expect(state(rig)).toMatchObject({ phase: 'ended', mediaTimeS: 3, underruns: 0 })
  checkContinuity(rig)
  rig.playback.seek(2.5)
  await rig.run(200)
  expect(state(rig).mediaTimeS).toBeGreaterThan(2.55)
  expect(state(rig).mediaTimeS).toBeLessThan(2.71)
  await rig.run(600)
  expect(state(rig).phase).toBe('ended')
})

test('sender reports of both kinds are one mapping, which a step of the wall clock does not touch', async () => {
  const rig = new PlaybackRig()
  expect(rig.playback.senderReport('video', rig.clock.now())).toBeUndefined()
  rig.playback.play()
  await rig.run(1000)
  const before = (['video', 'audio'] as const).map((kind) => rig.playback.senderReport(kind, rig.clock.now())!)
  rig.clock.stepWall(5000)
  rig.playback.pause()
  await rig.run(10_000)
  rig.playback.play()
  await rig.run(1000)
  const after = (['video', 'audio'] as const).map((kind) => rig.playback.senderReport(kind, rig.clock.now())!)
  expect(after[0]!.wallMs).toBe(after[1]!.wallMs)
  expect(after[0]!.wallMs - before[0]!.wallMs).toBe(11_000)
  expect((after[0]!.rtpTimestamp - before[0]!.rtpTimestamp) >>> 0).toBe(11 * 90_000)
  expect((after[1]!.rtpTimestamp - before[1]!.rtpTimestamp) >>> 0).toBe(11 * 48_000)
  expect(after[0]).toMatchObject({ packetCount: rig.sent.video.length, octetCount: rig.sent.video.length * 1100 })
})

test('a transport that does not take packets loses them without a hole in the numbers', async () => {
  const rig = new PlaybackRig()
  let sequence = -1
  const refusing = createViewerPlayback({
    video: { feed: rig.videoFeed! },
    events: { epoch() {}, buffering() {}, ended() {}, error: (error) => rig.errors.push(error) },
    random: () => 0,
  })
  refusing.connect({
    video: {
      send: (packet) => {
        expect([-1, packet.sequence - 1]).toContain(sequence)
        sequence = packet.sequence
        return false
      },
      retransmit: () => false,
    },
  })
  rig.ticker.add(refusing)
  refusing.play()
  await rig.run(1000)
  const { video, droppedPackets } = refusing.snapshot(rig.clock.now())
  expect(video).toMatchObject({ packetsSent: 0, bytesSent: 0 })
  expect(droppedPackets).toBeGreaterThan(80)
})

test('close aborts what loads and sends nothing more', async () => {
  const rig = new PlaybackRig({ loadMs: () => 500 })
  rig.playback.play()
  await rig.run(800)
  const sent = rig.sent.video.length
  rig.playback.close()
  rig.playback.seek(3)
  await rig.run(2000)
  expect(rig.sent.video).toHaveLength(sent)
  expect(rig.videoFeed!.aborted).toBeGreaterThan(0)
  expect(rig.errors).toEqual([])
})

test('an epoch says why it begins: what the viewer asked for, and what came over it', async () => {
  const rig = new PlaybackRig({ durationS: 8 })
  const since = () => rig.notes.splice(0).flatMap((note) => (note.type === 'epoch' ? [note.epoch] : []))
  const causes = () => since().map(({ cause, rate }) => `${cause} ${rate}`)
  rig.playback.play()
  await rig.run(500)
  expect(causes()).toEqual(['start 0', 'start 1'])
  rig.playback.pause()
  await rig.run(500)
  rig.playback.play()
  await rig.run(500)
  expect(causes()).toEqual(['pause 0', 'play 1'])
  rig.clock.stall(3000)
  await rig.run(500)
  expect(causes()).toEqual(['server 0', 'server 1'])
  rig.playback.seek(3)
  await rig.run(500)
  expect(causes()).toEqual(['seek 0', 'seek 1'])
  rig.playback.setLoop(true)
  await rig.run(5500)
  expect(causes()).toEqual(['loop 1'])
  rig.playback.setLoop(false)
  await rig.run(9000)
  expect(causes()).toEqual(['end 0'])
})

test('an epoch says that content did not come in time, and does not call it a pause', async () => {
  const rig = new PlaybackRig({ durationS: 4, loadMs: () => 300, video: { gopS: 0.2 }, audio: false })
  rig.playback.play()
  await rig.run(3000)
  expect([...new Set(epochs(rig).map(({ cause }) => cause))]).toEqual(['start', 'underrun'])
})
