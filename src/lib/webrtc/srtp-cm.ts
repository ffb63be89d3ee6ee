// Encrypts with AES-CM and HMAC-SHA1 (RFC 3711), the profile that every peer has. What costs in node:crypto is not the cipher but
// the object for each packet and the buffers that it gives: so the key stream of the packets to come is made in one go, and digests
// are taken as text, for which no buffer is made.
import { type Cipheriv, createCipheriv, hash } from 'node:crypto'
import { type Protect, type SrtpKeys, secretKey } from './srtp-keys.ts'

const tagLength = 10
const blockLength = 16
const sha1BlockLength = 64
const sha1Length = 20
/** Packets of one stream whose key stream is made at once: with more, it has left the cache when it is used (50 viewers: 25 % more). */
const packetsAhead = 2
/** A peer sends four at the most: video, audio, and both again. */
const maxStreams = 8
/** Header, payload and rollover counter. */
const maxLength = 2048

/** RFC 3711 4.1.1: the key stream of one SSRC, packet after packet. */
class KeyStream {
  readonly #cipher: Cipheriv
  readonly #salt: DataView
  readonly #ssrc: number
  #counters = new DataView(new ArrayBuffer(0))
  #words = new Int32Array(0)
  #blocksAPacket = 0
  #rollover = -1
  #first = 0

  constructor(cipher: Cipheriv, salt: DataView, ssrc: number) {
    this.#cipher = cipher
    this.#salt = salt
    this.#ssrc = ssrc
    this.#grow(1)
  }

  /** Exclusive-ors words from `at` on, of which `byteLength` bytes count. */
  apply(into: Int32Array, at: number, byteLength: number, rollover: number, sequence: number): void {
    const ahead = sequence - this.#first
    const isHere = rollover === this.#rollover && ahead >= 0 && ahead < packetsAhead
    if (!isHere || byteLength > this.#blocksAPacket * blockLength) this.#make(byteLength, rollover, sequence)
    const words = this.#words
    const from = ((sequence - this.#first) * this.#blocksAPacket * blockLength) / 4
    const count = (byteLength + 3) >> 2
    for (let i = 0; i < count; i++) into[at + i] = into[at + i]! ^ words[from + i]!
  }

  #make(byteLength: number, rollover: number, sequence: number): void {
    if (byteLength > this.#blocksAPacket * blockLength) this.#grow(Math.ceil(byteLength / blockLength))
    const counters = this.#counters
    const high = this.#salt.getUint32(8) ^ rollover
    const low = this.#salt.getUint16(12)
    for (let packet = 0; packet < packetsAhead; packet++) {
      // Beyond the wrap the rollover counter is another: what is made for it here is never used.
      const index = ((low ^ (sequence + packet)) & 0xffff) << 16
      for (let block = 0; block < this.#blocksAPacket; block++) {
        const at = (packet * this.#blocksAPacket + block) * blockLength
        counters.setInt32(at + 8, high)
        counters.setInt32(at + 12, index | block)
      }
    }
    // As bytes: optimized, Node 24 at times takes a DataView for none of its views.
    const stream = this.#cipher.update(new Uint8Array(counters.buffer))
    this.#words = new Int32Array(stream.buffer, stream.byteOffset, stream.byteLength / 4)
    this.#rollover = rollover
    this.#first = sequence
  }

  #grow(blocks: number): void {
    this.#blocksAPacket = blocks
    this.#counters = new DataView(new ArrayBuffer(packetsAhead * blocks * blockLength))
    for (let at = 0; at < this.#counters.byteLength; at += blockLength) {
      this.#counters.setInt32(at, this.#salt.getInt32(0))
      this.#counters.setInt32(at + 4, this.#salt.getInt32(4) ^ this.#ssrc)
    }
  }
}

/** HMAC-SHA1 (RFC 2104) over what stands behind the first block of `inner`, as text of one byte a character. */
class Authenticator {
  readonly inner = Buffer.alloc(sha1BlockLength + maxLength)
  readonly #outer = Buffer.alloc(sha1BlockLength + sha1Length)
  /** Most packets have the length of the one before. */
  #view = this.inner

  constructor(key: Uint8Array) {
    for (let i = 0; i < sha1BlockLength; i++) {
      this.inner[i] = (key[i] ?? 0) ^ 0x36
      this.#outer[i] = (key[i] ?? 0) ^ 0x5c
    }
  }

  digest(end: number): string {
    if (this.#view.length !== end) this.#view = this.inner.subarray(0, end)
    this.#outer.write(hash('sha1', this.#view, 'binary'), sha1BlockLength, 'latin1')
    return hash('sha1', this.#outer, 'binary')
  }
}

/** As createProtect of srtp.ts, for headers of whole words as RTP has them. Throws RangeError for more than a datagram takes. */
export function createProtectCm(keys: SrtpKeys): Protect {
  const cipher = createCipheriv('aes-128-ecb', secretKey(keys.key), null).setAutoPadding(false)
  const salt = new DataView(new ArrayBuffer(blockLength))
  for (let i = 0; i < 14; i++) salt.setUint8(i, keys.salt[i]!)
  const authenticator = new Authenticator(keys.authKey)
  const { inner } = authenticator
  const words = new Int32Array(inner.buffer, inner.byteOffset, inner.byteLength / 4)
  const streams = new Map<number, KeyStream>()

  function streamOf(ssrc: number): KeyStream {
    const known = streams.get(ssrc)
    if (known) return known
    const made = new KeyStream(cipher, salt, ssrc)
    if (streams.size === maxStreams) streams.delete(streams.keys().next().value!)
    streams.set(ssrc, made)
    return made
  }

  return (header, payload, rollover) => {
    const bodyAt = sha1BlockLength + header.length
    const end = bodyAt + payload.length
    if (end + 4 > inner.length) throw new RangeError('an RTP packet larger than a datagram')
    inner.set(header, sha1BlockLength)
    inner.set(payload, bodyAt)
    const ssrc = inner.readUInt32BE(sha1BlockLength + 8)
    const sequence = inner.readUInt16BE(sha1BlockLength + 2)
    streamOf(ssrc).apply(words, bodyAt / 4, payload.length, rollover >>> 0, sequence)
    inner.writeUInt32BE(rollover >>> 0, end)
    const packet = Buffer.allocUnsafe(header.length + payload.length + tagLength)
    inner.copy(packet, 0, sha1BlockLength, end)
    packet.write(authenticator.digest(end + 4), packet.length - tagLength, tagLength, 'latin1')
    return packet
  }
}
