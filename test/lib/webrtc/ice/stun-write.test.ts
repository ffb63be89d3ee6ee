import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  hasIntegrity,
  hasOtherRole,
  hasPriority,
  isSound,
  localFragmentOf,
  stunClassOf,
} from '../../../../src/lib/webrtc/ice/stun.ts'
import { writeBindingRequest, writeBindingResponse } from '../../../../src/lib/webrtc/ice/stun-write.ts'
import { iceCheck } from '../../../support/stun-messages.ts'

const password = 'VOkJxbRl1RmTxUk/WvJxBt'
const request = () => {
  const bytes = iceCheck('us:them', password)
  Buffer.from('b7e7a701bc34d686fa87dfae', 'hex').copy(bytes, 8)
  return bytes
}

/** RFC 8489 14.7, of a message whose last attribute it is. */
function expectFingerprint(message: Buffer) {
  expect(message.readUInt32BE(message.length - 8)).toBe(0x8028_0004)
  const expected = (crc32(message.subarray(0, -8)) ^ 0x5354_554e) >>> 0
  expect(message.readUInt32BE(message.length - 4)).toBe(expected)
}

describe('a binding request', () => {
  const write = (isControlling: boolean) =>
    writeBindingRequest({ username: 'them:us', password, isControlling, tieBreaker: 2n ** 64n - 1n })

  it('is a check that the other side takes: whole, named, signed, with a priority and a fingerprint', () => {
    const message = write(true)
    expect(stunClassOf(message)).toBe('request')
    expect(isSound(message, 'request')).toBe(true)
    expect(localFragmentOf(message)).toBe('them')
    expect(hasPriority(message)).toBe(true)
    expect(hasIntegrity(message, password)).toBe(true)
    expect(hasIntegrity(message, 'another')).toBe(false)
    expectFingerprint(message)
  })

  it.each([true, false])('says the role of its sender, controlling: %s', (isControlling) => {
    expect(hasOtherRole(write(isControlling), !isControlling)).toBe(true)
    expect(hasOtherRole(write(isControlling), isControlling)).toBe(false)
    expect(write(isControlling).includes(Buffer.from('ffffffffffffffff', 'hex'))).toBe(true)
  })

  it('takes passwords longer than a block of the digest', () => {
    const long = 'p'.repeat(256)
    const message = writeBindingRequest({ username: 'a:b', password: long, isControlling: true, tieBreaker: 0n })
    expect(hasIntegrity(message, long)).toBe(true)
  })

  it('has a transaction of its own', () => {
    expect(write(true).subarray(8, 20)).not.toEqual(write(true).subarray(8, 20))
  })
})

describe('a binding response', () => {
  // The addresses of RFC 5769 2.2 and 2.3.
  it.each([
    ['192.0.2.1', '0001a147e112a643'],
    ['2001:db8:1234:5678:11:2233:4455:6677', '0002a1470113a9faa5d3f179bc25f4b5bed2b9d9'],
    ['2001:db8::1', '0002a1470113a9fab7e7a701bc34d686fa87dfaf'],
    ['::1', '0002a1472112a442b7e7a701bc34d686fa87dfaf'],
    ['fe80::', '0002a147df92a442b7e7a701bc34d686fa87dfae'],
  ])('says that the request came from %s', (host, mapped) => {
    const message = writeBindingResponse(request(), [host, 32_853], password)
    expect(stunClassOf(message)).toBe('response')
    expect(isSound(message, 'response')).toBe(true)
    expect(message.subarray(8, 20)).toEqual(request().subarray(8, 20))
    expect(message.subarray(20, 24).toString('hex')).toBe(`002000${(mapped.length / 2).toString(16).padStart(2, '0')}`)
    expect(message.subarray(24, 24 + mapped.length / 2).toString('hex')).toBe(mapped)
    expect(hasIntegrity(message, password)).toBe(true)
    expectFingerprint(message)
  })
})
