import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compactNtp,
  maxNackSequences,
  ntpOf,
  parseRtcp,
  writeNack,
  writePictureLoss,
  writeReceiverReport,
  writeSenderReport,
  writeSourceDescription,
} from '../../../src/lib/webrtc/rtcp.ts'
import {
  maxFeedbackPackets,
  parseTransportFeedback,
  writeTransportFeedback,
} from '../../../src/lib/webrtc/transport-feedback.ts'

describe('RTCP', () => {
  it('reads a compound as it was written', () => {
    const block = {
      ssrc: 7,
      fractionLost: 0.25,
      packetsLost: -2,
      highestSequence: 70_000,
      jitter: 12,
      lastSenderReport: 0xdead_beef,
      delaySinceLastSenderReport: 65_536,
    }
    const report = { ssrc: 1, ntp: ntpOf(1_700_000_000_500), rtpTimestamp: 2 ** 32 - 1, packetCount: 3, octetCount: 4 }
    const compound = Buffer.concat([
      writeSenderReport(report),
      writeSourceDescription(1, 'me'),
      writeReceiverReport(9, [block]),
      writePictureLoss(9, 1),
    ])
    expect(compound.length % 4).toBe(0)
    expect(parseRtcp(compound)).toEqual([
      { type: 'sender-report', ...report, blocks: [] },
      { type: 'receiver-report', ssrc: 9, blocks: [block] },
      { type: 'picture-loss', mediaSsrcs: [1] },
    ])
  })

  it('tells NTP from wall time', () => {
    expect(ntpOf(0)).toBe(2_208_988_800n << 32n)
    expect(ntpOf(500) & 0xffff_ffffn).toBe(2n ** 31n)
    expect(compactNtp(0x0123_4567_89ab_cdefn)).toBe(0x4567_89ab)
  })

  it('reads a FIR as picture loss of each of its streams', () => {
    const fir = Buffer.from('84ce00060000000900000000000000010100000000000002 02000000'.replaceAll(' ', ''), 'hex')
    expect(parseRtcp(fir)).toEqual([{ type: 'picture-loss', mediaSsrcs: [1, 2] }])
  })

  it('carries any set of lost packets in a NACK', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.uniqueArray(fc.nat(400), { minLength: 1, maxLength: 80 }), (base, offsets) => {
        const sequences = offsets.toSorted((a, b) => a - b).map((offset) => (base + offset) & 0xffff)
        expect(parseRtcp(writeNack(1, 2, sequences))).toEqual([{ type: 'nack', mediaSsrc: 2, sequences }])
      }),
      { numRuns: 200, seed: 3 },
    )
  })

  it('takes a bounded number of sequences from one NACK', () => {
    const nack = Buffer.alloc(12 + 4 * 5000, 0xff)
    nack.set([0x81, 205], 0)
    nack.writeUInt16BE(2 + 5000, 2)
    const [packet] = parseRtcp(nack)
    expect(packet).toMatchObject({ type: 'nack' })
    expect(packet?.type === 'nack' && packet.sequences.length).toBe(maxNackSequences)
  })

  it('never throws, whatever the bytes', () => {
    const hostile = fc.array(fc.oneof(fc.nat(255), fc.constantFrom(0x80, 0x81, 0x8f, 0x9f, 200, 201, 203, 205, 206)), {
      maxLength: 80,
    })
    fc.assert(
      fc.property(hostile, (bytes) => {
        for (const packet of parseRtcp(Buffer.from(bytes)))
          if (packet.type === 'transport-feedback') parseTransportFeedback(packet.body)
      }),
      { numRuns: 2000, seed: 4 },
    )
  })
})

describe('transport-wide feedback', () => {
  const header = { senderSsrc: 1, mediaSsrc: 2, feedbackCount: 3 }
  const read = (packet: Buffer) => {
    const [parsed] = parseRtcp(packet)
    return parsed?.type === 'transport-feedback' ? parseTransportFeedback(parsed.body) : undefined
  }

  it('comes back as it was sent, to a quarter of a millisecond', () => {
    const arrival = fc.option(fc.integer({ min: -300, max: 20_000 }), { freq: 3 })
    fc.assert(
      fc.property(fc.nat(65_535), fc.array(arrival, { minLength: 1, maxLength: 300 }), (baseSequence, steps) => {
        let ticks = 4_000_000
        const receivedAtMs = steps.map((step) => {
          ticks += step ?? 0
          return step === null ? null : ticks / 4
        })
        expect(read(writeTransportFeedback(header, { baseSequence, receivedAtMs }))).toEqual({
          baseSequence,
          receivedAtMs,
        })
      }),
      { numRuns: 300, seed: 5 },
    )
  })

  it('reads the vector chunks that browsers send', () => {
    // 14 one-bit symbols (10110000000000), then a run of 2 received: three small deltas, two more.
    const body = Buffer.from('0000000100000002000a001000000105ac0020 02 04 08 0c 10 14'.replaceAll(' ', ''), 'hex')
    expect(parseTransportFeedback(body)).toEqual({
      baseSequence: 10,
      receivedAtMs: [65, null, 67, 70, ...Array(10).fill(null), 74, 79],
    })
  })

  it('refuses what holds less than it says, reserved symbols, empty runs and absurd counts', () => {
    const packet = writeTransportFeedback(header, { baseSequence: 0, receivedAtMs: [1, 2, 3, 900] }).subarray(4)
    for (let length = 0; length < 16 + 2 + 3; length++)
      expect(parseTransportFeedback(packet.subarray(0, length))).toBeUndefined()
    const withChunk = (count: number, chunk: number) => {
      const body = Buffer.alloc(20)
      body.writeUInt16BE(count, 10)
      body.writeUInt16BE(chunk, 16)
      return parseTransportFeedback(body)
    }
    expect(withChunk(5, 0x6005)).toBeUndefined()
    expect(withChunk(5, 0)).toBeUndefined()
    expect(withChunk(0, 5)).toBeUndefined()
    expect(withChunk(maxFeedbackPackets + 1, 0x1fff)).toBeUndefined()
    expect(withChunk(5, 5)?.receivedAtMs).toEqual([null, null, null, null, null])
  })

  it('will not write arrivals too far apart', () => {
    expect(() => writeTransportFeedback(header, { baseSequence: 0, receivedAtMs: [0, 9000] })).toThrow(RangeError)
  })
})
