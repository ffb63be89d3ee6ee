// HMAC-SHA1 (RFC 2104) as text of one byte a character: what costs in node:crypto is the object for each digest and the buffer that
// it gives, and of a digest that is taken at once and as text there is neither.
import { hash } from 'node:crypto'

/** The room that a key takes before what is signed. */
export const hmacRoom = 64
const digestLength = 20

export class HmacSha1 {
  readonly #innerKey = Buffer.alloc(hmacRoom)
  readonly #outer = Buffer.alloc(hmacRoom + digestLength)

  /** Keys of at most a block, as SRTP has them. */
  constructor(key: Uint8Array) {
    for (let i = 0; i < hmacRoom; i++) {
      this.#innerKey[i] = (key[i] ?? 0) ^ 0x36
      this.#outer[i] = (key[i] ?? 0) ^ 0x5c
    }
  }

  /** Of what stands behind `hmacRoom` bytes, which are written over. */
  digestBehindRoom(bytes: Buffer): string {
    bytes.set(this.#innerKey)
    this.#outer.write(hash('sha1', bytes, 'binary'), hmacRoom, 'latin1')
    return hash('sha1', this.#outer, 'binary')
  }

  digest(bytes: Uint8Array): string {
    const withRoom = Buffer.allocUnsafe(hmacRoom + bytes.length)
    withRoom.set(bytes, hmacRoom)
    return this.digestBehindRoom(withRoom)
  }
}
