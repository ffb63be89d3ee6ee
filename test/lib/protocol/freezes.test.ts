// Freezes after W3C webrtc-stats, by hand.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FreezeCounter } from '../../../src/lib/protocol/freezes.ts'
import { Stillness } from '../../../src/lib/protocol/stillness.ts'

/** A counter that has seen a frame every 40 ms up to `endMs`. */
function playing(endMs = 1640, everyMs = 40) {
  const stillness = new Stillness()
  const counter = new FreezeCounter(stillness)
  for (let nowMs = 0; nowMs <= endMs; nowMs += everyMs) counter.add(nowMs)
  const after = (gapMs: number) => {
    counter.add(endMs + gapMs)
    return counter.at(endMs + gapMs)
  }
  return { stillness, counter, endMs, after }
}
const none = { freezeCount: 0, totalFreezesDurationS: 0 }

describe('freezes', () => {
  it('are none in steady video, nor before any', () => {
    expect(playing().counter.at(1640)).toEqual(none)
    expect(new FreezeCounter(new Stillness()).at(1e6)).toEqual(none)
  })

  it('are gaps of at least the mean and 150 ms', () => {
    expect(playing().after(189)).toEqual(none)
    expect(playing().after(190)).toEqual({ freezeCount: 1, totalFreezesDurationS: 0.19 })
  })

  it('are gaps of three means where that is more', () => {
    expect(playing(8000, 200).after(599)).toEqual(none)
    expect(playing(8000, 200).after(600).freezeCount).toBe(1)
  })

  it('count while they last, and once', () => {
    const { counter, endMs, after } = playing()
    // It may be over without having been seen.
    expect(counter.at(endMs + 489)).toEqual(none)
    expect(counter.at(endMs + 490)).toEqual({ freezeCount: 1, totalFreezesDurationS: 0.49 })
    expect(counter.at(endMs + 1000)).toEqual({ freezeCount: 1, totalFreezesDurationS: 1 })
    expect(counter.at(endMs + 5000)).toEqual({ freezeCount: 1, totalFreezesDurationS: 5 })
    expect(after(6000)).toEqual({ freezeCount: 1, totalFreezesDurationS: 6 })
  })

  it('are not the time that was asked for, but what is left of a gap beside it', () => {
    const paused = playing()
    paused.stillness.command({ type: 'pause' }, paused.endMs + 10)
    paused.stillness.note(
      { type: 'epoch', epoch: { rtpTimestamp: 0, mediaTimeS: 0, rate: 1, cause: 'play' }, paused: false },
      paused.endMs + 9000,
    )
    expect(paused.after(9100)).toEqual(none)
    const frozen = playing()
    frozen.stillness.command({ type: 'pause' }, frozen.endMs + 2000)
    frozen.stillness.command({ type: 'play' }, frozen.endMs + 2000)
    // A second is granted to the start.
    expect(frozen.after(6000)).toEqual({ freezeCount: 1, totalFreezesDurationS: 5 })
  })

  it('are held against the frames that came by themselves, not against a pause', () => {
    const { stillness, counter, endMs } = playing()
    stillness.command({ type: 'pause' }, endMs)
    stillness.command({ type: 'play' }, endMs + 10_000)
    counter.add(endMs + 10_100)
    counter.add(endMs + 11_400)
    expect(counter.at(endMs + 11_400).freezeCount).toBe(1)
  })

  it('never get less, and never longer than the time, whatever is asked for and shown', () => {
    const step = fc.tuple(
      fc.integer({ min: 1, max: 3000 }),
      fc.constantFrom('add', 'add', 'look', 'play', 'pause', 'seek'),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const stillness = new Stillness()
        const counter = new FreezeCounter(stillness)
        let nowMs = 0
        let before = none
        for (const [afterMs, what] of steps) {
          nowMs += afterMs
          if (what === 'add') counter.add(nowMs)
          else if (what === 'seek') stillness.command({ type: 'seek', timeS: 0 }, nowMs)
          else if (what !== 'look') stillness.command({ type: what as 'play' | 'pause' }, nowMs)
          const now = counter.at(nowMs)
          expect(now.freezeCount).toBeGreaterThanOrEqual(before.freezeCount)
          expect(now.totalFreezesDurationS).toBeGreaterThanOrEqual(before.totalFreezesDurationS)
          expect(now.totalFreezesDurationS).toBeLessThanOrEqual(nowMs / 1000 + 1e-9)
          before = now
        }
      }),
      { seed: 8, numRuns: 300 },
    )
  })
})
