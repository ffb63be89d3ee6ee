// Encrypts with AES-CM and HMAC-SHA1 (RFC 3711), the profile that every peer has. What costs in node:crypto is not the cipher but
// the object for each packet and the buffers that it gives: so one cipher makes the key streams of a peer, and digests are taken as
// text, for which no buffer is made.
import { type Cipheriv, createCipheriv, hash } from 'node:crypto'
import { type Protect, type SrtpKeys, secretKey } from './srtp-keys.ts'

const tagLength = 10
const blockLength = 16
const sha1BlockLength = 64
const sha1Length = 20
/** Header, payload and rollover counter. */
const maxLength = 2048

// What is written here is read in the same call: one of each is enough for all peers of a thread, and stays in the cache.
const counters = new DataView(new ArrayBuffer(maxLength))
/** A block for the key of the digest, the packet, and the rollover counter. */
const inner = Buffer.alloc(sha1BlockLength + maxLength)
const words = new Int32Array(inner.buffer, inner.byteOffset, inner.byteLength / 4)

/** RFC 3711 4.1.1: the key streams of a peer's packets. */
class KeyStreams {
  readonly #cipher: Cipheriv
  readonly #salt = new DataView(new ArrayBuffer(blockLength))
  /** As bytes: optimized, Node 24 at times takes a DataView for none of its views. Most packets are as long as the one before. */
  #blocks = new Uint8Array(counters.buffer, 0, 0)

  constructor({ key, salt }: SrtpKeys) {
    this.#cipher = createCipheriv('aes-128-ecb', secretKey(key), null).setAutoPadding(false)
    for (let i = 0; i < 14; i++) this.#salt.setUint8(i, salt[i]!)
  }

  /** Exclusive-ors the words of `inner` from `at` on, of which `byteLength` bytes count. */
  apply(at: number, byteLength: number, ssrc: number, rollover: number, sequence: number): void {
    const count = (byteLength + 3) >> 2
    const stream = this.#make((byteLength + 15) >> 4, ssrc, rollover, sequence)
    for (let i = 0; i < count; i++) words[at + i] = words[at + i]! ^ stream[i]!
  }

  #make(blocks: number, ssrc: number, rollover: number, sequence: number): Int32Array {
    const salt = this.#salt
    const [first, second, third] = [salt.getInt32(0), salt.getInt32(4) ^ ssrc, salt.getInt32(8) ^ rollover]
    const index = (salt.getUint16(12) ^ sequence) << 16
    for (let block = 0; block < blocks; block++) {
      const at = block * blockLength
      counters.setInt32(at, first)
      counters.setInt32(at + 4, second)
      counters.setInt32(at + 8, third)
      counters.setInt32(at + 12, index | block)
    }
    const byteLength = blocks * blockLength
    if (this.#blocks.length !== byteLength) this.#blocks = new Uint8Array(counters.buffer, 0, byteLength)
    const stream = this.#cipher.update(this.#blocks)
    return new Int32Array(stream.buffer, stream.byteOffset, byteLength / 4)
  }
}

/** HMAC-SHA1 (RFC 2104) over what stands behind the first block of `inner`, as text of one byte a character. */
class Authenticator {
  readonly #innerKey = Buffer.alloc(sha1BlockLength)
  readonly #outer = Buffer.alloc(sha1BlockLength + sha1Length)
  #view = inner

  constructor(key: Uint8Array) {
    for (let i = 0; i < sha1BlockLength; i++) {
      this.#innerKey[i] = (key[i] ?? 0) ^ 0x36
      this.#outer[i] = (key[i] ?? 0) ^ 0x5c
    }
  }

  digest(end: number): string {
    if (this.#view.length !== end) this.#view = inner.subarray(0, end)
    inner.set(this.#innerKey)
    this.#outer.write(hash('sha1', this.#view, 'binary'), sha1BlockLength, 'latin1')
    return hash('sha1', this.#outer, 'binary')
  }
}

/** As createProtect of srtp.ts. Throws RangeError for more than a datagram takes, and for a header that is not of whole words. */
export function createProtectCm(keys: SrtpKeys): Protect {
  const keyStreams = new KeyStreams(keys)
  const authenticator = new Authenticator(keys.authKey)
  return (header, payload, rollover) => {
    const bodyAt = sha1BlockLength + header.length
    const end = bodyAt + payload.length
    if (end + 4 > inner.length) throw new RangeError('an RTP packet larger than a datagram')
    // Between two words nothing would be encrypted.
    if (header.length % 4 !== 0) throw new RangeError('an RTP header that is not of whole words')
    inner.set(header, sha1BlockLength)
    inner.set(payload, bodyAt)
    const ssrc = inner.readUInt32BE(sha1BlockLength + 8)
    const sequence = inner.readUInt16BE(sha1BlockLength + 2)
    keyStreams.apply(bodyAt / 4, payload.length, ssrc, rollover >>> 0, sequence)
    inner.writeUInt32BE(rollover >>> 0, end)
    const packet = Buffer.allocUnsafe(header.length + payload.length + tagLength)
    inner.copy(packet, 0, sha1BlockLength, end)
    packet.write(authenticator.digest(end + 4), packet.length - tagLength, tagLength, 'latin1')
    return packet
  }
}
