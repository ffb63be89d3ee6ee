import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Epoch } from '../../../../../src/lib/protocol/control.ts'
import { MediaClock } from '../../../../../src/web/player/clock.ts'

const epoch = (rtpTimestamp: number, mediaTimeS: number, rate: 0 | 1 = 1): Epoch => ({
  ...{ rtpTimestamp: rtpTimestamp >>> 0, mediaTimeS, rate },
  cause: 'play',
})

/** A receiver that played this last. */
const receiver = (...rtpTimestamps: number[]) =>
  ({ getSynchronizationSources: () => rtpTimestamps.map((rtpTimestamp) => ({ rtpTimestamp })) }) as never

function clockOf(durationS: number, ...epochs: readonly Epoch[]) {
  const clock = new MediaClock()
  clock.describe(90_000, durationS)
  for (const one of epochs) clock.add(one, 0)
  return clock
}

describe('the clock of what is shown', () => {
  it('knows nothing before the first epoch', () => {
    const clock = new MediaClock()
    expect([clock.nowS(5), clock.epoch, clock.announced]).toEqual([undefined, undefined, undefined])
    clock.shown(90_000)
    expect(clock.nowS(5)).toBeUndefined()
  })

  it('runs by itself until something is shown, and then by the frames', () => {
    const clock = clockOf(60, epoch(0, 10))
    expect(clock.nowS(2500)).toBe(12.5)
    clock.shown(90_000)
    expect(clock.nowS(99_000)).toBe(11)
  })

  it('stands still in a pause, with and without frames', () => {
    const clock = clockOf(60, epoch(0, 10, 0))
    expect(clock.nowS(5000)).toBe(10)
    clock.shown(450_000)
    expect(clock.nowS(5000)).toBe(10)
  })

  it('shows what was before a seek until a frame of after it is there', () => {
    const clock = clockOf(60, epoch(0, 10), epoch(180_000, 50))
    clock.shown(90_000)
    expect([clock.nowS(0), clock.epoch?.mediaTimeS, clock.announced?.mediaTimeS]).toEqual([11, 10, 50])
    clock.shown(180_000)
    expect([clock.nowS(0), clock.epoch?.mediaTimeS]).toEqual([50, 50])
  })

  it('never stands before the epoch, nor outside the content', () => {
    const clock = clockOf(60, epoch(90_000, 10))
    clock.shown(0)
    expect(clock.nowS(0)).toBe(10)
    clock.shown(90_000 * 100)
    expect(clock.nowS(0)).toBe(60)
  })

  it('goes by what the receiver played where frames say nothing, with the rate of the sound', () => {
    const clock = new MediaClock()
    clock.describe(48_000, 60)
    clock.add(epoch(0, 10), 0)
    clock.watch(receiver())
    expect(clock.nowS(1000)).toBe(11)
    clock.watch(receiver(96_000, 7))
    expect(clock.nowS(1000)).toBe(12)
  })

  it('forgets everything of one connection when the next one begins', () => {
    const clock = clockOf(60, epoch(0, 10))
    clock.watch(receiver(90_000))
    clock.shown(90_000)
    clock.reset()
    expect([clock.nowS(0), clock.announced]).toEqual([undefined, undefined])
    clock.add(epoch(500_000, 30), 1000)
    expect(clock.nowS(1500)).toBe(30.5)
  })

  it('goes on for days, although the timestamps of RTP come round in half a day', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.array(fc.integer({ min: 1, max: 2 ** 30 }), { minLength: 20, maxLength: 40 }),
        (start, steps) => {
          const clock = clockOf(0, epoch(start, 5))
          let ticks = 0
          for (const step of steps) {
            ticks += step
            clock.shown((start + ticks) >>> 0)
            expect(clock.nowS(0)).toBeCloseTo(5 + ticks / 90_000, 3)
          }
        },
      ),
    )
  })
})
