// The key streams of AES-CM (RFC 3711 4.1.1). What costs in node:crypto is not the cipher but the object for each packet: so one
// cipher makes those of a peer.
import { type Cipheriv, createCipheriv } from 'node:crypto'
import { type SrtpKeys, secretKey } from './srtp-keys.ts'

const blockLength = 16

/** Read in the call that writes it: one is enough for all peers of a thread, and stays in the cache. */
let counters = new DataView(new ArrayBuffer(2048))

export class KeyStreams {
  readonly #cipher: Cipheriv
  readonly #salt = new DataView(new ArrayBuffer(blockLength))
  /** As bytes: optimized, Node 24 at times takes a DataView for none of its views. Most packets are as long as the one before. */
  #view = new Uint8Array(counters.buffer, 0, 0)

  constructor({ key, salt }: SrtpKeys) {
    this.#cipher = createCipheriv('aes-128-ecb', secretKey(key), null).setAutoPadding(false)
    for (let i = 0; i < 14; i++) this.#salt.setUint8(i, salt[i]!)
  }

  /** For `byteLength` bytes, rounded up to blocks. Of the packet index, `high` is what stands above its 16 low bits. */
  make(byteLength: number, ssrc: number, high: number, low: number): Buffer {
    const salt = this.#salt
    const [first, second, third] = [salt.getInt32(0), salt.getInt32(4) ^ ssrc, salt.getInt32(8) ^ high]
    const index = (salt.getUint16(12) ^ low) << 16
    const count = Math.ceil(byteLength / blockLength)
    const blocks = this.#blocks(count * blockLength)
    for (let block = 0; block < count; block++) {
      const at = block * blockLength
      counters.setInt32(at, first)
      counters.setInt32(at + 4, second)
      counters.setInt32(at + 8, third)
      counters.setInt32(at + 12, index | block)
    }
    return this.#cipher.update(blocks)
  }

  #blocks(byteLength: number): Uint8Array {
    if (byteLength > counters.byteLength) counters = new DataView(new ArrayBuffer(byteLength))
    if (this.#view.length !== byteLength || this.#view.buffer !== counters.buffer)
      this.#view = new Uint8Array(counters.buffer, 0, byteLength)
    return this.#view
  }
}
