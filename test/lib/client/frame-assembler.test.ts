// Frames out of packets: in any order, with loss, with hostile payloads; and each payload format by hand.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { depacketizers } from '../../../src/lib/client/depacketize.ts'
import { type AssembledFrame, createFrameAssembler, type RtpPayload } from '../../../src/lib/client/frame-assembler.ts'
import { rtpCodecs } from '../../../src/lib/model/track.ts'

/** VP8 frames of `sizes` packets each, sequence and timestamps near their wrap. */
function vp8Packets(sizes: readonly number[]): RtpPayload[] {
  let sequence = 65_500
  return sizes.flatMap((count, frame) =>
    Array.from({ length: count }, (_, i): RtpPayload => {
      const payload = Uint8Array.of(i === 0 ? 0x10 : 0x00, frame === 0 ? 0 : 1, frame, i)
      const timestamp = (0xffffff00 + frame * 3000) >>> 0
      return { kind: 'video', codec: 'vp8', sequence: sequence++ & 0xffff, timestamp, marker: i === count - 1, payload }
    }),
  )
}

function assemble(packets: readonly RtpPayload[]) {
  const frames: AssembledFrame[] = []
  const assembler = createFrameAssembler((frame) => frames.push(frame))
  for (const packet of packets) assembler.add(packet)
  return { frames, counts: assembler.counts }
}

/** Moves each packet by less than `reach` places. */
const jumbled = (packets: readonly RtpPayload[], shifts: readonly number[]) =>
  packets
    .map((packet, i) => ({ packet, at: i + (shifts[i % shifts.length] ?? 0) }))
    .sort((a, b) => a.at - b.at)
    .map(({ packet }) => packet)

const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 60 })

describe('assembly', () => {
  it('gives every frame once and in order when packets come late and twice', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(8), { minLength: 1, maxLength: 30 }), (counts, shifts) => {
        const [first, ...rest] = vp8Packets(counts)
        const { frames } = assemble([first!, ...jumbled(rest, shifts).flatMap((packet) => [packet, packet])])
        expect(frames.map(({ data }) => data[1])).toEqual(counts.map((_, i) => i))
        expect(frames[0]!.isKey).toBe(true)
        expect(frames.slice(1).every(({ isKey }) => !isKey)).toBe(true)
        for (const [i, { data }] of frames.entries()) expect(data.length).toBe(3 * counts[i]!)
      }),
    )
  })

  it('never gives a frame that lacks a packet, and goes on after it', () => {
    const counts = Array.from({ length: 400 }, () => 3)
    const packets = vp8Packets(counts)
    const { frames, counts: result } = assemble(packets.filter((_, i) => i !== 31))
    expect(frames.map(({ data }) => data[1])).toEqual(counts.map((_, i) => i & 0xff).filter((_, i) => i !== 10))
    expect(result).toEqual({ framesAssembled: 399, framesDropped: 1 })
  })

  it('survives any payload of any codec', () => {
    const packet = fc.record({
      kind: fc.constantFrom('video' as const, 'audio' as const),
      codec: fc.constantFrom(...rtpCodecs),
      sequence: fc.nat(65535),
      timestamp: fc.integer({ min: 0, max: 0xffffffff }),
      marker: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 12 }),
    })
    fc.assert(fc.property(fc.array(packet, { maxLength: 40 }), (packets) => void assemble(packets)))
  })
})

describe('payload formats', () => {
  it('VP8 with a long descriptor (RFC 7741)', () => {
    const first = Uint8Array.of(0x90, 0xe0, 0x81, 0x02, 0x07, 0x40, 0x00, 0xaa)
    expect(depacketizers.vp8.inspect(first)).toEqual({ canStart: true, isKey: true })
    expect(depacketizers.vp8.join([first, Uint8Array.of(0x80, 0x80, 0x05, 0xbb)])).toEqual(
      Uint8Array.of(0x00, 0xaa, 0xbb),
    )
    expect(depacketizers.vp8.inspect(Uint8Array.of(0x90, 0x80, 0x81, 0x02))).toBeUndefined()
  })

  it('VP9 with picture id, layers and scalability structure (RFC 9628)', () => {
    const structure = [0x18, 0x02, 0x80, 0x01, 0x68, 0x01, 0x04, 0x01]
    const first = Uint8Array.of(0xaa, 0x81, 0x02, 0x00, 0x05, ...structure, 0xcc)
    expect(depacketizers.vp9.inspect(first)).toEqual({ canStart: true, isKey: true })
    expect(depacketizers.vp9.join([first])).toEqual(Uint8Array.of(0xcc))
    const delta = Uint8Array.of(0xc8, 0x03, 0xdd)
    expect(depacketizers.vp9.inspect(delta)).toEqual({ canStart: true, isKey: false })
    expect(depacketizers.vp9.join([delta])).toEqual(Uint8Array.of(0xdd))
  })

  it('H.264 aggregated and fragmented (RFC 6184)', () => {
    const aggregated = Uint8Array.of(0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2)
    const fragments = [Uint8Array.of(0x7c, 0x85, 3), Uint8Array.of(0x7c, 0x05, 4), Uint8Array.of(0x7c, 0x45, 5)]
    expect(depacketizers.h264.inspect(aggregated)).toEqual({ canStart: true, isKey: true })
    expect(depacketizers.h264.inspect(fragments[1]!)).toMatchObject({ canStart: false })
    const start = [0, 0, 0, 1]
    expect(depacketizers.h264.join([aggregated, ...fragments])).toEqual(
      Uint8Array.of(...start, 0x67, 1, ...start, 0x68, 2, ...start, 0x65, 3, 4, 5),
    )
    expect(depacketizers.h264.join([Uint8Array.of(0x78, 0, 9, 1)])).toBeUndefined()
  })

  it('AV1 with an OBU over two packets (AV1 RTP 4.4)', () => {
    const first = Uint8Array.of(0x68, 0x02, 0x08, 0x11, 0x30, 0x22)
    const second = Uint8Array.of(0x90, 0x33, 0x44)
    expect(depacketizers.av1.inspect(first)).toEqual({ canStart: true, isKey: true })
    expect(depacketizers.av1.join([first, second])).toEqual(Uint8Array.of(0x0a, 1, 0x11, 0x32, 3, 0x22, 0x33, 0x44))
    expect(depacketizers.av1.join([first])).toBeUndefined()
  })
})
