import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BucketCounts, countsSince, type HistogramCounts, quantileOf } from '../../../src/lib/model/histogram.ts'

const edges = [1, 2, 5, 10]
const countsOf = (values: readonly number[], among: readonly number[] = edges): HistogramCounts => {
  const counts = new BucketCounts(among)
  for (const value of values) counts.record(value)
  return counts.read()
}
/** In quarters: sums of them are exact. */
const values = fc.array(
  fc.nat(60).map((quarters) => quarters / 4),
  { maxLength: 100 },
)

describe('counts', () => {
  it('have how many values are no more than each edge, the edge itself with them', () => {
    expect(countsOf([0, 1, 1.25, 5, 11, -3])).toEqual({ upTo: [3, 4, 5, 5], count: 6, sum: 15.25 })
    expect(countsOf([])).toEqual({ upTo: [0, 0, 0, 0], count: 0, sum: 0 })
    expect(countsOf([1, 2], [])).toEqual({ upTo: [], count: 2, sum: 3 })
  })

  it('are what counting by hand gives, and read again they are the same', () => {
    fc.assert(
      fc.property(values, (all) => {
        const counts = new BucketCounts(edges)
        for (const value of all) counts.record(value)
        const read = counts.read()
        expect(read.upTo).toEqual(edges.map((edge) => all.filter((value) => value <= edge).length))
        expect(read.count).toBe(all.length)
        expect(counts.read()).toEqual(read)
      }),
      { seed: 1 },
    )
  })
})

describe('what came between two readings', () => {
  it('is what was counted meanwhile', () => {
    fc.assert(
      fc.property(values, values, (before, meanwhile) => {
        expect(countsSince(countsOf([...before, ...meanwhile]), countsOf(before))).toEqual(countsOf(meanwhile))
      }),
      { seed: 1 },
    )
  })

  it('is the later one alone where there is no earlier one, or counting has begun anew', () => {
    const now = countsOf([1, 2])
    expect(countsSince(now, undefined)).toBe(now)
    expect(countsSince(now, countsOf([1, 2, 3]))).toBe(now)
  })
})

describe('a quantile', () => {
  it('is told as evenly spread between the edges', () => {
    const counts = countsOf([...Array(50).fill(1), ...Array(50).fill(2)])
    expect([0.25, 0.5, 0.75, 1].map((share) => quantileOf(counts, edges, share))).toEqual([0.5, 1, 1.5, 2])
    expect(quantileOf(countsOf(Array(10).fill(7)), edges, 0.5)).toBe(7.5)
  })

  it('is the last edge for what is beyond it, and none of nothing', () => {
    expect(quantileOf(countsOf([100, 200, 1]), edges, 0.99)).toBe(10)
    expect(quantileOf(countsOf([]), edges, 0.5)).toBeUndefined()
    expect(quantileOf(countsOf([1], []), [], 0.5)).toBeUndefined()
  })

  it('lies in the bucket of the value that it stands for, and grows with the share', () => {
    const among = fc.array(
      fc.nat(60).map((quarters) => quarters / 4 + 0.01),
      { minLength: 1, maxLength: 80 },
    )
    fc.assert(
      fc.property(among, (all) => {
        const counts = countsOf(all)
        const sorted = all.toSorted((a, b) => a - b)
        let last = 0
        for (const share of [0.01, 0.1, 0.5, 0.9, 0.99, 1]) {
          const told = quantileOf(counts, edges, share)!
          const real = sorted[Math.ceil(share * all.length) - 1]!
          const bucket = edges.findIndex((edge) => real <= edge)
          if (bucket < 0) expect(told).toBe(edges.at(-1))
          else {
            expect(told).toBeLessThanOrEqual(edges[bucket]!)
            expect(told).toBeGreaterThanOrEqual(bucket === 0 ? 0 : edges[bucket - 1]!)
          }
          expect(told).toBeGreaterThanOrEqual(last)
          last = told
        }
      }),
      { seed: 1 },
    )
  })
})
