import { createHmac, randomBytes, verify, X509Certificate } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { CipherContext, Message, parseMessage, RTCDtlsTransport } from 'werift'
import { useNodeCrypto, x25519, x25519KeyPair } from '../../../src/lib/webrtc/handshake-crypto.ts'

describe('X25519', () => {
  it('multiplies as in RFC 7748 5.2', () => {
    const scalar = Buffer.from('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4', 'hex')
    const point = Buffer.from('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c', 'hex')
    const product = 'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552'
    expect(Buffer.from(x25519(scalar, point)).toString('hex')).toBe(product)
  })

  it('gives both sides one secret, of keys that stand alone in their buffers', () => {
    const [one, two] = [x25519KeyPair(), x25519KeyPair()]
    expect(x25519(one.secretKey, two.publicKey)).toEqual(x25519(two.secretKey, one.publicKey))
    for (const key of [one.publicKey, one.secretKey]) expect([key.length, key.buffer.byteLength]).toEqual([32, 32])
    expect(one.publicKey).not.toEqual(two.publicKey)
  })

  it('refuses keys of a wrong length and those that give the secret away', () => {
    const { secretKey } = x25519KeyPair()
    expect(() => x25519(secretKey, Buffer.alloc(32))).toThrow()
    expect(() => x25519(secretKey, Buffer.alloc(31, 9))).toThrow(RangeError)
    expect(() => x25519(secretKey.subarray(1), Buffer.alloc(32, 9))).toThrow(RangeError)
  })
})

describe('a handshake of werift by node:crypto', () => {
  beforeAll(useNodeCrypto)

  it('is signed with the key of its certificate, in whichever context', async () => {
    const certificate = await RTCDtlsTransport.SetupCertificate()
    const { certPem, privateKey, signatureHash } = certificate
    const publicKey = new X509Certificate(certPem).publicKey
    for (let i = 0; i < 2; i++) {
      const context = new CipherContext(1, certPem, privateKey, signatureHash)
      const data = randomBytes(50)
      expect(verify('sha256', data, publicKey, context.signatureData(data, 'sha256'))).toBe(true)
      expect(Buffer.from(context.localCert!)).toEqual(new X509Certificate(certPem).raw)
    }
  })

  it('signs STUN so that the other side accepts it', () => {
    const key = randomBytes(24)
    const message = new Message(1, 0, randomBytes(12)).setAttribute('USERNAME', 'abcd:efgh').addMessageIntegrity(key)
    const unsigned = new Message(1, 0, message.transactionId).setAttribute('USERNAME', 'abcd:efgh').bytes
    unsigned.writeUInt16BE(unsigned.readUInt16BE(2) + 24, 2)
    const expected = createHmac('sha1', key).update(unsigned).digest()
    expect(message.getAttributeValue('MESSAGE-INTEGRITY')).toEqual(expected)
    expect(parseMessage(message.addFingerprint().bytes, key)).toBeDefined()
    expect(parseMessage(message.bytes, randomBytes(24))).toBeUndefined()
  })
})
