import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createFrameGrid,
  type FrameGridOptions,
  type Pick,
  segmentAt,
} from '../../../../src/lib/media/transcode/grid.ts'

function run(times: readonly number[], endS: number, options: Partial<FrameGridOptions> = {}): Pick[] {
  const grid = createFrameGrid({ segmentS: 1, from: 0, frameRate: 30, ...options })
  return [...times.flatMap((timeS) => [...grid.picks(timeS)]), ...grid.rest(endS)]
}

const regular = (rate: number, seconds: number) => Array.from({ length: rate * seconds }, (_, i) => i / rate)

describe('the segment grid', () => {
  it('takes a frame that a container rounded down as the first of its segment', () => {
    expect(segmentAt(1.999, 1)).toBe(2)
    expect(segmentAt(1.997, 1)).toBe(1)
  })

  it('takes every frame of a source within the rate, with a key frame on every full second', () => {
    const picks = run(regular(24, 3), 3, { sourceFrameRate: 24 })
    expect(picks.map(({ timeS }) => timeS)).toEqual(regular(24, 3))
    expect(picks.filter(({ isKey }) => isKey).map(({ timeS }) => timeS)).toEqual([0, 1, 2])
  })

  it('takes every second frame at twice the rate, the same ones from any start', () => {
    const whole = run(regular(60, 4), 4, { sourceFrameRate: 60 })
    const late = run(regular(60, 4), 4, { sourceFrameRate: 60, from: 2 })
    expect(whole).toHaveLength(120)
    expect(late).toEqual(whole.filter(({ timeS }) => timeS >= 2))
  })

  it('repeats what is shown where a segment has no frame of its own at its start', () => {
    const picks = run([0.5, 3.25], 5.5)
    expect(picks.map(({ timeS, which }) => [timeS, which])).toEqual([
      [0, 'current'],
      [0.5, 'current'],
      [1, 'previous'],
      [2, 'previous'],
      [3, 'previous'],
      [3.25, 'current'],
      [4, 'previous'],
      [5, 'previous'],
    ])
  })

  it('gives rising times, and a key frame first in each segment with none left out, whatever the source does', () => {
    const times = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 60 })
    const rate = fc.option(fc.constantFrom(15, 30, 60, 240), { nil: undefined })
    fc.assert(
      fc.property(times, rate, fc.integer({ min: 0, max: 5 }), (times, sourceFrameRate, from) => {
        const picks = run(times, 22, { from, ...(sourceFrameRate !== undefined && { sourceFrameRate }) })
        for (let i = 1; i < picks.length; i++) expect(picks[i]!.timeS).toBeGreaterThan(picks[i - 1]!.timeS)
        const keys = picks.filter(({ isKey }) => isKey).map(({ timeS }) => segmentAt(timeS, 1))
        expect(keys).toEqual(Array.from({ length: 22 - from }, (_, i) => from + i))
        let segment = -1
        for (const { timeS, isKey } of picks) {
          if (segmentAt(timeS, 1) !== segment) expect(isKey).toBe(true)
          segment = segmentAt(timeS, 1)
        }
      }),
    )
  })
})
