import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AudioStamper, MediaClock, RtpClock, VideoStamper } from '../../../../src/lib/media/playback/timeline.ts'

test('one instant has one wall clock time and a timestamp of each kind, over the 32-bit wrap', () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 32 - 1),
      fc.nat(2 ** 32 - 1),
      fc.double({ min: 0, max: 86_400_000, noNaN: true }),
      (video, audio, ms) => {
        const clock = new RtpClock(500, 1e12, { video, audio })
        expect(clock.timestampAt('video', 500 + ms)).toBe((video + Math.round(ms * 90)) % 2 ** 32)
        expect(clock.timestampAt('audio', 500 + ms)).toBe((audio + Math.round(ms * 48)) % 2 ** 32)
        expect(clock.wallMsAt(500 + ms)).toBeCloseTo(1e12 + ms, 2)
      },
    ),
  )
})

test('media time runs from its anchor, stands while held, and never starts in the past', () => {
  const clock = new MediaClock()
  clock.start(100, 5)
  expect(clock.mediaAt(50)).toBe(5)
  expect(clock.mediaAt(1100)).toBe(6)
  expect(clock.playoutAt(7)).toBe(2100)
  clock.hold(1100, 6)
  expect(clock.mediaAt(9000)).toBe(6)
  clock.start(1000, 6)
  expect(clock.anchorMs).toBe(1100)
})

test('video timestamps grow even where playout time does not', () => {
  const stamper = new VideoStamper()
  expect([3000, 3000, 2990, 6000].map((ticks) => stamper.stamp(ticks))).toEqual([3000, 3001, 3002, 6000])
  expect(stamper.stamp(2 ** 32 + 5)).toBe(5)
})

test('audio timestamps count samples although container times are rounded to a millisecond', () => {
  const stamper = new AudioStamper()
  for (let i = 0; i < 3000; i++) {
    const roundedTicks = Math.round(i * 2.5) * 48
    expect(stamper.stamp(roundedTicks, 120)).toBe(i * 120)
    expect(stamper.reanchored).toBe(i === 0 && roundedTicks > Number.NEGATIVE_INFINITY)
  }
})

test('audio more than 20 ms off its time is anchored again, with the marker', () => {
  const stamper = new AudioStamper()
  stamper.stamp(0, 960)
  expect(stamper.stamp(960 + 960, 960)).toBe(960)
  expect(stamper.reanchored).toBe(false)
  expect(stamper.stamp(1920 + 961, 960)).toBe(2881)
  expect(stamper.reanchored).toBe(true)
})

test('audio after a break is anchored at once, unless it would overlap what was sent', () => {
  const stamper = new AudioStamper()
  stamper.stamp(0, 960)
  stamper.break()
  expect(stamper.stamp(1000, 960)).toBe(1000)
  stamper.break()
  expect(stamper.stamp(1500, 960)).toBe(1960)
})
