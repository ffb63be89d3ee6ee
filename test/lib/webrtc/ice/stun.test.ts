import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasPriority, isSound, stunClassOf } from '../../../../src/lib/webrtc/ice/stun.ts'
import { stunMessage } from '../../../support/stun-messages.ts'

const [recordedCheck] = readFileSync(new URL('../corpus/stun.hex', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^[0-9a-f]+$/.test(line))
  .map((line) => Buffer.from(line, 'hex')) as [Buffer]

const message = (type: number, ...attributes: [type: number, value: Buffer][]) => stunMessage(type, attributes)
const sound = (packet: Buffer) => isSound(packet, stunClassOf(packet))

describe('a STUN message that the library may see', () => {
  it('is a check, a response, an error with a code, or no STUN at all', () => {
    expect([sound(recordedCheck), hasPriority(recordedCheck)]).toEqual([true, true])
    expect(sound(message(0x101, [0x20, Buffer.alloc(8)], [8, Buffer.alloc(20)]))).toBe(true)
    expect(sound(message(0x111, [9, Buffer.from([0, 0, 4, 87])]))).toBe(true)
    expect(sound(Buffer.from([0x80, 0x60]))).toBe(true)
    expect(sound(Buffer.from([22, 0xfe, 0xfd]))).toBe(true)
  })

  it.each([
    ['an error without a code', message(0x111, [8, Buffer.alloc(20)])],
    ['an indication', message(0x11)],
    ['an address that is long: 64 kB are a second of work', message(1, [0x20, Buffer.alloc(1000)])],
    ['more than a path takes in one piece', message(1, [0x9000, Buffer.alloc(2100)])],
    ['many attributes', message(1, ...Array.from({ length: 40 }, (): [number, Buffer] => [0x9000, Buffer.alloc(0)]))],
    [
      'an attribute that ends behind it',
      Buffer.concat([message(1, [6, Buffer.from('abcd')]).subarray(0, 22), Buffer.from([0, 99])]),
    ],
    ['a length that is wrong', recordedCheck.subarray(0, 40)],
    ['a check in the dress of DTLS', Buffer.concat([Buffer.from([22]), recordedCheck.subarray(1)])],
  ])('is not %s', (_name, packet) => {
    expect(sound(packet)).toBe(false)
  })

  it('is told from any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 8 }), fc.nat(120), (changes, length) => {
        const packet = Buffer.from(recordedCheck.subarray(0, Math.max(1, length)))
        for (const [at, value] of changes) packet[at % packet.length] = value
        expect(typeof sound(packet)).toBe('boolean')
      }),
    )
  })
})
