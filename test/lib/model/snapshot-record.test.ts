import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BucketCounts } from '../../../src/lib/model/histogram.ts'
import { SnapshotRecord } from '../../../src/lib/model/snapshot-record.ts'
import { type StatsSnapshot, viewerPacingEdgesMs } from '../../../src/lib/model/stats.ts'
import { counted, outbound } from '../../support/stats.ts'

/** What a stream has counted, step by step of 200 ms. */
function story(seed: readonly number[]): StatsSnapshot[] {
  const errors = new BucketCounts(viewerPacingEdgesMs)
  let [bytesSent, packetsLost, underruns] = [0, 0, 0]
  return seed.map((value, step) => {
    errors.record(value % 300)
    bytesSent += value * 10
    packetsLost += value % 7
    underruns += value % 50 === 0 ? 1 : 0
    const highestSequence = step * 40
    return counted({
      ...{ atMs: step * 200, underruns, pacingErrors: errors.read() },
      video: outbound({ bytesSent, packetsLost, highestSequence, fractionLost: 0, roundTripTimeS: 0.1, jitterS: 0.01 }),
    })
  })
}

const moments = fc.array(fc.nat(1000), { minLength: 30, maxLength: 60 })

it('records the same however many ask in between', () => {
  fc.assert(
    fc.property(moments, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (seed, asks) => {
      const [alone, asked] = [new SnapshotRecord(), new SnapshotRecord()]
      for (const [step, now] of story(seed).entries()) {
        if (asks[step]) asked.ask(now)
        if (step % 10 === 0) expect(asked.add(now)).toEqual(alone.add(now))
      }
    }),
  )
})

it('answers whoever asks the same, whoever else has asked', () => {
  fc.assert(
    fc.property(moments, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (seed, others) => {
      const [alone, crowded] = [new SnapshotRecord(), new SnapshotRecord()]
      for (const [step, now] of story(seed).entries()) {
        if (others[step]) crowded.ask(now)
        if (step % 10 === 0) for (const record of [alone, crowded]) record.add(now)
        if (step % 7 === 0) expect(crowded.ask(now)).toEqual(alone.ask(now))
      }
    }),
  )
})

it('a stall of 150 ms is in the figure of the poll and in that of whoever asks, each time', () => {
  const record = new SnapshotRecord()
  const errors = new BucketCounts(viewerPacingEdgesMs)
  const at = (atMs: number, ...late: readonly number[]) => {
    for (const ms of late) errors.record(ms)
    return counted({ atMs, pacingErrors: errors.read() })
  }
  record.add(at(0, 1, 1))
  const after = at(800, 150, 1, 1)
  expect([1, 2, 3].map(() => record.ask(after).pacingErrorP99Ms! > 144)).toEqual([true, true, true])
  expect(record.add(at(2000, 1, 1, 1)).pacingErrorP99Ms).toBeGreaterThan(144)
})

it('measures nobody against a moment that is hardly past', () => {
  const record = new SnapshotRecord()
  const at = (atMs: number) => counted({ atMs, video: outbound({ bytesSent: atMs * 125 }) })
  expect(record.ask(at(100)).before).toBeUndefined()
  for (const atMs of [0, 2000]) record.add(at(atMs))
  expect(record.ask(at(2001))).toMatchObject({ before: { atMs: 0 } })
  expect(record.ask(at(2001)).bitrateBps).toBeCloseTo(1e6)
  expect(record.ask(at(2500))).toMatchObject({ before: { atMs: 2000 } })
})
