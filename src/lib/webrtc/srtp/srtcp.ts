// SRTCP packet protection (RFC 3711 3.4, RFC 7714 9), beside srtp.ts.
import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto'
import { KeyStreams } from './aes-cm.ts'
import { HmacSha1 } from './hmac-sha1.ts'
import { type SrtpKeys, secretKey } from './srtp-keys.ts'

/** Encrypts a compound of RTCP packets of any SSRC. */
export type ProtectRtcp = (compound: Buffer) => Buffer
/** The compound in the clear, or undefined when the packet is not authentic, or has come before. */
export type UnprotectRtcp = (packet: Buffer) => Buffer | undefined

/** The first packet's header and SSRC, which stay readable. */
const headerLength = 8
const indexLength = 4
const gcmTagLength = 16
const hmacTagLength = 10
const maxIndex = 0x7fff_ffff
/** A report that is overtaken by so many others comes too late. */
const replayWindow = 128
/** A viewer has one for each stream, or one for all. */
const maxSenders = 32
/** In the word of the index: the packet is encrypted. */
const encryptedFlag = 0x80

export function createProtectRtcp(keys: SrtpKeys): ProtectRtcp {
  const protect = keys.profile === 'gcm' ? protectGcm(keys) : protectCm(keys)
  let index = 0
  return (compound) => {
    // An index that comes again would give away the key stream; at ten reports a second it is reached after seven years.
    if (index === maxIndex) throw new RangeError('the SRTCP index is used up')
    index++
    return protect(compound, index)
  }
}

export function createUnprotectRtcp(keys: SrtpKeys): UnprotectRtcp {
  const isGcm = keys.profile === 'gcm'
  const unprotect = isGcm ? unprotectGcm(keys) : unprotectCm(keys)
  const indexAt = isGcm ? -indexLength : -indexLength - hmacTagLength
  const replays = new ReplayWindows()
  return (packet) => {
    const clear = unprotect(packet)
    if (!clear) return undefined
    const index = packet.readUInt32BE(packet.length + indexAt) & maxIndex
    return replays.isNew(packet.readUInt32BE(4), index) ? clear : undefined
  }
}

/** RFC 3711 3.3.2: a report that somebody overheard and sends again would say what was long ago, or ask for packets once more. */
class ReplayWindows {
  /** Each sender counts for itself. */
  readonly #bySsrc = new Map<number, { highest: number; readonly seen: Int32Array }>()

  /** Remembers it. */
  isNew(ssrc: number, index: number): boolean {
    const window = this.#bySsrc.get(ssrc) ?? this.#open(ssrc)
    const at = index % replayWindow
    if (window.highest - index >= replayWindow || window.seen[at] === index) return false
    window.seen[at] = index
    window.highest = Math.max(window.highest, index)
    return true
  }

  #open(ssrc: number) {
    const window = { highest: -1, seen: new Int32Array(replayWindow).fill(-1) }
    this.#bySsrc.set(ssrc, window)
    const [first] = this.#bySsrc.keys()
    if (this.#bySsrc.size > maxSenders) this.#bySsrc.delete(first!)
    return window
  }
}

/** RFC 7714 9.1: 00 00 | SSRC | 00 00 | index, exclusive-or the salt. */
function writeGcmIv(iv: Buffer, salt: Uint8Array, header: Uint8Array, index: number): Buffer {
  iv.set(salt.subarray(0, 12))
  for (let i = 0; i < 4; i++) {
    iv[2 + i] = iv[2 + i]! ^ header[4 + i]!
    iv[8 + i] = iv[8 + i]! ^ (index >>> (24 - 8 * i))
  }
  return iv
}

function protectGcm(keys: SrtpKeys): (compound: Buffer, index: number) => Buffer {
  const key = secretKey(keys.key)
  const iv = Buffer.alloc(12)
  const aad = Buffer.alloc(headerLength + indexLength)
  return (compound, index) => {
    aad.set(compound.subarray(0, headerLength))
    aad.writeUInt32BE(index, headerLength)
    aad[headerLength] = aad[headerLength]! | encryptedFlag
    const cipher = createCipheriv('aes-128-gcm', key, writeGcmIv(iv, keys.salt, compound, index))
    cipher.setAAD(aad)
    const encrypted = cipher.update(compound.subarray(headerLength))
    cipher.final()
    return Buffer.concat([aad.subarray(0, headerLength), encrypted, cipher.getAuthTag(), aad.subarray(headerLength)])
  }
}

function unprotectGcm(keys: SrtpKeys): UnprotectRtcp {
  const key = secretKey(keys.key)
  const iv = Buffer.alloc(12)
  return (packet) => {
    const end = packet.length - indexLength - gcmTagLength
    if (end < headerLength) return undefined
    const word = packet.subarray(end + gcmTagLength)
    const isEncrypted = (word[0]! & encryptedFlag) !== 0
    const index = word.readUInt32BE(0) & maxIndex
    const clearEnd = isEncrypted ? headerLength : end
    const decipher = createDecipheriv('aes-128-gcm', key, writeGcmIv(iv, keys.salt, packet, index))
    decipher.setAAD(Buffer.concat([packet.subarray(0, clearEnd), word]))
    decipher.setAuthTag(packet.subarray(end, end + gcmTagLength))
    const clear = decipher.update(packet.subarray(clearEnd, end))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return Buffer.concat([packet.subarray(0, clearEnd), clear])
  }
}

function protectCm(keys: SrtpKeys): (compound: Buffer, index: number) => Buffer {
  const keyStreams = new KeyStreams(keys)
  const hmac = new HmacSha1(keys.authKey)
  return (compound, index) => {
    const end = compound.length + indexLength
    const packet = Buffer.allocUnsafe(end + hmacTagLength)
    packet.set(compound)
    applyCm(keyStreams, packet, compound.length, index)
    packet.writeUInt32BE(index, compound.length)
    packet[compound.length] = packet[compound.length]! | encryptedFlag
    packet.write(hmac.digest(packet.subarray(0, end)), end, hmacTagLength, 'latin1')
    return packet
  }
}

function unprotectCm(keys: SrtpKeys): UnprotectRtcp {
  const keyStreams = new KeyStreams(keys)
  const hmac = new HmacSha1(keys.authKey)
  const tag = Buffer.alloc(hmacTagLength)
  return (packet) => {
    const signedEnd = packet.length - hmacTagLength
    const end = signedEnd - indexLength
    if (end < headerLength) return undefined
    tag.write(hmac.digest(packet.subarray(0, signedEnd)), 'latin1')
    if (!timingSafeEqual(tag, packet.subarray(signedEnd))) return undefined
    const clear = Buffer.from(packet.subarray(0, end))
    if ((packet[end]! & encryptedFlag) !== 0) applyCm(keyStreams, clear, end, packet.readUInt32BE(end) & maxIndex)
    return clear
  }
}

/** Encrypts what is clear and the other way round, up to `end`. The index has the place of SRTP's (RFC 3711 4.1.1). */
function applyCm(keyStreams: KeyStreams, packet: Buffer, end: number, index: number): void {
  const stream = keyStreams.make(end - headerLength, packet.readUInt32BE(4), index >>> 16, index & 0xffff)
  for (let i = headerLength; i < end; i++) packet[i] = packet[i]! ^ stream[i - headerLength]!
}
