import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatenessHistogram } from '../../../../src/lib/media/playback/lateness.ts'

test('a quantile is never below the true one and at most one step above it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -2, max: 900, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.9, 0.99, 1),
      (values, share) => {
        const histogram = new LatenessHistogram()
        for (const value of values) histogram.record(value)
        const sorted = values.toSorted((a, b) => a - b)
        const exact = Math.max(0, sorted[Math.ceil(share * sorted.length) - 1]!)
        expect(histogram.quantile(share)).toBeGreaterThanOrEqual(exact)
        expect(histogram.quantile(share)).toBeLessThanOrEqual(exact + (exact < 64 ? 0.25 : 16))
      },
    ),
  )
})

test('starts over at reset, and says the maximum above its range', () => {
  const all = new LatenessHistogram()
  all.record(1)
  all.record(5000)
  expect(all.count).toBe(2)
  expect(all.quantile(1)).toBe(5000)
  all.reset()
  expect(all.quantile(0.99)).toBe(0)
})

test('many add up to one that tells how many packets were late by no more than each edge', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.double({ min: -2, max: 2000, noNaN: true }))), (viewers) => {
      const total = new LatenessHistogram()
      for (const values of viewers) {
        const histogram = new LatenessHistogram()
        for (const value of values) histogram.record(value)
        total.add(histogram)
      }
      const all = viewers.flat()
      const edgesMs = [1, 10, 64, 128, 512]
      const { upTo, count, sum } = total.read(edgesMs)
      expect(count).toBe(all.length)
      expect(sum).toBeCloseTo(
        all.reduce((total, value) => total + Math.max(0, value), 0),
        6,
      )
      expect(upTo).toEqual(edgesMs.map((edgeMs) => all.filter((value) => value < edgeMs).length))
    }),
  )
})
