// SRTP packet protection (RFC 3711, RFC 7714) with KeyObjects: on Node 24 a raw Buffer key costs 10 µs more a packet.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { packetAt, packetMemory } from './packet-memory.ts'
import { createProtectCm, createUnprotectCm } from './srtp-cm.ts'
import { type Protect, type SrtpKeys, secretKey, type Unprotect } from './srtp-keys.ts'

export type { Protect, Unprotect } from './srtp-keys.ts'

const gcmTagLength = 16

/** A function that encrypts packets of any SSRC; the caller keeps rollover counters. Throws RangeError for more than a datagram takes. */
export function createProtect(keys: SrtpKeys): Protect {
  return keys.profile === 'gcm' ? protectGcm(keys) : createProtectCm(keys)
}

export function createUnprotect(keys: SrtpKeys): Unprotect {
  return keys.profile === 'gcm' ? unprotectGcm(keys) : createUnprotectCm(keys)
}

/** RFC 7714 8.1: 00 00 | SSRC | ROC | SEQ, exclusive-or the salt. SSRC and SEQ come from the header as they stand. */
function writeGcmIv(iv: Buffer, salt: Uint8Array, header: Uint8Array, rollover: number): Buffer {
  iv[0] = salt[0]!
  iv[1] = salt[1]!
  for (let i = 0; i < 4; i++) {
    iv[2 + i] = salt[2 + i]! ^ header[8 + i]!
    iv[6 + i] = salt[6 + i]! ^ (rollover >>> (24 - 8 * i))
  }
  iv[10] = salt[10]! ^ header[2]!
  iv[11] = salt[11]! ^ header[3]!
  return iv
}

function protectGcm(keys: SrtpKeys): Protect {
  const key = secretKey(keys.key)
  const iv = Buffer.alloc(12)
  return (header, payload, rollover) => {
    const cipher = createCipheriv('aes-128-gcm', key, writeGcmIv(iv, keys.salt, header, rollover))
    cipher.setAAD(header)
    const encrypted = cipher.update(payload)
    cipher.final()
    const memory = packetMemory()
    const bodyAt = packetAt + header.length
    const end = bodyAt + encrypted.length
    memory.bytes.set(header, packetAt)
    memory.bytes.set(encrypted, bodyAt)
    memory.bytes.set(cipher.getAuthTag(), end)
    return memory.packet(end + gcmTagLength)
  }
}

function unprotectGcm(keys: SrtpKeys): Unprotect {
  const key = secretKey(keys.key)
  const iv = Buffer.alloc(12)
  return (packet, headerLength, rollover) => {
    const end = packet.length - gcmTagLength
    if (end < headerLength) return undefined
    const header = packet.subarray(0, headerLength)
    const decipher = createDecipheriv('aes-128-gcm', key, writeGcmIv(iv, keys.salt, header, rollover))
    decipher.setAAD(header)
    decipher.setAuthTag(packet.subarray(end))
    const clear = decipher.update(packet.subarray(headerLength, end))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return Buffer.concat([header, clear])
  }
}

/**
 * The rollover counter of a stream that is sent. No packet index comes twice, whatever sequence it is given, for with it the key
 * stream would (RFC 3711 9.1): what is not ahead of the last one is of the next round.
 */
export class SendRollover {
  #last = -1
  #count = 0

  /** Of the packet that is to be sent now. */
  of(sequence: number): number {
    return sequence > this.#last ? this.#count : this.#count + 1
  }

  /** It has left. */
  sent(sequence: number): void {
    this.#count = this.of(sequence)
    this.#last = sequence
  }
}

/**
 * Follows the 16-bit sequence of a stream that is received through its wraps (RFC 3711 3.3.1). `advance` gives the rollover counter of a packet near the
 * last one and remembers it; `peek` only tells. A packet from before the first wrap never goes below 0.
 */
export class Rollover {
  #last = -1
  #count = 0

  peek(sequence: number): number {
    if (this.#last < 0) return 0
    const delta = sequence - this.#last
    if (delta < -0x8000) return this.#count + 1
    if (delta > 0x8000) return Math.max(0, this.#count - 1)
    return this.#count
  }

  advance(sequence: number): number {
    const count = this.peek(sequence)
    const isAhead = this.#last < 0 || count > this.#count || (count === this.#count && sequence > this.#last)
    if (isAhead) {
      this.#last = sequence
      this.#count = count
    }
    return count
  }
}
