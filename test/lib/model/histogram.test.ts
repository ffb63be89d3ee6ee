import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BucketCounts, countsSince, quantileOf } from '../../../src/lib/model/histogram.ts'

const edges = [1, 2, 5, 10]
const counted = (values: readonly number[]) => {
  const counts = new BucketCounts(edges)
  for (const value of values) counts.record(value)
  return counts.read()
}
const values = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 60 })
const some = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1, maxLength: 60 })

describe('counts', () => {
  it('are of how many values were no more than each edge, the edge itself included', () => {
    expect(counted([0, 1, 1.5, 5, 10, 10.5, 1000])).toEqual({ upTo: [2, 3, 4, 5], count: 7, sum: 1028 })
    expect(counted([])).toEqual({ upTo: [0, 0, 0, 0], count: 0, sum: 0 })
  })

  it('are those that anybody counts', () => {
    fc.assert(
      fc.property(values, (all) => {
        const { upTo, count, sum } = counted(all)
        expect(upTo).toEqual(edges.map((edge) => all.filter((value) => value <= edge).length))
        expect(count).toBe(all.length)
        expect(sum).toBeCloseTo(
          all.reduce((total, value) => total + value, 0),
          6,
        )
      }),
    )
  })

  it('that were read do not change with what is recorded after', () => {
    const counts = new BucketCounts(edges)
    const before = counts.read()
    counts.record(1)
    expect(before).toEqual(counted([]))
  })
})

describe('what came between two readings', () => {
  it('is what was recorded between them', () => {
    fc.assert(
      fc.property(values, values, (first, then) => {
        const between = countsSince(counted([...first, ...then]), counted(first))
        const { upTo, count, sum } = counted(then)
        expect(between).toMatchObject({ upTo, count })
        expect(between.sum).toBeCloseTo(sum, 6)
      }),
    )
  })

  it('is all of the later one where there is none before, or counting began anew', () => {
    const now = counted([1, 2])
    expect(countsSince(now, undefined)).toBe(now)
    expect(countsSince(now, counted([1, 1, 1]))).toBe(now)
  })
})

describe('a quantile', () => {
  it('lies between the edges of its bucket, evenly spread', () => {
    expect(quantileOf(counted([0.5, 0.5]), edges, 0.5)).toBe(0.5)
    expect(quantileOf(counted([3, 3, 3, 3]), edges, 0.5)).toBe(3.5)
    expect(quantileOf(counted([0, 7]), edges, 1)).toBe(10)
    expect(quantileOf(counted([7]), edges, 0)).toBe(5)
  })

  it('is the last edge for values beyond it, and unknown where there are none', () => {
    expect(quantileOf(counted([100, 200]), edges, 0.5)).toBe(10)
    expect(quantileOf(counted([1, 100]), edges, 0.99)).toBe(10)
    expect(quantileOf(counted([]), edges, 0.5)).toBeUndefined()
  })

  it('is in the bucket of the nearest rank, and never falls as the share rises', () => {
    const share = fc.double({ min: 0.01, max: 1, noNaN: true })
    fc.assert(
      fc.property(some, share, share, (all, one, other) => {
        const counts = counted(all)
        const [low, high] = [Math.min(one, other), Math.max(one, other)]
        expect(quantileOf(counts, edges, low)!).toBeLessThanOrEqual(quantileOf(counts, edges, high)!)
        const exact = all.toSorted((a, b) => a - b)[Math.ceil(low * all.length) - 1]!
        const upper = edges.find((edge) => exact <= edge) ?? 10
        const lower = exact > 10 ? 10 : (edges.findLast((edge) => edge < exact) ?? 0)
        const told = quantileOf(counts, edges, low)!
        expect(told).toBeGreaterThanOrEqual(lower)
        expect(told).toBeLessThanOrEqual(upper)
      }),
    )
  })
})
