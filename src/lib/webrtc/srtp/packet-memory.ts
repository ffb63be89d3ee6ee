// Where a packet is made that leaves in the same call: one piece of memory for all peers of a thread, so that it stays in the cache
// and leaves nothing to the garbage collector.

import { hmacRoom } from './hmac-sha1.ts'

/** Before the packet is the room for the key of its digest. */
export const packetAt = hmacRoom
/** Of header and payload. */
export const maxPlainLength = 2044
const maxTagLength = 16

export class PacketMemory {
  readonly bytes = Buffer.alloc(packetAt + maxPlainLength + maxTagLength)
  readonly words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length / 4)
  /** By where they end. Most packets are as long as one before. */
  readonly #packets: (Buffer | undefined)[] = new Array(this.bytes.length + 1)
  readonly #heads: (Buffer | undefined)[] = new Array(this.bytes.length + 1)

  /** The packet that ends at `end`. */
  packet(end: number): Buffer {
    this.#packets[end] ??= this.bytes.subarray(packetAt, end)
    return this.#packets[end]
  }

  /** All up to `end`. */
  head(end: number): Buffer {
    this.#heads[end] ??= this.bytes.subarray(0, end)
    return this.#heads[end]
  }
}

let memory = new PacketMemory()

/** What was made in it before has left or is kept. */
export function packetMemory(): PacketMemory {
  return memory
}

/** The packet that was made last has not left yet: what comes next is made elsewhere. */
export function keepPacket(): void {
  memory = new PacketMemory()
}
