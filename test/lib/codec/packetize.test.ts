import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AV1RtpPayload, H264RtpPayload, Vp8RtpPayload, Vp9RtpPayload } from 'werift'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { createPacketizer } from '../../../src/lib/codec/index.ts'
import { nalTypeOf, splitAnnexB, splitLengthPrefixed } from '../../../src/lib/codec/nal-units.ts'
import { obuTypes, splitObus } from '../../../src/lib/codec/obu.ts'
import { maxPayloadBytes } from '../../../src/lib/codec/packetizer.ts'
import { openMedia } from '../../../src/lib/media/open.ts'
import { packetizeGop } from '../../../src/lib/media/packetize-gop.ts'
import type { Frame, Gop } from '../../../src/lib/model/frame.ts'
import { type ClipName, clipFiles, hasFfmpeg } from '../../support/clips.ts'

const frameOf = (data: Uint8Array, isKey = false): Frame => ({ timeS: 0, durationS: 1 / 30, isKey, data })
const bytes = (max: number, min = 1) => fc.uint8Array({ minLength: min, maxLength: max })
const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

describe('VP8 payloads', () => {
  const { packetize, pictureIdOffset } = createPacketizer({ codec: 'vp8' })

  it('give the frame back, S only on the first, PictureID where promised', () => {
    fc.assert(
      fc.property(bytes(6000), fc.integer({ min: 0, max: 0x7fff }), (data, pictureId) => {
        const payloads = packetize(frameOf(data))
        for (const payload of payloads) {
          payload[pictureIdOffset] = 0x80 | (pictureId >> 8)
          payload[pictureIdOffset + 1] = pictureId & 0xff
        }
        const parsed = payloads.map((payload) => Vp8RtpPayload.deSerialize(Buffer.from(payload)))
        expect(concat(parsed.map((p) => p.payload))).toEqual(data)
        expect(parsed.map((p) => p.sBit)).toEqual(parsed.map((_, i) => (i === 0 ? 1 : 0)))
        expect(parsed.every((p) => p.pictureId === pictureId && p.pid === 0)).toBe(true)
        expect(payloads.every((p) => p.length <= maxPayloadBytes)).toBe(true)
      }),
    )
  })

  it('are of nearly equal size', () => {
    const sizes = packetize(frameOf(new Uint8Array(1300))).map((payload) => payload.length)
    expect(sizes).toEqual([654, 654])
  })

  it('are none for an empty frame', () => {
    expect(packetize(frameOf(new Uint8Array(0)))).toEqual([])
  })

  it('cover a frame of several megabytes without empty packets', () => {
    const data = new Uint8Array(3_000_001).fill(7)
    const payloads = packetize(frameOf(data))
    expect(payloads.reduce((sum, payload) => sum + payload.length - 4, 0)).toBe(data.length)
    expect(payloads.every((payload) => payload.length > 4 && payload.length <= maxPayloadBytes)).toBe(true)
  })
})

/** A VP9 key frame header of profile 0 (VP9 specification 6.2) with this size, then `rest`. */
function vp9Key(width: number, height: number, rest: Uint8Array): Uint8Array {
  const bits = `10${'00'}0${'0'}10${'010010011000001101000010'}${'001'}0${binary(width - 1)}${binary(height - 1)}`
  const header = bits
    .padEnd(Math.ceil(bits.length / 8) * 8, '0')
    .match(/.{8}/g)!
    .map((byte) => Number.parseInt(byte, 2))
  return concat([Uint8Array.from(header), rest])
}
const binary = (value: number) => value.toString(2).padStart(16, '0')

describe('VP9 payloads', () => {
  const { packetize, pictureIdOffset } = createPacketizer({ codec: 'vp9' })

  it('give the frame back between B and E, with the size on key frames', () => {
    const size = fc.integer({ min: 1, max: 65535 })
    fc.assert(
      fc.property(bytes(6000), size, size, (rest, width, height) => {
        const data = vp9Key(width, height, rest)
        const payloads = packetize(frameOf(data, true))
        const parsed = payloads.map((payload) => Vp9RtpPayload.deSerialize(Buffer.from(payload)))
        expect(concat(parsed.map((p) => p.payload))).toEqual(data)
        expect(parsed.map((p) => p.bBit)).toEqual(parsed.map((_, i) => (i === 0 ? 1 : 0)))
        expect(parsed.map((p) => p.eBit)).toEqual(parsed.map((_, i) => (i === parsed.length - 1 ? 1 : 0)))
        expect(parsed.every((p) => p.pBit === 0 && p.fBit === 0 && p.lBit === 0 && p.m === 1)).toBe(true)
        expect(parsed[0]).toMatchObject({ vBit: 1, n_s: 0, width: [width], height: [height] })
        expect(payloads.every((p) => p.length <= maxPayloadBytes)).toBe(true)
      }),
    )
  })

  it('say P and no size on other frames, and carry the PictureID that is put in', () => {
    const [payload] = packetize(frameOf(Uint8Array.of(0b10000110, 1, 2, 3)))
    payload![pictureIdOffset] = 0x80 | 0x12
    payload![pictureIdOffset + 1] = 0x34
    expect(Vp9RtpPayload.deSerialize(Buffer.from(payload!))).toMatchObject({ pBit: 1, vBit: 0, pictureId: 0x1234 })
  })
})

/** avcC with length prefixes of 1, 2 or 4 bytes and these parameter sets. */
function avcC(lengthSize: number, sps: Uint8Array, pps: Uint8Array): Uint8Array {
  const head = Uint8Array.of(1, 0x42, 0xc0, 0x1f, 0xfc | (lengthSize - 1), 0xe1)
  return concat([head, Uint8Array.of(0, sps.length), sps, Uint8Array.of(1, 0, pps.length), pps])
}

function lengthPrefixed(nals: readonly Uint8Array[], lengthSize: number): Uint8Array {
  const parts = nals.flatMap((nal) => {
    const length = new Uint8Array(lengthSize)
    for (let i = 0; i < lengthSize; i++) length[i] = Math.floor(nal.length / 256 ** (lengthSize - 1 - i))
    return [length, nal]
  })
  return concat(parts)
}

/** A NAL unit of a type that is sent, with no start code in it. */
const nal = (types: readonly number[], max: number) =>
  fc
    .tuple(fc.constantFrom(...types), bytes(max))
    .map(([type, body]) => concat([Uint8Array.of(0x60 | type), body.map((b) => b | 4)]))

function depacketizeH264(payloads: readonly Uint8Array[]): Uint8Array[] {
  let fragment: Buffer | undefined
  const nals: Uint8Array[] = []
  for (const payload of payloads) {
    const parsed = H264RtpPayload.deSerialize(Buffer.from(payload), fragment)
    fragment = parsed.fragment
    if (parsed.payload) nals.push(...splitAnnexB(parsed.payload))
  }
  return nals.map((unit) => Uint8Array.from(unit))
}

describe('H.264 payloads', () => {
  const sps = Uint8Array.of(0x67, 0x42, 0xc0, 0x1f, 1)
  const pps = Uint8Array.of(0x68, 0xce, 2)

  it('give the NAL units back, whatever the length size and the sizes of the units', () => {
    fc.assert(
      fc.property(
        fc.array(nal([1, 2, 3, 4], 3000), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(2, 4),
        (nals, size) => {
          const { packetize } = createPacketizer({ codec: 'h264', description: avcC(size, sps, pps) })
          const payloads = packetize(frameOf(lengthPrefixed(nals, size)))
          expect(depacketizeH264(payloads)).toEqual(nals)
          expect(payloads.every((p) => p.length <= maxPayloadBytes)).toBe(true)
        },
      ),
    )
  })

  it('take a unit of 256 to 511 bytes for what it is, not for a start code', () => {
    const unit = concat([Uint8Array.of(0x61), new Uint8Array(300).fill(9)])
    const { packetize } = createPacketizer({ codec: 'h264', description: avcC(4, sps, pps) })
    expect(packetize(frameOf(lengthPrefixed([unit], 4)))).toEqual([unit])
  })

  it('put the parameter sets of the container before an IDR that comes without', () => {
    const idr = Uint8Array.of(0x65, 1, 2, 3)
    const { packetize } = createPacketizer({ codec: 'h264', description: avcC(4, sps, pps) })
    const payloads = packetize(frameOf(lengthPrefixed([idr], 4), true))
    expect(payloads).toHaveLength(1)
    expect(payloads[0]![0]! & 0x1f).toBe(24)
    expect(depacketizeH264(payloads)).toEqual([sps, pps, idr])
    const inBand = lengthPrefixed([sps, pps, idr], 4)
    expect(depacketizeH264(packetize(frameOf(inBand, true)))).toEqual([sps, pps, idr])
  })

  it('leave out delimiters, SEI, filler and end marks', () => {
    const slice = Uint8Array.of(0x61, 5, 6)
    const noise = [6, 9, 10, 11, 12, 30].map((type) => Uint8Array.of(type, 0x80))
    const { packetize } = createPacketizer({ codec: 'h264', description: avcC(4, sps, pps) })
    expect(depacketizeH264(packetize(frameOf(lengthPrefixed([...noise, slice], 4))))).toEqual([slice])
    expect(packetize(frameOf(lengthPrefixed(noise, 4)))).toEqual([])
  })

  it('read Annex B where there is no decoder configuration', () => {
    fc.assert(
      fc.property(fc.array(nal([1, 5, 7, 8], 2000), { minLength: 1, maxLength: 6 }), (nals) => {
        const { packetize } = createPacketizer({ codec: 'h264' })
        const sample = concat(nals.flatMap((unit, i) => [Uint8Array.from(i % 2 ? [0, 0, 1] : [0, 0, 0, 1]), unit]))
        expect(depacketizeH264(packetize(frameOf(sample)))).toEqual(nals)
      }),
    )
  })

  it('refuse a damaged sample or configuration and nothing else happens', () => {
    const { packetize } = createPacketizer({ codec: 'h264', description: avcC(4, sps, pps) })
    expect(() => packetize(frameOf(Uint8Array.of(0, 0, 0, 9, 0x61)))).toThrow(
      expect.objectContaining({ code: 'MEDIA_CORRUPT' }),
    )
    fc.assert(
      fc.property(bytes(60, 0), bytes(60, 0), (description, sample) => {
        try {
          createPacketizer({ codec: 'h264', description }).packetize(frameOf(sample, true))
        } catch (error) {
          expect(error).toMatchObject({ code: 'MEDIA_CORRUPT' })
        }
      }),
    )
  })
})

/** An OBU with a size field. */
function obu(type: number, payload: Uint8Array, extension?: number): Uint8Array {
  const size: number[] = []
  let left = payload.length
  do {
    size.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    left >>= 7
  } while (left > 0)
  const header = (type << 3) | 2 | (extension === undefined ? 0 : 4)
  return concat([Uint8Array.from([header, ...(extension === undefined ? [] : [extension]), ...size]), payload])
}

/** Elements of the packets, put together again by Z and Y. */
function depacketizeAv1(payloads: readonly Uint8Array[]): Uint8Array[] {
  const elements: Uint8Array[] = []
  for (const payload of payloads) {
    for (const part of AV1RtpPayload.deSerialize(Buffer.from(payload)).obu_or_fragment) {
      const data = Uint8Array.from(part.data)
      if (part.isContinuation) elements.push(concat([elements.pop()!, data]))
      else elements.push(data)
    }
  }
  return elements
}

describe('AV1 payloads', () => {
  const sequence = Uint8Array.of(0x00, 0x10, 0x20)
  const anObu = fc.tuple(
    fc.constantFrom(obuTypes.frame, obuTypes.frameHeader, obuTypes.tileGroup, obuTypes.metadata),
    bytes(4000),
    fc.option(fc.constant(0x20), { nil: undefined }),
  )

  it('give the OBUs back without their sizes, and without delimiters and padding', () => {
    fc.assert(
      fc.property(fc.array(anObu, { minLength: 1, maxLength: 6 }), (obus) => {
        const unit = concat([obu(2, new Uint8Array(0)), ...obus.map((o) => obu(...o)), obu(15, new Uint8Array(40))])
        const payloads = createPacketizer({ codec: 'av1' }).packetize(frameOf(unit))
        const expected = obus.map(([type, payload, extension]) =>
          concat([Uint8Array.from(extension === undefined ? [type << 3] : [(type << 3) | 4, extension]), payload]),
        )
        expect(depacketizeAv1(payloads)).toEqual(expected)
        expect(payloads.every((p) => p.length <= maxPayloadBytes)).toBe(true)
        const flags = payloads.map((p) => p[0]!)
        expect(flags.every((flag, i) => ((flag & 0x80) !== 0) === (i > 0 && (flags[i - 1]! & 0x40) !== 0))).toBe(true)
        expect(flags.at(-1)! & 0x40).toBe(0)
      }),
    )
  })

  it('mark the first packet of a key frame, and give it the sequence header of the container', () => {
    const frame = obu(obuTypes.frame, new Uint8Array(3000).fill(0x10))
    const description = concat([Uint8Array.of(0x81, 0, 0, 0), obu(obuTypes.sequenceHeader, sequence)])
    const payloads = createPacketizer({ codec: 'av1', description }).packetize(frameOf(frame, true))
    expect(payloads.map((p) => (p[0]! >> 3) & 1)).toEqual(payloads.map((_, i) => (i === 0 ? 1 : 0)))
    expect(depacketizeAv1(payloads)[0]).toEqual(concat([Uint8Array.of(obuTypes.sequenceHeader << 3), sequence]))
    const inBand = concat([obu(obuTypes.sequenceHeader, sequence), frame])
    expect(
      depacketizeAv1(createPacketizer({ codec: 'av1', description }).packetize(frameOf(inBand, true))),
    ).toHaveLength(2)
  })

  it('refuse a damaged temporal unit', () => {
    fc.assert(
      fc.property(bytes(80), (data) => {
        try {
          createPacketizer({ codec: 'av1' }).packetize(frameOf(data))
        } catch (error) {
          expect(error).toMatchObject({ code: 'MEDIA_CORRUPT' })
        }
      }),
    )
  })
})

describe('Opus payloads', () => {
  it('are the packets themselves', () => {
    const data = Uint8Array.of(0xf8, 1, 2)
    expect(createPacketizer({ codec: 'opus' }).packetize(frameOf(data, true))).toEqual([data])
  })
})

describe('a packetized GOP', () => {
  it('lies in one slab of its own and counts its bytes', () => {
    const slab = new Uint8Array(4000).fill(3)
    const gop: Gop = {
      ...{ startS: 0, endS: 1, byteLength: 4000, continues: false, isLast: false },
      frames: [frameOf(slab.subarray(0, 3000), true), frameOf(slab.subarray(3000))],
    }
    const packetized = packetizeGop(gop, createPacketizer({ codec: 'vp8' }))
    const payloads = packetized.frames.flatMap((frame) => frame.payloads)
    expect(new Set(payloads.map((payload) => payload.buffer)).size).toBe(1)
    expect(payloads[0]!.buffer).not.toBe(slab.buffer)
    expect(packetized.byteLength).toBe(4000 + 4 * payloads.length)
    expect(packetized.frames.map((frame) => frame.byteLength)).toEqual([3000 + 12, 1000 + 4])
  })

  it('cannot be made of a codec that RTP does not carry', () => {
    expect(() => createPacketizer({ codec: 'aac' })).toThrow(expect.objectContaining({ code: 'CODEC_UNSUPPORTED' }))
  })
})

describe.skipIf(!hasFfmpeg)('packets of real clips', () => {
  async function firstGop(name: ClipName) {
    const media = await openMedia(await clipFiles(name), { clock: systemClock })
    const track = media.tracks.find((t) => t.kind === 'video')!
    const gop = await media.rendition(track.id).gopAt(0, AbortSignal.timeout(10_000))
    media.close()
    return { track, gop, packetized: packetizeGop(gop, createPacketizer(track)) }
  }

  it.each(['h264.mp4', 'h264.mkv'] as const)('of %s hold its slices', async (name) => {
    const { gop, packetized } = await firstGop(name)
    for (const [i, frame] of gop.frames.entries()) {
      const slices = splitLengthPrefixed(frame.data, 4).filter((unit) => nalTypeOf(unit) <= 5)
      const sent = depacketizeH264(packetized.frames[i]!.payloads)
      expect(sent.filter((unit) => nalTypeOf(unit) <= 5)).toEqual(slices.map((unit) => Uint8Array.from(unit)))
      if (frame.isKey) expect(sent.map(nalTypeOf).slice(0, 2)).toEqual([7, 8])
    }
  })

  it('of MPEG-TS hold parameter sets and slices', async () => {
    const { packetized } = await firstGop('h264.ts')
    expect(depacketizeH264(packetized.frames[0]!.payloads).map(nalTypeOf)).toEqual([7, 8, 5])
    expect(depacketizeH264(packetized.frames[1]!.payloads).map(nalTypeOf)).toEqual([1])
  })

  it('of VP9 carry the picture size on the key frame', async () => {
    const { packetized } = await firstGop('vp9.webm')
    const first = Vp9RtpPayload.deSerialize(Buffer.from(packetized.frames[0]!.payloads[0]!))
    expect(first).toMatchObject({ pBit: 0, vBit: 1, width: [320], height: [180] })
    expect(Vp9RtpPayload.deSerialize(Buffer.from(packetized.frames[1]!.payloads[0]!)).pBit).toBe(1)
  })

  it.each(['av1.mp4', 'av1.webm'] as const)('of %s hold its OBUs', async (name) => {
    const { gop, packetized } = await firstGop(name)
    for (const [i, frame] of gop.frames.entries()) {
      const types = splitObus(frame.data)
        .map((o) => o.type)
        .filter((type) => type !== obuTypes.temporalDelimiter)
      expect(depacketizeAv1(packetized.frames[i]!.payloads).map((element) => (element[0]! >> 3) & 15)).toEqual(types)
    }
  })
})
