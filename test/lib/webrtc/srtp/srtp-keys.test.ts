import { describe, expect, it } from 'vitest'
import { deriveSessionKeys } from '../../../../src/lib/webrtc/srtp/srtp-keys.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase()

describe('the session keys', () => {
  it('are those of the test vectors of RFC 3711 B.3', () => {
    const masterKey = Buffer.from('E1F97A0D3E018BE0D64FA32C06DE4139', 'hex')
    const masterSalt = Buffer.from('0EC675AD498AFEEBB6960B3AABE6', 'hex')
    const { rtp } = deriveSessionKeys('cm-sha1', masterKey, masterSalt)
    expect(hex(rtp.key)).toBe('C61E7A93744F39EE10734AFE3FF7A087')
    expect(hex(rtp.salt)).toBe('30CBBC08863D8C85D49DB34A9AE1')
    // The RFC prints more than the 20 bytes that HMAC-SHA1 takes.
    expect(hex(rtp.authKey)).toBe('CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4')
  })
})
