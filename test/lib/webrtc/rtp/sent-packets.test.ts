import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PacketFeedback } from '../../../../src/lib/model/packet-report.ts'
import { SentPackets } from '../../../../src/lib/webrtc/rtp/sent-packets.ts'
import { parseTransportFeedback } from '../../../../src/lib/webrtc/rtp/transport-feedback.ts'
import { type Status, writeFeedbackBody } from '../../../support/feedback-writer.ts'

const lost: Status = { symbol: 0 }
const arrives = (ticks: number): Status => ({ symbol: ticks >= 0 && ticks < 256 ? 1 : 2, delta: ticks })

/** A connection that sends a packet each millisecond, and a viewer whose feedback is what a test says. */
class Rig {
  readonly sentPackets = new SentPackets()
  nowMs = 10_000
  #feedbackCount = 0

  send(count: number, kind: 'media' | 'rtx' | 'probe' = 'media'): void {
    for (let i = 0; i < count; i++) {
      this.sentPackets.next()
      this.sentPackets.sent(kind, 1000 + (i % 100), this.nowMs++)
    }
  }

  /** The whole way: bytes, parser, history. */
  feedback(baseSequence: number, statuses: Status[], over: { time?: number; count?: number } = {}): PacketFeedback {
    const { time = 100, count = this.#feedbackCount++ } = over
    const body = writeFeedbackBody({
      baseSequence: baseSequence & 0xffff,
      referenceTime: time % 2 ** 24,
      feedbackCount: count,
      statuses,
    })
    return this.sentPackets.acknowledge(parseTransportFeedback(body)!, this.nowMs)
  }

  /** What is new: sequence and arrival, relative to the first feedback's reference time. */
  told(...args: Parameters<Rig['feedback']>): [number, number | 'lost'][] {
    const { packets } = this.feedback(...args)
    return packets.map(({ sequence, arrivedAtMs }) => [sequence, arrivedAtMs ?? 'lost'])
  }
}

describe('what the viewer says of packets', () => {
  it('comes with the kind, the size and the time at which each left', () => {
    const rig = new Rig()
    rig.send(1)
    rig.send(1, 'rtx')
    rig.send(1, 'probe')
    const { atMs, packets } = rig.feedback(0, [arrives(0), lost, arrives(3)])
    expect(atMs).toBe(10_003)
    expect(packets).toEqual([
      { sequence: 0, kind: 'media', byteLength: 1000, sentAtMs: 10_000, arrivedAtMs: 10_003, wasLost: false },
      { sequence: 1, kind: 'rtx', byteLength: 1000, sentAtMs: 10_001, wasLost: false },
      { sequence: 2, kind: 'probe', byteLength: 1000, sentAtMs: 10_002, arrivedAtMs: 10_003.75, wasLost: false },
    ])
  })

  it.each([2 ** 23, 2 ** 24])('has arrivals that go on when the reference time passes %i', (wrap) => {
    const rig = new Rig()
    rig.send(6)
    const arrivals = [-2, -1, 0, 1, 2].map((step, i) => rig.told(i, [arrives(4)], { time: wrap + step })[0]![1])
    expect(arrivals).toEqual([0, 64, 128, 192, 256].map((ms) => 10_006 + 1 + ms))
    // One that was overtaken lies before.
    expect(rig.told(5, [arrives(4)], { time: wrap - 2 })).toEqual([[5, 10_007]])
  })

  it('adds up deltas without rounding, so that no drift comes in', () => {
    const rig = new Rig()
    rig.send(1000)
    const told = rig.told(0, Array<Status>(1000).fill(arrives(5)))
    expect(told.at(-1)).toEqual([999, 11_000 + 1000 * 1.25])
  })

  it('finds packets in flight while the sequence comes round', () => {
    const rig = new Rig()
    rig.send(65_534)
    expect(rig.told(65_530, [arrives(0), arrives(0)]).map(([sequence]) => sequence)).toEqual([65_530, 65_531])
    rig.send(6)
    expect(rig.told(65_532, [arrives(0), lost, arrives(0), arrives(0), lost, arrives(0)]).map(([n]) => n)).toEqual([
      65_532, 65_533, 65_534, 65_535, 65_536, 65_537,
    ])
    rig.send(2 * 65_536)
    expect(rig.told(3 * 65_536, [arrives(0), arrives(0)]).map(([n]) => n)).toEqual([3 * 65_536, 3 * 65_536 + 1])
  })

  it('counts once, however often an arrival is reported, also when the range goes back', () => {
    const rig = new Rig()
    rig.send(6)
    expect(rig.told(0, [arrives(0), arrives(0), arrives(0)])).toHaveLength(3)
    expect(rig.told(0, [arrives(0), arrives(0), arrives(0)])).toEqual([])
    expect(rig.told(1, [lost, lost, arrives(4)])).toEqual([[3, 10_007]])
  })

  it('may be that a packet is lost, once, and then that it came after all', () => {
    const rig = new Rig()
    rig.send(4)
    expect(rig.told(0, [arrives(0), lost, arrives(0)])).toEqual([
      [0, 10_004],
      [1, 'lost'],
      [2, 10_004],
    ])
    expect(rig.told(1, [lost, arrives(0)])).toEqual([])
    const { packets } = rig.feedback(1, [arrives(8)])
    expect(packets).toEqual([expect.objectContaining({ sequence: 1, arrivedAtMs: 10_006, wasLost: true })])
    expect(rig.told(1, [arrives(8)])).toEqual([])
    expect(rig.told(1, [lost])).toEqual([])
  })

  it('is nothing of packets in no feedback: they are unknown, and the gap in the count is told', () => {
    const rig = new Rig()
    rig.send(30)
    expect(rig.feedback(0, [arrives(0)], { count: 254 }).missedFeedback).toBe(0)
    expect(rig.feedback(10, [arrives(0)], { count: 255 })).toMatchObject({ missedFeedback: 0 })
    const { packets, missedFeedback } = rig.feedback(20, [arrives(0)], { count: 3 })
    expect(missedFeedback).toBe(3)
    expect(packets.map(({ sequence }) => sequence)).toEqual([20])
    expect(rig.feedback(15, [arrives(0)], { count: 1 }).missedFeedback).toBe(0)
    expect(rig.feedback(21, [arrives(0)], { count: 3 }).missedFeedback).toBe(0)
    expect(rig.feedback(22, [arrives(0)], { count: 4 }).missedFeedback).toBe(0)
  })

  it('leaves the others where they are when there are unknown packets in the middle', () => {
    const rig = new Rig()
    rig.send(2)
    rig.sentPackets.next()
    rig.send(1)
    const everyOther: Status[] = [arrives(4), arrives(4), arrives(4), arrives(4), arrives(4), { symbol: 3 }, arrives(4)]
    expect(rig.told(0, everyOther)).toEqual([
      [0, 10_004],
      [1, 10_005],
      [3, 10_007],
    ])
    rig.send(4)
    expect(rig.told(3, [arrives(4), { symbol: 3 }, arrives(4), arrives(4)])).toEqual([
      [5, 10_005],
      [6, 10_006],
    ])
    expect(rig.told(0xffff, [arrives(4), arrives(4)])).toEqual([])
  })

  it('is all at once, or backwards, as it was', () => {
    const rig = new Rig()
    rig.send(6)
    expect(rig.told(0, [arrives(0), arrives(0), arrives(0)]).map(([, at]) => at)).toEqual([10_006, 10_006, 10_006])
    expect(rig.told(3, [arrives(40), arrives(-20), arrives(-2000)]).map(([, at]) => at)).toEqual([10_016, 10_011, 9511])
  })

  it('does not depend on when the feedback is processed, once the first one has set the scale', () => {
    const feedback = (lateMs: number) => {
      const rig = new Rig()
      rig.send(6)
      rig.told(0, [arrives(0)])
      rig.nowMs += lateMs
      return rig.told(1, [arrives(4), lost, arrives(4)], { time: 102 })
    }
    expect(feedback(400)).toEqual(feedback(0))
  })

  it('stays a number and in bounds when the clock leaps', () => {
    const rig = new Rig()
    rig.send(2)
    rig.told(0, [arrives(0)])
    rig.nowMs += 3_600_000
    rig.send(2)
    expect(rig.told(1, [arrives(4), arrives(4), arrives(4)], { time: 100 + 3_600_000 / 64 })).toEqual([
      [2, 10_002 + 3_600_000 + 2],
      [3, 10_002 + 3_600_000 + 3],
    ])
    rig.nowMs -= 3_600_000
    rig.send(1)
    expect(rig.told(4, [arrives(0)])).toEqual([[4, 10_002]])
  })

  it('is nothing of a packet that left more than a minute or 8192 packets ago', () => {
    const rig = new Rig()
    rig.send(2)
    rig.nowMs += 59_998
    expect(rig.told(0, [arrives(0), lost]).map(([sequence]) => sequence)).toEqual([0, 1])
    rig.send(1)
    rig.nowMs += 60_001
    expect(rig.told(2, [arrives(0)])).toEqual([])
    rig.nowMs = 200_000
    rig.send(8192 + 1)
    expect(rig.told(3, [arrives(0), arrives(0)]).map(([sequence]) => sequence)).toEqual([4])
  })

  it('is nothing of a packet that got a number and never left', () => {
    const rig = new Rig()
    rig.send(8192)
    rig.sentPackets.next()
    rig.send(1)
    expect(rig.told(8192, [lost, arrives(0)]).map(([sequence]) => sequence)).toEqual([8193])
  })

  it('is nothing before anything was sent', () => {
    expect(new Rig().told(0, [arrives(0), lost])).toEqual([])
    expect(new Rig().told(0xffff, [arrives(0), lost])).toEqual([])
  })
})

it('tells what a viewer saw, once, whatever feedback is lost, repeated or late', () => {
  const packet = fc.record({ delay: fc.integer({ min: 0, max: 400 }), isLost: fc.boolean() })
  const plan = fc.record({
    sequence: fc.nat(70_000),
    reference: fc.nat(2 ** 24 - 1),
    packets: fc.array(packet, { minLength: 1, maxLength: 120 }),
    feedback: fc.array(fc.record({ from: fc.nat(119), length: fc.integer({ min: 1, max: 60 }) }), { maxLength: 30 }),
  })
  fc.assert(
    fc.property(plan, ({ sequence, reference, packets, feedback }) => {
      const rig = new Rig()
      for (let i = 0; i < sequence; i++) rig.sentPackets.next()
      rig.send(packets.length)
      const ticks = packets.map(({ delay }, i) => i * 4 + delay)
      const arrived = new Map<number, number>()
      const reportedLost = new Set<number>()
      const covered = new Set<number>()
      for (const { from, length } of feedback) {
        const range = packets.slice(from, from + length)
        if (range.length === 0) continue
        let at = 0
        const statuses = range.map((one, i): Status => {
          covered.add(from + i)
          if (one.isLost) return lost
          const delta = ticks[from + i]! - at
          at += delta
          return arrives(delta)
        })
        for (const report of rig.feedback(sequence + from, statuses, { time: reference }).packets) {
          const index = report.sequence - sequence
          expect(report.sentAtMs).toBe(10_000 + index)
          if (report.arrivedAtMs === undefined) {
            expect(reportedLost.has(index)).toBe(false)
            reportedLost.add(index)
          } else {
            expect(arrived.has(index)).toBe(false)
            arrived.set(index, report.arrivedAtMs)
          }
        }
      }
      for (const [index, { isLost }] of packets.entries()) {
        expect(reportedLost.has(index)).toBe(covered.has(index) && isLost)
        expect(arrived.get(index)).toBe(covered.has(index) && !isLost ? rig.nowMs + ticks[index]! / 4 : undefined)
      }
    }),
    { numRuns: 200, seed: 8 },
  )
})

it('says at most twice something of a packet that was sent, and nothing of others, whatever a viewer claims', () => {
  const status = fc.oneof(
    fc.constantFrom<Status>(lost, { symbol: 3 }),
    fc.integer({ min: -0x8000, max: 0x7fff }).map(arrives),
  )
  const claim = fc.record({
    base: fc.nat(0xffff),
    time: fc.nat(0xff_ffff),
    count: fc.nat(255),
    statuses: fc.array(status, { minLength: 1, maxLength: 50 }),
  })
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 40 }), fc.nat(300), (claims, sent) => {
      const rig = new Rig()
      const told = new Map<number, number>()
      for (const { base, time, count, statuses } of claims) {
        rig.send(sent)
        const { packets, missedFeedback } = rig.feedback(base % 1000, statuses, { time, count })
        expect(missedFeedback).toBeLessThan(128)
        for (const { sequence, sentAtMs, arrivedAtMs } of packets) {
          told.set(sequence, (told.get(sequence) ?? 0) + 1)
          expect(sentAtMs).toBe(10_000 + sequence)
          expect(Number.isFinite(arrivedAtMs ?? 0)).toBe(true)
        }
      }
      for (const [sequence, times] of told) {
        expect(sequence).toBeLessThan(claims.length * sent)
        expect(times).toBeLessThanOrEqual(2)
      }
    }),
    { numRuns: 200, seed: 10 },
  )
})
