import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EpochCause } from '../../../src/lib/model/epoch-cause.ts'
import { Stillness } from '../../../src/lib/protocol/stillness.ts'

const epoch = (cause: EpochCause, rate: 0 | 1, paused = false, rtpTimestamp = 1000) => ({
  type: 'epoch' as const,
  epoch: { rtpTimestamp, mediaTimeS: 0, rate, cause },
  paused,
})
const seek = { type: 'seek', timeS: 5 } as const
const all = (stillness: Stillness) => stillness.between(0, 1e6)

describe('stillness that was asked for', () => {
  it('is a pause, from the command to the first frame after it goes on', () => {
    const stillness = new Stillness()
    stillness.command({ type: 'pause' }, 1000)
    stillness.note(epoch('pause', 0, true), 1010)
    stillness.command({ type: 'play' }, 7000)
    stillness.note(epoch('play', 1), 7010)
    stillness.shown(7060, 1000)
    expect(stillness.between(0, 9000)).toBe(6060)
    expect(stillness.between(2000, 3000)).toBe(1000)
    expect(stillness.timesBetween(0, 9000)).toBe(1)
  })

  it('is a pause that somebody else asked for', () => {
    const stillness = new Stillness()
    stillness.note(epoch('pause', 0, true), 1000)
    stillness.note(epoch('play', 1), 4000)
    stillness.shown(4030)
    expect(all(stillness)).toBe(3030)
  })

  it('is a seek until a frame of where it led, and not one that was on its way', () => {
    const stillness = new Stillness()
    stillness.command(seek, 1000)
    stillness.note(epoch('seek', 0), 1010)
    stillness.note(epoch('seek', 1, false, 90_000), 2000)
    stillness.shown(2020, 89_000)
    expect(stillness.between(2020, 2100)).toBe(80)
    stillness.shown(2100, 90_000)
    expect(all(stillness)).toBe(1100)
  })

  it('is a seek of a picture that is paused, as long as the pause', () => {
    const stillness = new Stillness()
    stillness.command({ type: 'pause' }, 0)
    stillness.command(seek, 1000)
    stillness.note(epoch('seek', 0, true), 1010)
    expect(stillness.between(0, 60_000)).toBe(60_000)
  })

  it('is everything after the end, until it goes elsewhere', () => {
    const stillness = new Stillness()
    stillness.note(epoch('end', 0), 1000)
    expect(stillness.between(0, 60_000)).toBe(59_000)
    stillness.command(seek, 60_000)
    stillness.note(epoch('seek', 1), 60_100)
    stillness.shown(60_150)
    expect(all(stillness)).toBe(59_150)
  })

  it('is not what takes too long: a seek over 4 s, a start over one', () => {
    const stillness = new Stillness()
    stillness.command(seek, 1000)
    expect(all(stillness)).toBe(4000)
    stillness.command({ type: 'pause' }, 10_000)
    stillness.command({ type: 'play' }, 12_000)
    expect(all(stillness)).toBe(4000 + 3000)
  })

  it.each(['start', 'underrun', 'loop', 'server'] as const)('is no epoch for "%s"', (cause) => {
    const stillness = new Stillness()
    stillness.note(epoch(cause, 0), 1000)
    stillness.note(epoch(cause, 1), 5000)
    expect(all(stillness)).toBe(0)
  })

  it('is not made by a play while it plays', () => {
    const stillness = new Stillness()
    stillness.command({ type: 'play' }, 1000)
    expect(all(stillness)).toBe(0)
  })

  it('is never more than the time it is asked about, and adds up, whatever was said', () => {
    const step = fc.record({
      afterMs: fc.integer({ min: 0, max: 3000 }),
      what: fc.oneof(
        fc.constantFrom('play', 'pause', 'seek', 'shown'),
        fc.record({
          cause: fc.constantFrom<EpochCause>('start', 'seek', 'pause', 'play', 'end', 'underrun', 'loop', 'server'),
          rate: fc.constantFrom(0 as const, 1 as const),
          paused: fc.boolean(),
        }),
      ),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(200_000), (steps, middleMs) => {
        const stillness = new Stillness()
        let nowMs = 0
        for (const { afterMs, what } of steps) {
          nowMs += afterMs
          if (what === 'seek') stillness.command(seek, nowMs)
          else if (what === 'shown') stillness.shown(nowMs, nowMs)
          else if (what === 'play' || what === 'pause') stillness.command({ type: what }, nowMs)
          else stillness.note(epoch(what.cause, what.rate, what.paused, nowMs), nowMs)
        }
        const endMs = Math.max(nowMs, middleMs)
        const [early, late] = [stillness.between(0, middleMs), stillness.between(middleMs, endMs)]
        expect(early).toBeGreaterThanOrEqual(0)
        expect(early).toBeLessThanOrEqual(middleMs)
        expect(early + late).toBeCloseTo(stillness.between(0, endMs), 6)
      }),
      { seed: 8, numRuns: 300 },
    )
  })
})
