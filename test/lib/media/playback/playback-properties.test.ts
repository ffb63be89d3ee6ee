import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded } from '../../../../src/lib/base/random.ts'
import { checkContinuity, checkTimeline } from '../../../support/playback-checks.ts'
import { PlaybackRig } from '../../../support/playback-rig.ts'

const durationS = 6

const step = fc.oneof(
  fc.record({ do: fc.constant('play' as const) }),
  fc.record({ do: fc.constant('pause' as const) }),
  fc.record({ do: fc.constant('seek' as const), timeS: fc.double({ min: 0, max: durationS + 1, noNaN: true }) }),
  fc.record({ do: fc.constant('rung' as const), index: fc.nat(3) }),
  fc.record({ do: fc.constant('language' as const), index: fc.nat(1) }),
  fc.record({ do: fc.constant('pictureLoss' as const) }),
  fc.record({ do: fc.constant('nack' as const) }),
  fc.record({ do: fc.constant('blockLoop' as const), ms: fc.integer({ min: 5, max: 700 }) }),
)

const plan = fc.record({
  seed: fc.integer(),
  loop: fc.boolean(),
  hasAudio: fc.boolean(),
  hasVideo: fc.boolean(),
  maxLoadMs: fc.constantFrom(0, 40, 400, 1500),
  steps: fc.array(fc.tuple(step, fc.integer({ min: 0, max: 1200 })), { minLength: 1, maxLength: 12 }),
})

test('whatever a viewer does, numbers stay in a row and every frame is where the epochs say', async () => {
  let checked = 0
  await fc.assert(
    fc.asyncProperty(plan, async ({ seed, loop, hasAudio, hasVideo, maxLoadMs, steps }) => {
      const random = seeded(seed)
      const loadMs = () => Math.floor(random() * maxLoadMs)
      const rig = new PlaybackRig({
        durationS,
        loop,
        loadMs,
        random,
        video: hasVideo || !hasAudio ? {} : false,
        audio: hasAudio ? { durationS: durationS - 0.4 } : false,
      })
      const shared = { durationS, loadMs }
      const rungs = [
        rig.feed({ kind: 'video', ...shared, mark: 2, frameS: 1 / 25 }),
        rig.feed({ kind: 'video', ...shared, mark: 3, gopS: 1.3, deltaPackets: 1 }),
        rig.feed({ kind: 'video', ...shared, mark: 4, gopS: 3, keyPackets: 60, deltaPackets: 9 }),
        rig.feed({ kind: 'video', ...shared, mark: 5, gopS: 4, pieceS: 0.9, deltaPackets: 2 }),
      ]
      const languages = [rig.feed({ kind: 'audio', ...shared }), rig.feed({ kind: 'audio', ...shared, gopS: 0.7 })]
      const losses: number[] = []
      rig.playback.play()
      for (const [{ do: what, ...rest }, waitMs] of steps) {
        const args = rest as { timeS: number; index: number; ms: number }
        if (what === 'play') rig.playback.play()
        if (what === 'pause') rig.playback.pause()
        if (what === 'seek') rig.playback.seek(args.timeS)
        if (what === 'rung' && rig.videoFeed) rig.playback.setVideoFeed(rungs[args.index]!)
        if (what === 'language' && rig.audioFeed) rig.playback.setAudioFeed(languages[args.index]!)
        if (what === 'blockLoop') rig.clock.stall(args.ms)
        if (what === 'nack') {
          const sequences = rig.sent.video.slice(-30).map((packet) => packet.sequence)
          rig.playback.onNack('video', sequences, rig.clock.now())
        }
        if (what === 'pictureLoss') {
          rig.playback.onPictureLoss(rig.clock.now())
          losses.push(rig.clock.now())
        }
        await rig.run(waitMs)
        const { bufferS, bufferFrames } = rig.playback.snapshot(rig.clock.now())
        expect(bufferS).toBeLessThanOrEqual(4 + 3)
        expect(bufferFrames).toBeLessThanOrEqual(7 * 50)
      }
      const sentBefore = rig.sent.video.length + rig.sent.audio.length
      rig.playback.setLoop(true)
      rig.playback.play()
      await rig.run(4000)
      expect(rig.sent.video.length + rig.sent.audio.length, 'playback goes on').toBeGreaterThan(sentBefore)
      const feeds = [...rungs, ...languages, rig.videoFeed, rig.audioFeed].filter((feed) => feed !== undefined)
      expect(rig.errors).toEqual([])
      checkContinuity(rig)
      const isReplay = (atMs: number) => losses.some((lossMs) => atMs >= lossMs && atMs < lossMs + 1500)
      checked += checkTimeline(rig, feeds, isReplay).checked
      rig.playback.close()
      rig.ticker.stop()
    }),
    { numRuns: 60, seed: 20260, endOnFailure: false },
  )
  expect(checked).toBeGreaterThan(2000)
})
