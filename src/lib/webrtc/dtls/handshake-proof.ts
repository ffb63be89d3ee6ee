// That the other side of a DTLS handshake has the key of the certificate that it shows. werift looks at neither signature: whoever
// has seen a certificate could show it, and its fingerprint is all that SDP names.
import { constants, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { McpxError } from '../../base/errors.ts'
import type { Handshake } from '../werift.ts'

const clientHello = 1
const serverHello = 2
const serverKeyExchange = 12
const certificateVerify = 15
const randomBytes = 32
const namedCurve = 3

interface Scheme {
  readonly keyType: 'ec' | 'rsa'
  readonly hash: string
  readonly options?: { readonly padding: number; readonly saltLength: number }
}

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }

/** RFC 8446 4.2.3 by number; SHA-1 is not accepted. */
const schemes: ReadonlyMap<number, Scheme> = new Map([
  [0x0401, { keyType: 'rsa', hash: 'sha256' }],
  [0x0403, { keyType: 'ec', hash: 'sha256' }],
  [0x0501, { keyType: 'rsa', hash: 'sha384' }],
  [0x0503, { keyType: 'ec', hash: 'sha384' }],
  [0x0601, { keyType: 'rsa', hash: 'sha512' }],
  [0x0603, { keyType: 'ec', hash: 'sha512' }],
  [0x0804, { keyType: 'rsa', hash: 'sha256', options: pss }],
  [0x0805, { keyType: 'rsa', hash: 'sha384', options: pss }],
  [0x0806, { keyType: 'rsa', hash: 'sha512', options: pss }],
])

/** Throws PEER_FAILED when the other side has not shown that the key of its certificate is its own. */
export function proveHandshake(handshake: Handshake): void {
  let isProven = false
  try {
    const { publicKey } = new X509Certificate(handshake.remoteCertificate)
    isProven = handshake.role === 'server' ? isClientProven(handshake, publicKey) : isServerProven(handshake, publicKey)
  } catch {
    // Cut short, or no certificate at all.
  }
  if (!isProven) throw new McpxError('PEER_FAILED', 'the other side does not have the key of its DTLS certificate')
}

/** RFC 5246 7.4.8: the client signs all that was said before. */
function isClientProven({ messages }: Handshake, key: KeyObject): boolean {
  const at = messages.findIndex(({ type }) => type === certificateVerify)
  if (at < 0) return false
  const transcript = Buffer.concat(messages.slice(0, at).map(({ serialized }) => serialized))
  return isSigned(transcript, messages[at]!.body, key)
}

/** RFC 8422 5.4: the server signs its part of the key exchange, with what makes it good for this handshake only. */
function isServerProven({ messages }: Handshake, key: KeyObject): boolean {
  const bodyOf = (wanted: number) => messages.findLast(({ type }) => type === wanted)?.body
  const [client, server, exchange] = [bodyOf(clientHello), bodyOf(serverHello), bodyOf(serverKeyExchange)]
  if (!client || !server || exchange?.[0] !== namedCurve) return false
  // Curve type, curve, and the length of a point.
  const parameters = exchange.subarray(0, 4 + exchange[3]!)
  const signed = Buffer.concat([randomOf(client), randomOf(server), parameters])
  return isSigned(signed, exchange.subarray(parameters.length), key)
}

/** After the two bytes of the version. */
const randomOf = (hello: Buffer): Buffer => hello.subarray(2, 2 + randomBytes)

/** `proof` is scheme, length and signature. */
function isSigned(data: Buffer, proof: Buffer, key: KeyObject): boolean {
  const scheme = schemes.get(proof.readUInt16BE(0))
  const length = proof.readUInt16BE(2)
  if (!scheme || scheme.keyType !== key.asymmetricKeyType || proof.length !== 4 + length) return false
  return verify(scheme.hash, data, { key, ...scheme.options }, proof.subarray(4))
}
