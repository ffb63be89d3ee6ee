// Encrypts with AES-CM and HMAC-SHA1 (RFC 3711), the profile that every peer has, where the packet leaves from.
import { KeyStreams } from './aes-cm.ts'
import { HmacSha1 } from './hmac-sha1.ts'
import { maxPlainLength, packetAt, packetMemory } from './packet-memory.ts'
import type { Protect, SrtpKeys } from './srtp-keys.ts'

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
