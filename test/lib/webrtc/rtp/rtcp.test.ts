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
} from '../../../../src/lib/webrtc/rtp/rtcp.ts'
import { parseTransportFeedback } from '../../../../src/lib/webrtc/rtp/transport-feedback.ts'

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

  it('takes padding for no part of a list', () => {
    const padded = (packet: Buffer, bytes: number) => {
      const longer = Buffer.concat([packet, Buffer.alloc(bytes)])
      longer[0]! |= 0x20
      longer.writeUInt16BE(longer.length / 4 - 1, 2)
      longer[longer.length - 1] = bytes
      return longer
    }
    expect(parseRtcp(padded(writeNack(1, 2, [7]), 8))).toEqual([{ type: 'nack', mediaSsrc: 2, sequences: [7] }])
    const fir = Buffer.from('84ce000400000009000000000000000101000000', 'hex')
    expect(parseRtcp(padded(fir, 8))).toEqual([{ type: 'picture-loss', mediaSsrcs: [1] }])
    const absurd = padded(writeNack(1, 2, [7]), 4)
    absurd[absurd.length - 1] = 255
    expect(parseRtcp(absurd)).toEqual([{ type: 'nack', mediaSsrc: 2, sequences: [] }])
  })

  it('reads a REMB, and none that says other than it holds or an absurd rate', () => {
    const remb = Buffer.from(
      '8fce0006 00000009 00000000 52454d42 020e8480 00000001 00000002'.replaceAll(' ', ''),
      'hex',
    )
    expect(parseRtcp(remb)).toEqual([{ type: 'remb', ssrcs: [1, 2], bitrateBps: 0x2_8480 * 2 ** 3 }])
    const changed = (at: number, byte: number) => {
      const copy = Buffer.from(remb)
      copy[at] = byte
      return parseRtcp(copy)
    }
    expect(changed(12, 0)).toEqual([])
    expect(changed(16, 3)).toEqual([])
    expect(changed(17, 0xff)).toEqual([])
    expect(changed(16, 0)).toEqual([{ type: 'remb', ssrcs: [], bitrateBps: 0x2_8480 * 2 ** 3 }])
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
