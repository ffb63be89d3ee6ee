import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BucketCounts } from '../../../src/lib/model/histogram.ts'
import { ratesOf } from '../../../src/lib/model/rates.ts'
import { type StatsSnapshot, type TimedReport, viewerPacingEdgesMs } from '../../../src/lib/model/stats.ts'
import { counted, outbound } from '../../support/stats.ts'

const told = (packetsLost: number, highestSequence: number, fractionLost = 0) =>
  counted({ video: outbound({ packetsLost, highestSequence, fractionLost }) })

describe('the loss', () => {
  it('is of all that was expected since the snapshot before, whatever share the last report is of', () => {
    expect(ratesOf(told(15, 300), told(5, 100)).lossRatio).toBe(10 / 200)
    expect(ratesOf(told(14, 400), told(15, 300)).lossRatio).toBe(0)
  })

  it('is that of the last report where there is nothing before, no report came between, or the viewer began anew', () => {
    expect(ratesOf(told(5, 100, 0.25), undefined).lossRatio).toBe(0.25)
    expect(ratesOf(told(15, 300, 0.125), told(15, 300, 0.125)).lossRatio).toBe(0.125)
    expect(ratesOf(told(1, 20, 0.05), told(15, 300)).lossRatio).toBe(0.05)
    expect(ratesOf(counted({ video: outbound() }), told(15, 300)).lossRatio).toBeUndefined()
  })

  it('goes on where the sequence has come round, because its cycles are in it', () => {
    expect(ratesOf(told(20, 65_536 + 100), told(10, 65_500)).lossRatio).toBe(10 / 136)
  })
})

describe('rates', () => {
  it('are the worse of picture and sound, in their units', () => {
    const video = outbound({ fractionLost: 0.01, roundTripTimeS: 0.03, jitterS: 0.002 })
    const audio = outbound({ fractionLost: 0.05, roundTripTimeS: 0.02 })
    const viewer = { atMs: 900, jitterBufferDelayMs: 40 }
    expect(ratesOf(counted({ video, audio, viewer }), undefined)).toMatchObject({
      lossRatio: 0.05,
      roundTripMs: 30,
      jitterMs: 2,
      mediaLatencyMs: 55,
      video: { lossRatio: 0.01 },
      audio: { lossRatio: 0.05 },
    })
  })

  it('are never negative, and absent where the clock was set back, whatever the counters do', () => {
    const count = fc.nat(1e9)
    const one = fc.record({ bytesSent: count, framesSent: count }).map(outbound)
    const snapshot = fc.record({
      atMs: fc.integer({ min: 0, max: 1e6 }),
      video: one,
      audio: one,
      underruns: fc.nat(99),
    })
    fc.assert(
      fc.property(snapshot, snapshot, (first, second) => {
        const rates = ratesOf(counted(second), counted(first))
        const elapsedMs = second.atMs - first.atMs
        expect(rates.underruns).toBe(Math.max(0, second.underruns - first.underruns))
        if (elapsedMs <= 0) {
          expect(rates.bitrateBps).toBeUndefined()
          expect(rates.video.framesPerSecond).toBeUndefined()
          return
        }
        const bytes = second.video.bytesSent + second.audio.bytesSent - first.video.bytesSent - first.audio.bytesSent
        expect((rates.bitrateBps! * elapsedMs) / 8000).toBeCloseTo(Math.max(0, bytes), 3)
        const frames = Math.max(0, second.audio.framesSent - first.audio.framesSent)
        expect((rates.audio.framesPerSecond! * elapsedMs) / 1000).toBeCloseTo(frames, 3)
      }),
    )
  })

  it('of a time are those of its parts, weighed by how long they are, in however many parts somebody looks', () => {
    const steps = fc.array(
      fc.record({ ms: fc.integer({ min: 1, max: 5000 }), bytes: fc.nat(1e6), late: fc.nat(400) }),
      {
        minLength: 1,
        maxLength: 20,
      },
    )
    fc.assert(
      fc.property(steps, (parts) => {
        const errors = new BucketCounts(viewerPacingEdgesMs)
        let now = counted({ atMs: 0, video: outbound(), pacingErrors: errors.read() })
        const first = now
        let bits = 0
        for (const { ms, bytes, late } of parts) {
          const before: StatsSnapshot = now
          errors.record(late)
          now = {
            ...now,
            atMs: now.atMs + ms,
            video: outbound({ bytesSent: now.video!.bytesSent + bytes }),
            pacingErrors: errors.read(),
          }
          bits += (ratesOf(now, before).bitrateBps! * ms) / 1000
          expect(Math.abs(ratesOf(now, before).pacingErrorP99Ms! - late)).toBeLessThanOrEqual(64)
        }
        expect((ratesOf(now, first).bitrateBps! * (now.atMs - first.atMs)) / 1000).toBeCloseTo(bits, 0)
      }),
    )
  })

  it('count an underrun that lasts in every stretch of time, so that it weighs as long as the picture stands', () => {
    const [began, lasts, over] = [
      { underruns: 1, isStalled: true },
      { underruns: 1, isStalled: true },
      { underruns: 1 },
    ]
    const stretches = [
      [counted(), began],
      [counted(began), lasts],
      [counted(lasts), over],
    ] as const
    expect(stretches.map(([before, now]) => ratesOf(counted(now), before).underruns)).toEqual([1, 1, 0])
  })

  it('have no pacing error where nothing was sent', () => {
    const errors = new BucketCounts(viewerPacingEdgesMs)
    errors.record(3)
    const pacingErrors = errors.read()
    expect(ratesOf(counted({ pacingErrors }), counted({ pacingErrors })).pacingErrorP99Ms).toBeUndefined()
    expect(ratesOf(counted({ pacingErrors }), undefined).pacingErrorP99Ms).toBeCloseTo(3, 0)
  })
})

describe('what a viewer saw', () => {
  const first: TimedReport = { totalFreezesDurationS: 1, framesDecoded: 100, framesDropped: 0, atMs: 10_000 }
  const seen = (viewer: TimedReport, before: Partial<StatsSnapshot> = { viewer: first }) =>
    ratesOf(counted({ viewer, viewerBefore: first }), counted(before))

  it('is a share of the time since the report that the snapshot before had', () => {
    const second = { totalFreezesDurationS: 1.5, framesDecoded: 145, framesDropped: 5, atMs: 12_000 }
    expect(seen(second)).toMatchObject({ frozenRatio: 0.25, droppedRatio: 0.1 })
    // Two reports between two polls: both count.
    const third = { totalFreezesDurationS: 1.5, framesDecoded: 145, framesDropped: 5, atMs: 14_000 }
    const two = ratesOf(counted({ viewer: third, viewerBefore: second }), counted({ viewer: first }))
    expect(two.frozenRatio).toBe(0.125)
  })

  it('is that of its last two reports where none came since the snapshot before', () => {
    const second = { totalFreezesDurationS: 1.5, atMs: 12_000 }
    expect(seen(second, { viewer: second })).toMatchObject({ frozenRatio: 0.25 })
    expect(ratesOf(counted({ viewer: second, viewerBefore: first }), undefined).frozenRatio).toBe(0.25)
  })

  it('is at most all of the time, and no frames are none dropped', () => {
    const second = { totalFreezesDurationS: 9, framesDecoded: 100, framesDropped: 0, atMs: 12_000 }
    expect(seen(second)).toMatchObject({ frozenRatio: 1, droppedRatio: 0 })
  })

  it('is not known of a first report, of what goes back, is not said, or comes from before the clock was set back', () => {
    expect(ratesOf(counted({ viewer: first }), undefined)).not.toHaveProperty('frozenRatio')
    expect(seen({ totalFreezesDurationS: 0, atMs: 12_000 })).not.toHaveProperty('frozenRatio')
    expect(seen({ framesDropped: 2, atMs: 12_000 })).not.toHaveProperty('droppedRatio')
    expect(seen({ totalFreezesDurationS: 2, atMs: 10_000 })).not.toHaveProperty('frozenRatio')
  })
})
