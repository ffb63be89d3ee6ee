// AES-CM and HMAC-SHA1 (RFC 3711), the profile that every peer has: encrypts where the packet leaves from, and decrypts in memory that
// is used again for each packet.
import { KeyStreams } from './aes-cm.ts'
import { HmacSha1, hmacRoom } from './hmac-sha1.ts'
import { maxPlainLength, packetAt, packetMemory } from './packet-memory.ts'
import type { Protect, SrtpKeys, Unprotect } from './srtp-keys.ts'

const tagLength = 10

/** As createProtect of srtp.ts. Throws RangeError for more than a datagram takes, and for a header that is not of whole words. */
export function createProtectCm(keys: SrtpKeys): Protect {
  const keyStreams = new KeyStreams(keys)
  const hmac = new HmacSha1(keys.authKey)
  return (header, payload, rollover) => {
    const memory = packetMemory()
    const { bytes } = memory
    const bodyAt = packetAt + header.length
    const end = bodyAt + payload.length
    if (end > packetAt + maxPlainLength) throw new RangeError('an RTP packet larger than a datagram')
    // Between two words nothing would be encrypted.
    if (header.length % 4 !== 0) throw new RangeError('an RTP header that is not of whole words')
    bytes.set(header, packetAt)
    bytes.set(payload, bodyAt)
    const ssrc = bytes.readUInt32BE(packetAt + 8)
    const sequence = bytes.readUInt16BE(packetAt + 2)
    keyStreams.apply(memory.words, bodyAt / 4, payload.length, ssrc, rollover >>> 0, sequence)
    bytes.writeUInt32BE(rollover >>> 0, end)
    bytes.write(hmac.digestBehindRoom(memory.head(end + 4)), end, tagLength, 'latin1')
    return memory.packet(end + tagLength)
  }
}

/** Where packets are decrypted; no packet stays in it. */
let scratch = scratchOf(4096)

function scratchOf(length: number) {
  const bytes = Buffer.allocUnsafeSlow(length)
  return { bytes, words: new Int32Array(bytes.buffer, 0, length / 4), heads: [] as (Buffer | undefined)[] }
}

function scratchFor(length: number) {
  const needed = hmacRoom + length + 4
  if (needed > scratch.bytes.length) scratch = scratchOf(Math.ceil(needed / 4096) * 4096)
  return scratch
}

/** As createUnprotect of srtp.ts. */
export function createUnprotectCm(keys: SrtpKeys): Unprotect {
  const keyStreams = new KeyStreams(keys)
  const hmac = new HmacSha1(keys.authKey)
  return (packet, headerLength, rollover) => {
    const plainLength = packet.length - tagLength
    if (plainLength < headerLength || headerLength % 4 !== 0) return undefined
    const { bytes, words, heads } = scratchFor(packet.length)
    const end = hmacRoom + plainLength
    packet.copy(bytes, hmacRoom, 0, plainLength)
    bytes.writeUInt32BE(rollover >>> 0, end)
    const head = heads[end + 4] ?? bytes.subarray(0, end + 4)
    heads[end + 4] = head
    if (!isTag(hmac.digestBehindRoom(head), packet, plainLength)) return undefined
    const bodyAt = hmacRoom + headerLength
    const ssrc = packet.readUInt32BE(8)
    keyStreams.apply(words, bodyAt / 4, plainLength - headerLength, ssrc, rollover >>> 0, packet.readUInt16BE(2))
    const clear = Buffer.allocUnsafe(plainLength)
    bytes.copy(clear, 0, hmacRoom, end)
    return clear
  }
}

/** Looks at all of it, so that how long it takes says nothing. */
function isTag(digest: string, packet: Buffer, at: number): boolean {
  let difference = 0
  for (let i = 0; i < tagLength; i++) difference |= digest.charCodeAt(i) ^ packet[at + i]!
  return difference === 0
}
