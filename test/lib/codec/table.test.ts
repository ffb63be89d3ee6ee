import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canPass, codecOf, codecs, createPacketizer, receivable, sendable } from '../../../src/lib/codec/index.ts'
import { leb128Bytes, readLeb128, withoutSize, withSize, writeLeb128 } from '../../../src/lib/codec/obu.ts'
import { maxPayloadBytes } from '../../../src/lib/codec/packetizer.ts'
import { rtpCodecs, type Track } from '../../../src/lib/model/track.ts'

/** A frame as its container keeps it, of any bytes. */
const stored = {
  vp8: (body: Uint8Array, isKey: boolean) => Uint8Array.of(isKey ? 0x10 : 0x11, ...body),
  // An inter frame: the header of a key frame is tested with real clips.
  vp9: (body: Uint8Array) => Uint8Array.of(0x86, ...body),
  h264: (body: Uint8Array, isKey: boolean) => Uint8Array.of(0, 0, 0, 1, isKey ? 0x65 : 0x41, ...nonZero(body), 0x80),
  av1(body: Uint8Array, isKey: boolean) {
    const size = new Uint8Array(leb128Bytes(body.length))
    writeLeb128(size, 0, body.length)
    return Uint8Array.of(...(isKey ? [0x0a, 1, 0] : []), 0x32, ...size, ...body)
  },
  opus: (body: Uint8Array) => Uint8Array.of(0xfc, ...body),
} satisfies Record<keyof typeof codecs, (body: Uint8Array, isKey: boolean) => Uint8Array>

const nonZero = (body: Uint8Array) => body.map((byte) => byte || 1)
const track = (codec: keyof typeof codecs): Track => ({
  ...{ id: 1, kind: codecs[codec].kind, codec, codecString: codecs[codec].codecString },
  ...(codecs[codec].kind === 'audio' && { channels: 2 }),
})

describe('the table of codecs', () => {
  it('has every codec of the model under its own name, and no other', () => {
    expect(Object.keys(codecs).sort()).toEqual([...rtpCodecs].sort())
    for (const [name, codec] of Object.entries(codecs)) {
      expect(codec.name).toBe(name)
      expect(codec.createPacketizer().codec).toBe(name)
      expect(codec.rtpName.toLowerCase()).toBe(name)
    }
    for (const name of ['toString', '__proto__', 'hevc', 'VP8', '']) expect(codecOf(name)).toBeUndefined()
    expect(() => createPacketizer({ codec: 'constructor' })).toThrow('no RTP payload format here for constructor')
  })

  it.each(rtpCodecs)(
    '%s: what we say we decode takes the plainest track of it, and so does what we say we send',
    (name) => {
      const { kind } = codecs[name]
      expect(canPass(track(name), receivable(kind))?.codec).toBe(name)
      expect(canPass(track(name), sendable(kind))?.codec).toBe(name)
    },
  )

  it.each(rtpCodecs)('%s: the depacketizer gives back what the packetizer took', (name) => {
    const { createPacketizer, depacketizer, kind } = codecs[name]
    const sizes =
      kind === 'audio' ? { minLength: 1, maxLength: 1000 } : { minLength: 1, maxLength: 5 * maxPayloadBytes }
    const frames = fc.tuple(fc.uint8Array({ ...sizes, size: 'max' }), fc.boolean())
    fc.assert(
      fc.property(frames, ([body, isKey]) => {
        const data = stored[name](body, isKey)
        const payloads = createPacketizer()
          .packetize({ timeS: 0, durationS: 0.02, isKey, data })
          .map((payload) => Buffer.from(payload))
        expect(depacketizer.isStart(payloads[0]!) || name === 'av1' || name === 'h264').toBe(true)
        const joined = depacketizer.join(payloads)
        expect(joined?.data.equals(data)).toBe(true)
        expect(joined?.isKey).toBe(kind === 'audio' || (name !== 'vp9' && isKey))
      }),
      { seed: 11, numRuns: 100, endOnFailure: true },
    )
  })
})

describe('OBUs', () => {
  it('have sizes that read as they were written', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(5), (value, offset) => {
        const buffer = new Uint8Array(offset + 5)
        const end = writeLeb128(buffer, offset, value)
        expect(end - offset).toBe(leb128Bytes(value))
        expect(readLeb128(buffer, offset)).toEqual({ value, length: end - offset })
        expect(readLeb128(buffer.subarray(0, end - 1), offset)).toBeUndefined()
      }),
      { seed: 12 },
    )
    expect(readLeb128(new Uint8Array(9).fill(0x80), 0)).toBeUndefined()
  })

  it('keep their bytes when the size goes and comes, also where the header is all that there is', () => {
    const payload = Uint8Array.of(7, 8, 9)
    const bare = withoutSize({ type: 6, header: 0x36, extension: 0x20, payload })
    expect([...bare]).toEqual([0x34, 0x20, 7, 8, 9])
    expect([...withSize(Buffer.from(bare))]).toEqual([0x36, 0x20, 3, 7, 8, 9])
    expect([...withSize(Buffer.of(0x34))]).toEqual([0x36, 0])
    expect([...withSize(Buffer.of(0x32, 1, 5))]).toEqual([0x32, 1, 5])
  })
})
