import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PacingErrors } from '../../../../src/lib/media/playback/pacing-errors.ts'
import { quantileOf } from '../../../../src/lib/model/histogram.ts'
import { viewerPacingEdgesMs } from '../../../../src/lib/model/stats.ts'

test('a percentile of what it counted is off by one step at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -2, max: 1000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.9, 0.99, 1),
      (values, share) => {
        const errors = new PacingErrors()
        for (const value of values) errors.record(value)
        const sorted = values.toSorted((a, b) => a - b)
        const exact = Math.max(0, sorted[Math.ceil(share * sorted.length) - 1]!)
        const found = quantileOf(errors.read(viewerPacingEdgesMs), viewerPacingEdgesMs, share)!
        const stepMs = exact < 8 ? 0.5 : exact < 32 ? 1 : exact < 64 ? 4 : exact < 256 ? 16 : 64
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(stepMs)
      },
    ),
  )
})

test('what lies beyond the last step is told as the last one', () => {
  const errors = new PacingErrors()
  errors.record(5000)
  expect(errors.read([512, 1088])).toEqual({ upTo: [0, 0], count: 1, sum: 5000 })
  expect(quantileOf(errors.read(viewerPacingEdgesMs), viewerPacingEdgesMs, 0.99)).toBe(1088)
})

test('many add up to one that tells how many packets were late by no more than each edge', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.double({ min: -2, max: 2000, noNaN: true }))), (viewers) => {
      const total = new PacingErrors()
      for (const values of viewers) {
        const errors = new PacingErrors(total)
        for (const value of values) errors.record(value)
        expect(errors.count).toBe(values.length)
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
