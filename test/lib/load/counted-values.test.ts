// Distributions of any number of values in bounded memory.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CountedValues } from '../../../src/lib/load/counted-values.ts'
import { distributionOf } from '../../../src/lib/protocol/load-figures.ts'

const counted = (values: readonly (number | null)[], max?: number) => {
  const all = new CountedValues(max)
  for (const value of values) all.add(value)
  return all
}
const values = fc.array(fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })), { minLength: 1, maxLength: 200 })

describe('counted values', () => {
  it('are nothing of nothing', () => {
    expect(new CountedValues().distribution()).toBeUndefined()
  })

  it('have the distribution of the values', () => {
    fc.assert(
      fc.property(values, (all) => {
        const { mean, ...ranks } = counted(all).distribution()!
        const { mean: wanted, ...wantedRanks } = distributionOf(all)!
        expect(ranks).toEqual(wantedRanks)
        if (wanted === null) expect(mean).toBeNull()
        else expect(mean).toBeCloseTo(wanted, 3)
      }),
    )
  })

  it('are rounded to three digits where there are too many, and none is left out', () => {
    fc.assert(
      fc.property(values, (all) => {
        const rough = counted(all, 10).distribution()!
        const exact = distributionOf(all)!
        expect(rough.count).toBe(exact.count)
        for (const rank of ['min', 'p50', 'p90', 'p99', 'max'] as const) {
          if (exact[rank] === null) expect(rough[rank]).toBeNull()
          else expect(Math.abs(rough[rank]! - exact[rank])).toBeLessThanOrEqual(exact[rank] * 0.005)
        }
      }),
    )
  })

  it('are not touched by what a copy takes', () => {
    const all = counted([1, 2])
    all.copy().add(3)
    expect(all.distribution()!.count).toBe(2)
  })
})
