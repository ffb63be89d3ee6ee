import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  impossibleCounters,
  type ViewerReport,
  viewerCounterRates,
  viewerReportLimits,
} from '../../../src/lib/model/viewer-report.ts'

const counters = Object.keys(viewerCounterRates) as (keyof ViewerReport)[]

it('a viewer cannot have seen more than there was time for', () => {
  const honest = {
    framesReceived: 3600,
    totalFreezesDurationS: 30,
    freezeCount: 4,
    bytesReceived: 1e8,
    firstFrameMs: 300,
  }
  expect(impossibleCounters(honest, 60)).toEqual([])
  expect(impossibleCounters({}, 0)).toEqual([])
  const most = Number.MAX_SAFE_INTEGER
  expect(
    impossibleCounters({ ...honest, freezeCount: most, totalFreezesDurationS: 1e9, bytesReceived: most }, 60),
  ).toEqual(['freezeCount', 'totalFreezesDurationS', 'bytesReceived'])
})

it('a viewer may have begun to count before the stream was open', () => {
  expect(impossibleCounters({ totalFreezesDurationS: 10, framesReceived: 300 }, 0)).toEqual([])
})

it('a counter is impossible exactly where it has grown faster than it can, and the others do not suffer for it', () => {
  const age = fc.double({ min: 0, max: 1e6, noNaN: true })
  const share = fc.double({ min: 0, max: 2, noNaN: true })
  fc.assert(
    fc.property(fc.constantFrom(...counters), age, share, (field, ageS, part) => {
      const most = viewerCounterRates[field]! * (ageS + 60)
      const others = Object.fromEntries(counters.filter((one) => one !== field).map((one) => [one, 0]))
      expect(impossibleCounters({ ...others, [field]: most * part }, ageS)).toEqual(part > 1 ? [field] : [])
    }),
  )
})

it('what was possible stays so as the stream grows older', () => {
  const report = fc.record(
    Object.fromEntries(counters.map((field) => [field, fc.double({ min: 0, max: 1e8, noNaN: true })])),
  )
  const age = fc.double({ min: 0, max: 1e5, noNaN: true })
  fc.assert(
    fc.property(report, age, age, (said, younger, more) => {
      expect(impossibleCounters(said, younger)).toEqual(
        expect.arrayContaining(impossibleCounters(said, younger + more)),
      )
    }),
  )
})

it('what is measured now and then is not held against the age of the stream', () => {
  const gauges = (Object.keys(viewerReportLimits) as (keyof ViewerReport)[]).filter(
    (field) => !counters.includes(field),
  )
  expect(gauges).toContain('roundTripTimeMs')
  const most = Object.fromEntries(gauges.map((field) => [field, viewerReportLimits[field]]))
  expect(impossibleCounters(most, 0)).toEqual([])
})
