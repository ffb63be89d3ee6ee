import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keepPacket } from '../../../src/lib/webrtc/packet-memory.ts'
import { createProtectCm } from '../../../src/lib/webrtc/srtp-cm.ts'
import type { SrtpKeys } from '../../../src/lib/webrtc/srtp-keys.ts'

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
