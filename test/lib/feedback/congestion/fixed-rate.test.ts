import { expect, it } from 'vitest'
import { createFixedRate } from '../../../../src/lib/feedback/congestion/fixed-rate.ts'

it('allows the same, whatever the path says', () => {
  const control = createFixedRate(1_000_000)
  const before = { ...control.allowance }
  expect(before).toEqual({ targetBps: 1_000_000, pacingBps: 3_000_000, paddingBps: 0 })
  const lost = { sequence: 0, kind: 'media', byteLength: 1200, sentAtMs: 0, wasLost: false } as const
  for (let atMs = 0; atMs < 1000; atMs += 25) {
    control.onSent('media', 1200, atMs)
    control.onFeedback({ atMs, packets: [lost], missedFeedback: 3 })
    control.onReceiverEstimate(50_000, atMs)
    control.onTick(atMs)
  }
  expect(control.allowance).toEqual(before)
  expect(createFixedRate().allowance.targetBps).toBe(2_500_000)
})
