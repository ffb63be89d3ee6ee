import { expect, it } from 'vitest'
import { measure } from '../../../src/lib/model/figures.ts'
import { BucketCounts } from '../../../src/lib/model/histogram.ts'
import { shownStats } from '../../../src/lib/model/shown-stats.ts'
import { viewerPacingEdgesMs } from '../../../src/lib/model/stats.ts'
import { counted, outbound } from '../../support/stats.ts'

it('statistics are shown as they were counted and measured, with reasons in words', () => {
  const pacing = new BucketCounts(viewerPacingEdgesMs)
  pacing.record(3)
  const video = outbound({ fractionLost: 0.03, roundTripTimeS: 0.34, jitterS: 0.001, packetsSent: 9 })
  const now = counted({ atMs: 3000, video, pacingErrors: pacing.read() })
  const shown = shownStats(measure(now, counted()))
  expect(shown).toMatchObject({ streamId: 'a', video: { packetsSent: 9, lossRatio: 0.03 }, bufferS: 2 })
  expect(shown.health.value).toBe(65)
  expect(shown.health.reasons.map(({ text }) => text)).toEqual(['RTT 340 ms', 'loss 3.0 %'])
  expect(shown.videoQuality.unknown).toContain('freezes')
  expect(shown.pacingErrorP99Ms).toBeCloseTo(3, 0)
})

it('what only the next measurement needs is not shown', () => {
  const first = { atMs: 500, totalFreezesDurationS: 0 }
  const viewer = { atMs: 900, totalFreezesDurationS: 0.1 }
  const now = counted({ viewer, viewerBefore: first, isReporting: true })
  const shown = shownStats(measure(now, counted({ atMs: 0 })))
  expect(shown.viewer).toMatchObject({ ...viewer, frozenRatio: 0.25 })
  for (const field of ['before', 'viewerBefore', 'pacingErrors', 'figures']) expect(shown).not.toHaveProperty(field)
})
