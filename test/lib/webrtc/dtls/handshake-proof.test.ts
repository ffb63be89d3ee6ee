import { createPrivateKey, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { CipherContext, RTCDtlsTransport } from 'werift'
import { proveHandshake } from '../../../../src/lib/webrtc/dtls/handshake-proof.ts'
import { useNodeCrypto } from '../../../../src/lib/webrtc/handshake-crypto.ts'
import type { Handshake, HandshakeMessage } from '../../../../src/lib/webrtc/werift.ts'
import { chooseVp8, createFactory, createViewer, until } from '../../../support/webrtc-pair.ts'

const random = (fill: number) => Buffer.concat([Buffer.from([254, 253]), Buffer.alloc(32, fill), Buffer.alloc(6)])
const message = (type: number, body: Buffer): HandshakeMessage => ({
  type,
  body,
  serialized: Buffer.concat([Buffer.from([type]), body]),
})
const proofOf = (scheme: number, data: Buffer, key: KeyObject): Buffer => {
  const signature = sign('sha256', data, key)
  const head = Buffer.alloc(4)
  head.writeUInt16BE(scheme, 0)
  head.writeUInt16BE(signature.length, 2)
  return Buffer.concat([head, signature])
}
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

let own: KeyObject
let certificate: Buffer

beforeAll(async () => {
  const { certPem, privateKey } = await RTCDtlsTransport.SetupCertificate()
  certificate = new X509Certificate(certPem).raw
  own = createPrivateKey(privateKey)
})

/** What a client says, its CertificateVerify signed with `key`. */
function asServer(key: KeyObject, scheme = 0x0403): Handshake {
  const said = [
    message(1, random(1)),
    message(2, random(2)),
    message(11, certificate),
    message(16, Buffer.alloc(33, 3)),
  ]
  const transcript = Buffer.concat(said.map(({ serialized }) => serialized))
  const messages = [...said, message(15, proofOf(scheme, transcript, key)), message(20, Buffer.alloc(12))]
  return { role: 'server', messages, remoteCertificate: certificate }
}

/** What a server says, its key exchange signed with `key`. */
function asClient(key: KeyObject, clientRandom = 1): Handshake {
  const parameters = Buffer.concat([Buffer.from([3, 0, 29, 32]), Buffer.alloc(32, 7)])
  const signed = Buffer.concat([Buffer.alloc(32, 1), Buffer.alloc(32, 2), parameters])
  const exchange = Buffer.concat([parameters, proofOf(0x0403, signed, key)])
  const messages = [message(1, random(clientRandom)), message(2, random(2)), message(12, exchange)]
  return { role: 'client', messages, remoteCertificate: certificate }
}

const refusal = expect.objectContaining({ code: 'PEER_FAILED' })

describe('the proof of a handshake', () => {
  it('takes what the key of the certificate has signed', () => {
    expect(() => proveHandshake(asServer(own))).not.toThrow()
    expect(() => proveHandshake(asClient(own))).not.toThrow()
  })

  it('refuses what another key has signed, an old exchange, SHA-1, a scheme of other keys and no signature at all', () => {
    const unsigned = asServer(own)
    const bad = [
      asServer(stranger),
      asClient(stranger),
      asClient(own, 9),
      asServer(own, 0x0203),
      asServer(own, 0x0401),
      { ...unsigned, messages: unsigned.messages.filter(({ type }) => type !== 15) },
      { ...unsigned, remoteCertificate: Buffer.alloc(0) },
      { ...asClient(own), messages: [] },
    ]
    for (const handshake of bad) expect(() => proveHandshake(handshake)).toThrow(refusal)
  })

  it('refuses any other message and any other signature, and throws nothing else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(asServer(own), asClient(own)),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (good, which, where, change) => {
          const relevant = good.role === 'server' ? good.messages.filter(({ type }) => type !== 20) : good.messages
          const changed = relevant[which % relevant.length]!
          const messages = good.messages.map((one) => {
            if (one !== changed) return one
            const body = Buffer.from(one.body)
            // Of a hello the client checks the random alone; a signature may be spelt in no other way.
            const at = good.role === 'client' && one.type < 3 ? 2 + (where % 32) : where % body.length
            body[at]! ^= change
            return message(one.type, body)
          })
          expect(() => proveHandshake({ ...good, messages })).toThrow(refusal)
        },
      ),
    )
  })
})

describe('a peer that shows the certificate of another', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each(['viewer', 'server'] as const)('fails to connect where it is the %s', async (impostor) => {
    useNodeCrypto()
    const context = CipherContext.prototype as unknown as Record<
      'signatureData' | 'generateKeySignature',
      (...of: never[]) => Buffer
    >
    const signing = impostor === 'viewer' ? 'signatureData' : 'generateKeySignature'
    vi.spyOn(context, signing).mockImplementation(() => sign('sha256', Buffer.from('anything'), stranger))
    const factory = await createFactory()
    const peer = await factory.createPeer()
    const viewer = await createViewer()
    await viewer.acceptAnswer(await peer.acceptOffer(await viewer.offer(), chooseVp8))
    const deceived = impostor === 'viewer' ? peer : viewer
    await until(() => deceived.connectionState === 'failed')
    await viewer.close()
    await factory.close()
  })
})
