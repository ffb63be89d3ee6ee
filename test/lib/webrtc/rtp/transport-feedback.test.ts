import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRtcp } from '../../../../src/lib/webrtc/rtp/rtcp.ts'
import {
  maxFeedbackPackets,
  notReceived,
  notSaid,
  parseTransportFeedback,
  writeTransportFeedback,
} from '../../../../src/lib/webrtc/rtp/transport-feedback.ts'
import { type ChunkForm, type Status, writeFeedbackBody } from '../../../support/feedback-writer.ts'

const status: fc.Arbitrary<Status> = fc.oneof(
  fc.constant<Status>({ symbol: 0 }),
  fc.nat(255).map((delta): Status => ({ symbol: 1, delta })),
  fc.integer({ min: -0x8000, max: 0x7fff }).map((delta): Status => ({ symbol: 2, delta })),
  fc.constant<Status>({ symbol: 3 }),
)
const runs = fc
  .array(fc.tuple(status, fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 20 })
  .map((parts) => parts.flatMap(([one, times]) => Array<Status>(times).fill(one)))
const forms = fc
  .array(fc.constantFrom<ChunkForm>('run', 'one-bit', 'two-bit', 'empty run'), { minLength: 1, maxLength: 5 })
  .map((some): ChunkForm[] => [...some, 'run'])

function arrivalsOf(statuses: readonly Status[]): number[] {
  let ticks = 0
  return statuses.map((one) => {
    if (one.symbol === 0) return notReceived
    if (one.symbol === 3) return notSaid
    ticks += one.delta ?? 0
    return ticks
  })
}

describe('transport-wide feedback, read', () => {
  it('is what it says, in whatever chunks, with reserved symbols and empty runs among them', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.nat(0xff_ffff),
        fc.nat(255),
        runs,
        forms,
        (base, time, count, statuses, chunks) => {
          const feedback = { baseSequence: base, referenceTime: time, feedbackCount: count, statuses }
          const read = parseTransportFeedback(writeFeedbackBody(feedback, chunks))!
          expect(read).toMatchObject({ baseSequence: base, referenceTime: time, feedbackCount: count })
          expect(read.arrivals).toEqual(arrivalsOf(statuses))
        },
      ),
      { numRuns: 300, seed: 6 },
    )
  })

  it('takes the vector chunks that browsers send', () => {
    // 14 one-bit symbols (10110000000000), then a run of 2 received: three small deltas, two more.
    const body = Buffer.from('0000000100000002000a001000000105ac0020 02 04 08 0c 10 14'.replaceAll(' ', ''), 'hex')
    const lost = Array<number>(10).fill(notReceived)
    expect(parseTransportFeedback(body)).toEqual({
      baseSequence: 10,
      referenceTime: 1,
      feedbackCount: 5,
      arrivals: [4, notReceived, 12, 24, ...lost, 40, 60],
    })
  })

  it('is refused when it holds less than it says, or speaks of no packets or absurdly many', () => {
    const statuses: Status[] = [0, 4, 4, 3000].map((delta) => ({ symbol: delta > 255 ? 2 : 1, delta }))
    const body = writeFeedbackBody({ baseSequence: 0, referenceTime: 0, feedbackCount: 0, statuses })
    for (let length = 0; length < body.length; length++)
      expect(parseTransportFeedback(body.subarray(0, length))).toBeUndefined()
    expect(parseTransportFeedback(body)).toBeDefined()
    const withCount = (count: number) => {
      const copy = Buffer.concat([body.subarray(0, 16), Buffer.from([0x1f, 0xff])])
      copy.writeUInt16BE(count, 10)
      return parseTransportFeedback(copy)
    }
    expect(withCount(0)).toBeUndefined()
    expect(withCount(maxFeedbackPackets + 1)).toBeUndefined()
    expect(withCount(maxFeedbackPackets - 1)?.arrivals).toHaveLength(maxFeedbackPackets - 1)
  })
})

describe('transport-wide feedback, written', () => {
  const header = { senderSsrc: 1, mediaSsrc: 2, feedbackCount: 3 }

  it('comes back as it was sent, to a quarter of a millisecond', () => {
    const arrival = fc.option(fc.integer({ min: -300, max: 20_000 }), { freq: 3 })
    fc.assert(
      fc.property(fc.nat(65_535), fc.array(arrival, { minLength: 1, maxLength: 300 }), (baseSequence, steps) => {
        let ticks = 4_000_000
        const receivedAtMs = steps.map((step) => {
          ticks += step ?? 0
          return step === null ? null : ticks / 4
        })
        const [packet] = parseRtcp(writeTransportFeedback(header, { baseSequence, receivedAtMs }))
        const read = packet?.type === 'transport-feedback' ? parseTransportFeedback(packet.body) : undefined
        const times = read!.arrivals.map((at) => (at === notReceived ? null : read!.referenceTime * 64 + at / 4))
        expect({ baseSequence: read!.baseSequence, times }).toEqual({ baseSequence, times: receivedAtMs })
      }),
      { numRuns: 300, seed: 5 },
    )
  })

  it('is not for arrivals that are too far apart', () => {
    expect(() => writeTransportFeedback(header, { baseSequence: 0, receivedAtMs: [0, 9000] })).toThrow(RangeError)
  })
})
