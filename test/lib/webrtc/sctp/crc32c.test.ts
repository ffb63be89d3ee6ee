import fc from 'fast-check'
import { expect, it } from 'vitest'
import { crc32c } from '../../../../src/lib/webrtc/sctp/crc32c.ts'

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)

it.each([
  ['no bytes', new Uint8Array(0), 0],
  ['the digits', Buffer.from('123456789'), 0xe306_9283],
  // RFC 3720, B.4.
  ['32 bytes of 0', new Uint8Array(32), 0x8a91_36aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8_ab43],
  ['32 bytes that ascend', ascending, 0x46dd_794e],
  ['32 bytes that descend', ascending.toReversed(), 0x113f_db5c],
])('of %s is what it is elsewhere', (_name, data, sum) => {
  expect(crc32c(data)).toBe(sum)
})

it('sees each burst of up to 32 bits', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 8, maxLength: 100 }),
      fc.nat(),
      fc.integer({ min: 1, max: 0xffff_ffff }),
      (data, at, burst) => {
        const changed = Buffer.from(data)
        const offset = at % (data.length - 3)
        changed.writeUInt32BE((changed.readUInt32BE(offset) ^ burst) >>> 0, offset)
        expect(crc32c(changed)).not.toBe(crc32c(data))
      },
    ),
    { seed: 1 },
  )
})
