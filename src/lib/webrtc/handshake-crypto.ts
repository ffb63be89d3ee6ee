// What a handshake costs in werift, by node:crypto instead: X25519 in JavaScript (0.6 ms a multiplication), a certificate and a key
// that are parsed anew for each connection, and keys that are given to node:crypto raw (10 µs each time on Node 24, see srtp.ts).
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { createRequire } from 'node:module'
import { CipherContext, Message } from 'werift'
import { McpxError } from '../base/errors.ts'

/** As much of tweetnacl as werift uses. */
interface Nacl {
  box: { keyPair(): { publicKey: Uint8Array; secretKey: Uint8Array } }
  scalarMult(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array
}

/** DER around the 32 bytes of an X25519 key (RFC 8410). */
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex')
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** A key pair for X25519, raw as TLS has them. */
export function x25519KeyPair(): { publicKey: Uint8Array; secretKey: Uint8Array } {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  const [publicDer, secretDer] = [
    publicKey.export({ format: 'der', type: 'spki' }),
    privateKey.export({ format: 'der', type: 'pkcs8' }),
  ]
  // werift takes the buffer beneath, from its first byte to its last.
  return {
    publicKey: new Uint8Array(publicDer.subarray(publicPrefix.length)),
    secretKey: new Uint8Array(secretDer.subarray(privatePrefix.length)),
  }
}

/** Throws for a key that is not 32 bytes long, and for one of the few that would give away the secret (RFC 7748 6.1). */
export function x25519(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  if (secretKey.length !== 32 || publicKey.length !== 32) throw new RangeError('an X25519 key has 32 bytes')
  return diffieHellman({
    privateKey: createPrivateKey({ key: Buffer.concat([privatePrefix, secretKey]), format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: Buffer.concat([publicPrefix, publicKey]), format: 'der', type: 'spki' }),
  })
}

/** werift's context of one handshake; its private parts that are replaced or read here. */
interface HandshakeContext {
  localCert: unknown
  localPrivateKey: unknown
  signatureHashAlgorithm: unknown
  sessionType: number
  localRandom: { serialize(): Buffer }
  remoteRandom: { serialize(): Buffer }
  localKeyPair: { publicKey: Buffer }
  namedCurve: number
  keyPem: string
  masterSecret: Buffer | KeyObject
  /** Of the record layer, once the keys are there. */
  cipher: { clientWriteKey: Buffer | KeyObject; serverWriteKey: Buffer | KeyObject } | undefined
  verifyData(handshakes: Buffer): Buffer
  parseX509(certPem: string, keyPem: string, signatureHash: unknown): void
  signatureData(data: Buffer, hash: string): Buffer
  generateKeySignature(hash: string): Buffer
  valueKeySignature(clientRandom: Buffer, serverRandom: Buffer, publicKey: Buffer, namedCurve: number): Buffer
}

const serverSession = 2

/** Certificate and key are one pair for the whole thread: the last one parsed is kept. */
function parseOnce(context: HandshakeContext): void {
  const parse = context.parseX509
  let known: { keyPem: string; localCert: unknown; localPrivateKey: unknown; signingKey: KeyObject } | undefined
  const signingKeyOf = ({ keyPem }: HandshakeContext) =>
    known?.keyPem === keyPem ? known.signingKey : createPrivateKey(keyPem)

  context.parseX509 = function (certPem, keyPem, signatureHash) {
    if (known?.keyPem === keyPem) {
      this.localCert = known.localCert
      this.localPrivateKey = known.localPrivateKey
      this.signatureHashAlgorithm = signatureHash
      return
    }
    parse.call(this, certPem, keyPem, signatureHash)
    const { localCert, localPrivateKey } = this
    known = { keyPem, localCert, localPrivateKey, signingKey: createPrivateKey(keyPem) }
  }
  context.signatureData = function (data, hash) {
    return sign(hash, data, signingKeyOf(this))
  }
  context.generateKeySignature = function (hash) {
    const isServer = this.sessionType === serverSession
    const [client, server] = isServer ? [this.remoteRandom, this.localRandom] : [this.localRandom, this.remoteRandom]
    const { publicKey } = this.localKeyPair
    const signed = this.valueKeySignature(client.serialize(), server.serialize(), publicKey, this.namedCurve)
    return sign(hash, signed, signingKeyOf(this))
  }
}

const keyObjectOf = (key: Buffer | KeyObject): KeyObject => (Buffer.isBuffer(key) ? createSecretKey(key) : key)

/** From the first Finished on: what was derived is used again and again, for the other one, for SRTP keys and for every record. */
function keepKeyObjects(context: HandshakeContext): void {
  const { verifyData } = context
  context.verifyData = function (handshakes) {
    this.masterSecret = keyObjectOf(this.masterSecret)
    if (this.cipher) {
      this.cipher.clientWriteKey = keyObjectOf(this.cipher.clientWriteKey)
      this.cipher.serverWriteKey = keyObjectOf(this.cipher.serverWriteKey)
    }
    return verifyData.call(this, handshakes)
  }
}

/** RFC 8489 14.5: over the message with a length that counts the attribute too. */
function signStun(this: { bytes: Buffer }, key: Buffer): Buffer {
  const { bytes } = this
  bytes.writeUInt16BE(bytes.readUInt16BE(2) + 24, 2)
  return createHmac('sha1', createSecretKey(key)).update(bytes).digest()
}

let isDone = false

/** Once a process or thread. Throws INTERNAL when werift or its X25519 is not as it was in the version pinned. */
export function useNodeCrypto(): void {
  if (isDone) return
  const nacl = createRequire(createRequire(import.meta.url).resolve('werift'))('tweetnacl') as Nacl
  const context = CipherContext.prototype as unknown as HandshakeContext
  const message = Message.prototype as unknown as { messageIntegrity: typeof signStun }
  const parts = [
    nacl.box?.keyPair,
    nacl.scalarMult,
    context.parseX509,
    context.signatureData,
    context.generateKeySignature,
    context.valueKeySignature,
    context.verifyData,
    message.messageIntegrity,
  ]
  if (parts.some((part) => typeof part !== 'function'))
    throw new McpxError('INTERNAL', 'this version of werift makes its handshakes in another way')
  nacl.box.keyPair = x25519KeyPair
  nacl.scalarMult = x25519
  parseOnce(context)
  keepKeyObjects(context)
  message.messageIntegrity = signStun
  isDone = true
}
