import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRtpHeader, payloadOf, ReceiveStream } from '../../../../src/lib/webrtc/rtp/receive-stream.ts'

const packet = (sequence: number, timestamp = 0) => ({
  payloadType: 96,
  marker: false,
  sequence: sequence & 0xffff,
  timestamp,
  ssrc: 1,
  headerLength: 12,
  transportSequence: undefined,
})

describe('a received stream', () => {
  it('asks for each gap once, again after a while, and gives up', () => {
    const stream = new ReceiveStream(1, 90_000)
    stream.add(packet(65_534), 10, 0)
    stream.add(packet(65_536 + 1), 10, 5)
    expect(stream.due(5, 40)).toEqual({ sequences: [65_535, 0], givenUp: 0 })
    expect(stream.due(20, 40).sequences).toEqual([])
    expect(stream.add(packet(65_535), 10, 30, true)).toBe(true)
    expect(stream.due(50, 40).sequences).toEqual([0])
    expect(stream.due(1100, 40)).toEqual({ sequences: [], givenUp: 1 })
    // The one that RTX brought was lost all the same.
    expect(stream.packetsLost).toBe(2)
  })

  it('counts a packet once, however often it comes', () => {
    const stream = new ReceiveStream(1, 90_000)
    expect([1, 2, 2, 1, 3].map((sequence) => stream.add(packet(sequence), 10, 0))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ])
    expect(stream.packetsReceived).toBe(3)
  })

  it('counts what is missing, in any order of arrival', () => {
    fc.assert(
      fc.property(
        fc.nat(65_535),
        fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 60 }),
        (base, order) => {
          const stream = new ReceiveStream(1, 90_000)
          stream.add(packet(base), 1, 0)
          for (const offset of order) stream.add(packet(base + offset), 1, 0)
          expect(stream.packetsLost).toBe(Math.max(0, ...order) - order.length)
        },
      ),
      { numRuns: 200, seed: 6 },
    )
  })

  it('reports the fraction lost of each interval, and the jitter of RFC 3550', () => {
    const stream = new ReceiveStream(1, 90_000)
    for (const [i, sequence] of [1, 2, 4, 5].entries()) stream.add(packet(sequence, i * 900), 1, i * 10)
    stream.noteSenderReport(0xabcd, 20)
    expect(stream.reportBlock(520)).toMatchObject({
      fractionLost: 1 / 5,
      packetsLost: 1,
      jitter: 0,
      lastSenderReport: 0xabcd,
      delaySinceLastSenderReport: 32_768,
    })
    stream.add(packet(6, 4 * 900), 1, 56)
    expect(stream.reportBlock(600)).toMatchObject({ fractionLost: 0, jitter: 90 })
  })

  it('survives a jump of the sequence without remembering more than it may', () => {
    const stream = new ReceiveStream(1, 90_000)
    stream.add(packet(1), 1, 0)
    stream.add(packet(30_000), 1, 0)
    expect(stream.due(0, 40).sequences).toHaveLength(512)
  })
})

describe('an RTP header', () => {
  it('is read with its extension', () => {
    const bytes = Buffer.from('90e0fffe0000000500000007bede000200 31 12 34 50 aa 00 00'.replaceAll(' ', ''), 'hex')
    expect(parseRtpHeader(bytes, 3)).toEqual({
      payloadType: 96,
      marker: true,
      sequence: 65_534,
      timestamp: 5,
      ssrc: 7,
      headerLength: 24,
      transportSequence: 0x1234,
    })
    expect(parseRtpHeader(bytes.subarray(0, 23), 3)).toBeUndefined()
  })

  it('is refused rather than read beyond its end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const found = parseRtpHeader(Buffer.from(bytes), 3)
        expect(found?.headerLength ?? 0).toBeLessThanOrEqual(bytes.length)
      }),
      { numRuns: 1000, seed: 7 },
    )
  })
})

describe('the payload of a packet', () => {
  const padded = (payload: number[], padding: number[]) =>
    Buffer.from([0xa0, ...Array(11).fill(0), ...payload, ...padding])

  it('is what stands behind the header, without padding', () => {
    expect(payloadOf(Buffer.from([0x80, ...Array(11).fill(0), 1, 2, 3]), 12)).toEqual(Buffer.from([1, 2, 3]))
    expect(payloadOf(padded([1, 2, 3], [0, 0, 3]), 12)).toEqual(Buffer.from([1, 2, 3]))
    expect(payloadOf(padded([1, 2, 3], [1]), 12)).toEqual(Buffer.from([1, 2, 3]))
  })

  it('may be nothing but padding, as of a probe', () => {
    expect(payloadOf(padded([], [0, 0, 0, 4]), 12)).toEqual(Buffer.alloc(0))
  })

  it('is none where the padding says more than there is, or nothing', () => {
    expect(payloadOf(padded([1, 2], [9]), 12)).toBeUndefined()
    expect(payloadOf(padded([1, 2], [0]), 12)).toBeUndefined()
  })
})
