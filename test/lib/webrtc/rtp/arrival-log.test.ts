import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ArrivalLog } from '../../../../src/lib/webrtc/rtp/arrival-log.ts'
import { maxFeedbackPackets } from '../../../../src/lib/webrtc/rtp/transport-feedback.ts'

const filled = (arrivals: readonly [sequence: number, atMs: number][]): ArrivalLog => {
  const log = new ArrivalLog()
  for (const [sequence, atMs] of arrivals) log.add(sequence, atMs)
  return log
}

describe('arrivals', () => {
  it('are reported with the holes between them, once, over the wrap of the sequence', () => {
    const log = filled([
      [65_534, 10],
      [65_535, 11],
      [1, 13],
    ])
    expect(log.take(20)).toEqual({ baseSequence: 65_534, receivedAtMs: [10, 11, null, 13] })
    expect(log.take(20)).toBeUndefined()
    log.add(4, 30)
    expect(log.take(40)).toEqual({ baseSequence: 2, receivedAtMs: [null, null, 30] })
  })

  it('that were overtaken are reported with what came around them, and nothing counts as lost that has come', () => {
    const log = filled([
      [10, 1],
      [11, 2],
      [14, 3],
    ])
    log.take(20)
    log.add(12, 25)
    log.add(12, 26)
    log.add(15, 27)
    expect(log.take(40)).toEqual({ baseSequence: 12, receivedAtMs: [25, null, 3, 27] })
  })

  it('from before the first one make a report begin earlier', () => {
    expect(
      filled([
        [5, 1],
        [3, 2],
      ]).take(9),
    ).toEqual({ baseSequence: 3, receivedAtMs: [2, null, 1] })
  })

  it('from before what was forgotten after half a second are not reported any more', () => {
    const log = filled([
      [10, 1],
      [12, 600],
    ])
    log.take(600)
    log.add(9, 620)
    expect(log.unreported).toBe(0)
    log.add(13, 630)
    expect(log.take(640)).toEqual({ baseSequence: 13, receivedAtMs: [630] })
  })

  it('are told of as far back as a feedback reaches, in time and in number', () => {
    const asleep = filled([
      [0, 1000],
      [1, 9000],
    ])
    expect(asleep.take(9000)).toEqual({ baseSequence: 0, receivedAtMs: [null, 9000] })
    const far = filled([
      [0, 1],
      [20_000, 2],
    ]).take(3)!
    expect(far.receivedAtMs).toHaveLength(maxFeedbackPackets)
    expect([far.baseSequence, far.receivedAtMs.at(-1)]).toEqual([20_001 - maxFeedbackPackets, 2])
  })
})

it('says of every packet that came in time when it came, whatever is lost, doubled or overtaken', () => {
  const packet = fc.record({ isLost: fc.boolean(), delay: fc.integer({ min: 0, max: 300 }), isTwice: fc.boolean() })
  fc.assert(
    fc.property(fc.nat(65_535), fc.array(packet, { minLength: 2, maxLength: 300 }), (first, packets) => {
      const log = new ArrivalLog()
      const arrivals = packets
        .flatMap(({ isLost, delay, isTwice }, i) => {
          const atMs = 4 * i + delay
          if (isLost) return []
          return [{ i, atMs }, ...(isTwice ? [{ i, atMs: atMs + 7 }] : [])]
        })
        .toSorted((a, b) => a.atMs - b.atMs)
      const told = new Map<number, number>()
      const report = (nowMs: number) => {
        const feedback = log.take(nowMs)
        for (const [i, atMs] of (feedback?.receivedAtMs ?? []).entries())
          if (atMs !== null) told.set((feedback!.baseSequence - first + i) & 0xffff, atMs)
      }
      let reportedMs = 0
      for (const { i, atMs } of arrivals) {
        if (atMs - reportedMs >= 60) {
          report(atMs)
          reportedMs = atMs
        }
        log.add((first + i) & 0xffff, atMs)
      }
      report((arrivals.at(-1)?.atMs ?? 0) + 60)
      const expected = new Map(arrivals.toReversed().map(({ i, atMs }) => [i, atMs]))
      expect([...told].toSorted()).toEqual([...expected].toSorted())
    }),
    { numRuns: 200, seed: 9 },
  )
})
