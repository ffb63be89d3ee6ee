import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepPacket } from '../../../../src/lib/webrtc/srtp/packet-memory.ts'
import { createProtectCm } from '../../../../src/lib/webrtc/srtp/srtp-cm.ts'
import type { SrtpKeys } from '../../../../src/lib/webrtc/srtp/srtp-keys.ts'

const keysOf = (bytes: Uint8Array): SrtpKeys => ({
  profile: 'cm-sha1',
  key: bytes.subarray(0, 16),
  salt: bytes.subarray(16, 30),
  authKey: bytes.subarray(30, 50),
})
const keys = keysOf(randomBytes(50))

/** RFC 3711 by the letter, with a cipher and a digest for each packet. */
function byTheLetter({ key, salt, authKey }: SrtpKeys, header: Uint8Array, payload: Uint8Array, rollover: number) {
  const iv = Buffer.alloc(16)
  iv.set(salt)
  const exclusiveOr = (at: number, value: number, bytes: number) => {
    for (let i = 0; i < bytes; i++) iv[at + i]! ^= (value >>> (8 * (bytes - 1 - i))) & 0xff
  }
  const head = Buffer.from(header)
  exclusiveOr(4, head.readUInt32BE(8), 4)
  exclusiveOr(8, rollover, 4)
  exclusiveOr(12, head.readUInt16BE(2), 2)
  const body = Buffer.concat([head, createCipheriv('aes-128-ctr', key, iv).update(payload)])
  const roc = Buffer.alloc(4)
  roc.writeUInt32BE(rollover >>> 0)
  return Buffer.concat([body, createHmac('sha1', authKey).update(body).update(roc).digest().subarray(0, 10)])
}

const header = (words: number) => fc.uint8Array({ minLength: 4 * words, maxLength: 4 * words })

describe('AES-CM with HMAC-SHA1', () => {
  it('makes what RFC 3711 says, for every size, header and rollover', () => {
    const protect = createProtectCm(keys)
    const packets = fc.integer({ min: 3, max: 8 }).chain((words) =>
      fc.record({
        header: header(words),
        payload: fc.uint8Array({ maxLength: 1500 }),
        rollover: fc.nat(0xffff_ffff),
      }),
    )
    fc.assert(
      fc.property(packets, ({ header, payload, rollover }) => {
        expect(protect(header, payload, rollover)).toEqual(byTheLetter(keys, header, payload, rollover))
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('makes it for streams whose packets follow each other, with gaps, over wraps, and for more streams than it looks ahead for', () => {
    const step = fc.record({
      stream: fc.nat(11),
      ahead: fc.oneof(
        { weight: 5, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.integer({ min: 2, max: 9 }) },
      ),
      byteLength: fc.oneof(fc.constant(1180), fc.nat(1500)),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 120 }), (steps) => {
        const protect = createProtectCm(keys)
        // Near the end of the 16 bits, so that each stream goes beyond it.
        const index = Array.from({ length: 12 }, (_, i) => 0xffff - i)
        for (const { stream, ahead, byteLength } of steps) {
          index[stream]! += ahead
          const head = Buffer.alloc(12)
          head.writeUInt16BE(index[stream]! & 0xffff, 2)
          head.writeUInt32BE(0x8000_0000 + stream, 8)
          const [payload, rollover] = [randomBytes(byteLength), Math.floor(index[stream]! / 0x1_0000)]
          expect(protect(head, payload, rollover)).toEqual(byTheLetter(keys, head, payload, rollover))
        }
      }),
      { seed: 2, numRuns: 30 },
    )
  })

  it('leaves packets that wait untouched by those of other peers, though they share what they are made in', () => {
    const peers = Array.from({ length: 5 }, () => keysOf(randomBytes(50)))
    const made = peers.map((one) => ({ one, protect: createProtectCm(one) }))
    const kept: [Buffer, Buffer][] = []
    for (let i = 0; i < 60; i++) {
      const { one, protect } = made[i % 5]!
      const [head, payload] = [randomBytes(12), randomBytes((i * 97) % 1400)]
      kept.push([protect(head, payload, i), byTheLetter(one, head, payload, i)])
      keepPacket()
    }
    for (const [packet, expected] of kept) expect(packet).toEqual(expected)
  })

  it('takes no packet that is larger than a datagram, and goes on after it', () => {
    const protect = createProtectCm(keys)
    const head = randomBytes(12)
    const most = randomBytes(2044 - 12)
    expect(protect(head, most, 1)).toEqual(byTheLetter(keys, head, most, 1))
    expect(() => protect(head, randomBytes(2044 - 11), 1)).toThrow(RangeError)
    expect(() => protect(head, randomBytes(70_000), 1)).toThrow(RangeError)
    expect(protect(head, most.subarray(0, 5), 1)).toEqual(byTheLetter(keys, head, most.subarray(0, 5), 1))
  })
})
