// Playback as a viewer meets it: real playhead, ticker and RTP streams on a fake clock; each plan says why it exists.
import { expect, test } from 'vitest'
import { seeded } from '../../src/lib/base/random.ts'
import { tickMs } from '../../src/lib/media/playback/ticker.ts'
import { checkContinuity, checkTimeline, framesOf, peakBytes } from '../support/playback-checks.ts'
import { PlaybackRig, type RigOptions } from '../support/playback-rig.ts'

interface Plan {
  readonly name: string
  readonly why: string
  readonly rig: RigOptions
  run(rig: PlaybackRig): Promise<void>
  /** When frames were sent again, and are not where the epochs say. */
  readonly replays?: (rig: PlaybackRig) => (atMs: number) => boolean
}

const notesOf = (rig: PlaybackRig, type: string) => rig.notes.filter((note) => note.type === type)
const state = (rig: PlaybackRig) => rig.playback.snapshot(rig.clock.now())
const videoTimes = (rig: PlaybackRig) => framesOf(rig.sent.video, [rig.videoFeed!]).map(({ frame }) => frame.timeS)

/** Mean bitrate of the default video: 30 frames a second of 3 packets, a key frame of 12, in bytes a ms. */
const gopBytesPerMs = ((12 + 29 * 3) * 1100) / 1000
const burstBytesPerMs = Math.max(2_500_000 / 8000, gopBytesPerMs) * 3

const plans: Plan[] = [
  {
    name: 'a store that takes 3 s for every load',
    why: 'content from far away: the viewer is told that it waits, and what plays is in sync and in order',
    rig: { loadMs: () => 3000, durationS: 8 },
    async run(rig) {
      rig.playback.play()
      await rig.run(2900)
      expect(rig.sent.video).toHaveLength(0)
      expect(notesOf(rig, 'buffering')).toMatchObject([{ buffering: true }])
      await rig.run(1050)
      expect(videoTimes(rig).at(-1)).toBeGreaterThan(0.8)
      await rig.run(25_000)
      const { underruns, phase } = state(rig)
      expect(underruns).toBe(7)
      expect(phase).toBe('ended')
      expect(notesOf(rig, 'buffering').map((note) => note.type === 'buffering' && note.buffering)).toEqual(
        Array.from({ length: 16 }, (_, i) => i % 2 === 0),
      )
      expect(new Set(videoTimes(rig)).size).toBe(240)
    },
  },
  {
    name: 'fifty random seeks, some before the last has landed',
    why: 'audio and video stay in sync within 40 ms after any number of seeks, and no load of an abandoned seek is played',
    rig: { durationS: 60, loadMs: () => 60 },
    async run(rig) {
      const random = seeded(11)
      rig.playback.play()
      for (let i = 0; i < 50; i++) {
        const timeS = random() * 58
        rig.playback.seek(timeS)
        await rig.run(random() < 0.3 ? 30 : 400 + random() * 300)
      }
      rig.playback.seek(30.5)
      const before = rig.sent.video.length
      await rig.run(1000)
      const after = framesOf(rig.sent.video.slice(before), [rig.videoFeed!]).map(({ frame }) => frame.timeS)
      expect(after[0]).toBe(30)
      expect(state(rig).mediaTimeS).toBeGreaterThan(30.5 + 0.7)
      expect(rig.videoFeed!.aborted).toBeGreaterThan(5)
      const { video, audio } = rig.playback.snapshot(rig.clock.now())
      expect(video!.packetsDropped + audio!.packetsDropped).toBe(0)
    },
  },
  {
    name: 'a pause of an hour',
    why: 'RTP time goes on while media time stands; nothing is sent, nothing is kept, and the same frame comes next',
    rig: {},
    async run(rig) {
      rig.playback.play()
      await rig.run(2500)
      rig.playback.pause()
      await rig.run(100)
      const { mediaTimeS, paused } = state(rig)
      const sent = rig.sent.video.length
      const lastS = videoTimes(rig).at(-1)!
      rig.clock.advance(3_600_000)
      expect([paused, rig.sent.video.length, state(rig).mediaTimeS]).toEqual([true, sent, mediaTimeS])
      rig.playback.play()
      await rig.run(1000)
      expect(videoTimes(rig).find((timeS) => timeS > lastS)).toBeCloseTo(lastS + 1 / 30, 5)
      const gapTicks = (rig.sent.video[sent]!.timestamp - rig.sent.video[sent - 1]!.timestamp) >>> 0
      expect(gapTicks / 90_000).toBeGreaterThan(3600)
      expect(state(rig).mediaTimeS).toBeCloseTo(mediaTimeS + 1, 1)
    },
  },
  {
    name: 'an event loop that stands still for 300 ms',
    why: 'what was missed must not leave in one burst: queues on the way would drop it',
    rig: {},
    async run(rig) {
      rig.playback.play()
      await rig.run(2400)
      rig.clock.stall(300)
      await rig.run(1500)
      expect(rig.ticker.stats().stalls).toBe(1)
      expect(peakBytes(rig.sent.video, 50)).toBeLessThanOrEqual(burstBytesPerMs * 60 + 1100)
      expect(videoTimes(rig).at(-1)).toBeGreaterThan(3.8)
      expect(rig.sent.audio.length).toBeGreaterThan(180)
    },
  },
  {
    name: 'an event loop that stands still for 4 s',
    why: 'a suspended machine pauses everybody; skipping or racing through 4 s would help nobody',
    rig: {},
    async run(rig) {
      rig.playback.play()
      await rig.run(2400)
      rig.clock.stall(4000)
      await rig.run(1000)
      expect(state(rig).mediaTimeS).toBeCloseTo(3.4, 1)
      expect(state(rig).droppedPackets).toBe(0)
      expect(peakBytes(rig.sent.video, 50)).toBeLessThanOrEqual(burstBytesPerMs * 60 + 1100)
    },
  },
  {
    name: 'packets lost and asked for again',
    why: 'a NACK is answered with the same packet, once a round trip, and never for what is too old',
    rig: {},
    async run(rig) {
      const random = seeded(3)
      rig.playback.play()
      rig.playback.setRoundTripMs(60)
      for (let i = 0; i < 50; i++) {
        const from = rig.sent.video.length
        await rig.run(40)
        const lost = rig.sent.video.slice(from).filter(() => random() < 0.05)
        const sequences = lost.map((packet) => packet.sequence)
        const before = rig.again.video.length
        for (let repeat = 0; repeat < 3; repeat++) rig.playback.onNack('video', sequences, rig.clock.now())
        expect(rig.again.video.length, 'nothing leaves before the tick').toBe(before)
        const askedAtMs = rig.clock.now()
        await rig.run(tickMs * (1 + lost.length))
        expect(rig.again.video.slice(before).map(({ sequence }) => sequence)).toEqual(sequences)
        if (lost.length > 0) expect(rig.again.video[before]!.atMs - askedAtMs).toBeLessThanOrEqual(tickMs)
      }
      const sent = new Map(rig.sent.video.map(({ atMs: _, ...packet }) => [packet.sequence, packet]))
      expect(rig.again.video.length).toBeGreaterThan(5)
      expect(new Set(rig.again.video.map((packet) => packet.sequence)).size).toBe(rig.again.video.length)
      for (const { atMs: _, ...packet } of rig.again.video) expect(packet).toEqual(sent.get(packet.sequence))
      expect(state(rig).video!.retransmittedPacketsSent).toBe(rig.again.video.length)
      rig.playback.onNack('video', [rig.sent.video[0]!.sequence], rig.clock.now())
      expect(rig.again.video.some((packet) => packet.sequence === rig.sent.video[0]!.sequence)).toBe(false)
    },
  },
  {
    name: 'a storm of picture losses',
    why: 'a viewer that asks for a key frame every 20 ms gets at most one replay in 500 ms, below the burst rate',
    rig: { video: { deltaPackets: 1, keyPackets: 6 }, audio: {} },
    async run(rig) {
      rig.playback.play()
      await rig.run(300)
      for (let i = 0; i < 100; i++) {
        rig.playback.onPictureLoss(rig.clock.now())
        await rig.run(20)
      }
      const keys = rig.sent.video.filter(({ payload }) =>
        rig.videoFeed!.gops.some((gop) => gop.frames[0]!.payloads[0] === payload),
      )
      expect(keys.length).toBeGreaterThanOrEqual(5)
      expect(keys.length).toBeLessThanOrEqual(3 + 5)
      expect(state(rig).video!.pliCount).toBe(100)
      expect(peakBytes(rig.sent.video, 50)).toBeLessThanOrEqual(burstBytesPerMs * 60 + 1100)
      expect(state(rig).mediaTimeS).toBeCloseTo(2.3, 1)
    },
    replays: () => () => true,
  },
  {
    name: 'the end, a seek back, and a loop',
    why: 'the end is a state that a viewer can leave; a loop has neither a gap nor a jump in RTP time',
    rig: { durationS: 3, audio: { durationS: 2.6 } },
    async run(rig) {
      rig.playback.play()
      await rig.run(3100)
      expect(notesOf(rig, 'ended')).toHaveLength(1)
      expect(state(rig)).toMatchObject({ phase: 'ended', mediaTimeS: 3 })
      rig.playback.seek(2)
      await rig.run(500)
      expect(state(rig).phase).toBe('running')
      rig.playback.setLoop(true)
      const before = rig.sent.video.length
      await rig.run(6000)
      expect(notesOf(rig, 'ended')).toHaveLength(1)
      const frames = rig.sent.video.slice(before).filter((packet) => packet.marker)
      for (let i = 1; i < frames.length; i++)
        expect(Math.abs(((frames[i]!.timestamp - frames[i - 1]!.timestamp) >>> 0) - 3000)).toBeLessThanOrEqual(1)
      expect(notesOf(rig, 'buffering')).toEqual([])
    },
  },
]

test.each(plans)('$name: $why', async ({ rig: options, run, replays }) => {
  const rig = new PlaybackRig(options)
  await run(rig)
  expect(rig.errors).toEqual([])
  checkContinuity(rig)
  const feeds = [rig.videoFeed, rig.audioFeed].filter((feed) => feed !== undefined)
  checkTimeline(rig, feeds, replays?.(rig) ?? (() => false))
  rig.playback.close()
  rig.ticker.stop()
})
