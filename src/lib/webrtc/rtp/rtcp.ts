// RTCP packets (RFC 3550, RFC 4585, RFC 5104) between bytes and values; no state, every length checked.

export interface ReportBlock {
  readonly ssrc: number
  /** 0 … 1 */
  readonly fractionLost: number
  readonly packetsLost: number
  readonly highestSequence: number
  /** In RTP timestamp units. */
  readonly jitter: number
  /** Middle 32 bits of the NTP time of the last sender report; 0 when none. */
  readonly lastSenderReport: number
  /** In units of 1/65536 s. */
  readonly delaySinceLastSenderReport: number
}

export type RtcpPacket =
  | {
      readonly type: 'sender-report'
      readonly ssrc: number
      readonly ntp: bigint
      readonly rtpTimestamp: number
      readonly packetCount: number
      readonly octetCount: number
      readonly blocks: readonly ReportBlock[]
    }
  | { readonly type: 'receiver-report'; readonly ssrc: number; readonly blocks: readonly ReportBlock[] }
  | { readonly type: 'nack'; readonly mediaSsrc: number; readonly sequences: readonly number[] }
  | { readonly type: 'picture-loss'; readonly mediaSsrcs: readonly number[] }
  | { readonly type: 'transport-feedback'; readonly body: Buffer }
  /** What the receiver thinks that all streams of these SSRCs together may send (draft-alvestrand-rmcat-remb-03). */
  | { readonly type: 'remb'; readonly ssrcs: readonly number[]; readonly bitrateBps: number }
  | { readonly type: 'bye'; readonly ssrcs: readonly number[] }

/** Most sequence numbers taken from one NACK packet. */
export const maxNackSequences = 1024
const ntpEpochOffsetMs = 2_208_988_800_000

/** The packets of a compound; unknown ones are left out, and reading ends at the first that does not fit. */
export function parseRtcp(compound: Buffer): RtcpPacket[] {
  const packets: RtcpPacket[] = []
  for (let at = 0; at + 4 <= compound.length; ) {
    if (compound[at]! >> 6 !== 2) break
    const end = at + 4 * (compound.readUInt16BE(at + 2) + 1)
    if (end > compound.length) break
    const isPadded = (compound[at]! & 0x20) !== 0
    const packet = parseOne(compound[at]! & 31, compound[at + 1]!, compound.subarray(at + 4, end), isPadded)
    if (packet) packets.push(packet)
    at = end
  }
  return packets
}

function parseOne(count: number, type: number, body: Buffer, isPadded: boolean): RtcpPacket | undefined {
  if (type === 200 && body.length >= 24 + 24 * count) return parseSenderReport(count, body)
  if (type === 201 && body.length >= 4 + 24 * count)
    return { type: 'receiver-report', ssrc: body.readUInt32BE(0), blocks: parseBlocks(count, body.subarray(4)) }
  if (type === 203 && body.length >= 4 * count)
    return { type: 'bye', ssrcs: Array.from({ length: count }, (_, i) => body.readUInt32BE(4 * i)) }
  if (type === 205 && count === 1 && body.length >= 12)
    return { type: 'nack', mediaSsrc: body.readUInt32BE(4), sequences: parseNack(listOf(body, isPadded)) }
  if (type === 205 && count === 15 && body.length >= 16) return { type: 'transport-feedback', body }
  if (type === 206 && count === 1 && body.length >= 8)
    return { type: 'picture-loss', mediaSsrcs: [body.readUInt32BE(4)] }
  if (type === 206 && count === 4 && body.length >= 16)
    return { type: 'picture-loss', mediaSsrcs: parseFir(listOf(body, isPadded)) }
  if (type === 206 && count === 15) return parseRemb(body)
  return undefined
}

/**
 * What follows the two SSRCs. The last byte of padding says how much there is (RFC 3550 6.4.1). Other packets say themselves how
 * far they go, which is the better for it: some peers announce padding that is not there.
 */
function listOf(body: Buffer, isPadded: boolean): Buffer {
  return body.subarray(8, isPadded ? Math.max(8, body.length - body.at(-1)!) : body.length)
}

/** Sender SSRC, an SSRC of 0, "REMB", the number of SSRCs, 6 bits of exponent and 18 of mantissa, the SSRCs. */
function parseRemb(body: Buffer): RtcpPacket | undefined {
  if (body.length < 16 || body.toString('latin1', 8, 12) !== 'REMB') return undefined
  const count = body[12]!
  const bitrateBps = (body.readUIntBE(13, 3) & 0x3_ffff) * 2 ** (body[13]! >> 2)
  if (body.length < 16 + 4 * count || !Number.isSafeInteger(bitrateBps)) return undefined
  const ssrcs = Array.from({ length: count }, (_, i) => body.readUInt32BE(16 + 4 * i))
  return { type: 'remb', ssrcs, bitrateBps }
}

function parseSenderReport(count: number, body: Buffer): RtcpPacket {
  return {
    type: 'sender-report',
    ssrc: body.readUInt32BE(0),
    ntp: body.readBigUInt64BE(4),
    rtpTimestamp: body.readUInt32BE(12),
    packetCount: body.readUInt32BE(16),
    octetCount: body.readUInt32BE(20),
    blocks: parseBlocks(count, body.subarray(24)),
  }
}

function parseBlocks(count: number, body: Buffer): ReportBlock[] {
  return Array.from({ length: count }, (_, i) => {
    const at = 24 * i
    return {
      ssrc: body.readUInt32BE(at),
      fractionLost: body[at + 4]! / 256,
      packetsLost: body.readIntBE(at + 5, 3),
      highestSequence: body.readUInt32BE(at + 8),
      jitter: body.readUInt32BE(at + 12),
      lastSenderReport: body.readUInt32BE(at + 16),
      delaySinceLastSenderReport: body.readUInt32BE(at + 20),
    }
  })
}

function parseNack(body: Buffer): number[] {
  const sequences: number[] = []
  for (let at = 0; at + 4 <= body.length && sequences.length < maxNackSequences; at += 4) {
    const first = body.readUInt16BE(at)
    const mask = body.readUInt16BE(at + 2)
    sequences.push(first)
    for (let bit = 0; bit < 16; bit++) if (mask & (1 << bit)) sequences.push((first + bit + 1) & 0xffff)
  }
  return sequences.slice(0, maxNackSequences)
}

function parseFir(list: Buffer): number[] {
  const ssrcs: number[] = []
  for (let at = 0; at + 8 <= list.length; at += 8) ssrcs.push(list.readUInt32BE(at))
  return ssrcs
}

/** A packet of this type with the body after its four-byte header; the body is padded to 32 bits with zeros. */
function writePacket(count: number, type: number, body: Buffer): Buffer {
  const words = Math.ceil(body.length / 4)
  const packet = Buffer.alloc(4 + 4 * words)
  packet[0] = 0x80 | count
  packet[1] = type
  packet.writeUInt16BE(words, 2)
  body.copy(packet, 4)
  return packet
}

/** Wall time as a 64-bit NTP timestamp (RFC 3550 4). */
export function ntpOf(wallMs: number): bigint {
  const ms = wallMs + ntpEpochOffsetMs
  const seconds = Math.floor(ms / 1000)
  const fraction = Math.floor(((ms - seconds * 1000) / 1000) * 2 ** 32)
  return (BigInt(seconds) << 32n) | BigInt(fraction)
}

/** The other way round, in milliseconds since the Unix epoch. */
export const wallMsOf = (ntp: bigint): number =>
  Number(ntp >> 32n) * 1000 + (Number(ntp & 0xffff_ffffn) * 1000) / 2 ** 32 - ntpEpochOffsetMs

/** The middle 32 bits, as receiver reports repeat them. */
export const compactNtp = (ntp: bigint): number => Number((ntp >> 16n) & 0xffff_ffffn)

export function writeSenderReport(report: {
  ssrc: number
  ntp: bigint
  rtpTimestamp: number
  packetCount: number
  octetCount: number
}): Buffer {
  const body = Buffer.alloc(24)
  body.writeUInt32BE(report.ssrc, 0)
  body.writeBigUInt64BE(report.ntp, 4)
  body.writeUInt32BE(report.rtpTimestamp >>> 0, 12)
  body.writeUInt32BE(report.packetCount >>> 0, 16)
  body.writeUInt32BE(report.octetCount >>> 0, 20)
  return writePacket(0, 200, body)
}

/** SDES with one CNAME chunk (RFC 3550 6.5). */
export function writeSourceDescription(ssrc: number, cname: string): Buffer {
  const name = Buffer.from(cname, 'utf8').subarray(0, 255)
  const body = Buffer.alloc(4 * Math.ceil((4 + 2 + name.length + 1) / 4))
  body.writeUInt32BE(ssrc, 0)
  body[4] = 1
  body[5] = name.length
  name.copy(body, 6)
  return writePacket(1, 202, body)
}

export function writeReceiverReport(ssrc: number, blocks: readonly ReportBlock[]): Buffer {
  const used = blocks.slice(0, 31)
  const body = Buffer.alloc(4 + 24 * used.length)
  body.writeUInt32BE(ssrc, 0)
  for (const [i, block] of used.entries()) {
    const at = 4 + 24 * i
    body.writeUInt32BE(block.ssrc, at)
    body[at + 4] = Math.min(255, Math.floor(block.fractionLost * 256))
    body.writeIntBE(Math.max(-0x80_0000, Math.min(0x7f_ffff, block.packetsLost)), at + 5, 3)
    body.writeUInt32BE(block.highestSequence >>> 0, at + 8)
    body.writeUInt32BE(block.jitter >>> 0, at + 12)
    body.writeUInt32BE(block.lastSenderReport >>> 0, at + 16)
    body.writeUInt32BE(block.delaySinceLastSenderReport >>> 0, at + 20)
  }
  return writePacket(used.length, 201, body)
}

/** Generic NACK (RFC 4585 6.2.1); `sequences` in ascending order modulo 2^16. */
export function writeNack(senderSsrc: number, mediaSsrc: number, sequences: readonly number[]): Buffer {
  const pairs: [first: number, mask: number][] = []
  for (const sequence of sequences) {
    const last = pairs.at(-1)
    const offset = last ? (sequence - last[0]) & 0xffff : 0
    if (last && offset >= 1 && offset <= 16) last[1] |= 1 << (offset - 1)
    else if (!last || offset !== 0) pairs.push([sequence, 0])
  }
  const body = Buffer.alloc(8 + 4 * pairs.length)
  body.writeUInt32BE(senderSsrc, 0)
  body.writeUInt32BE(mediaSsrc, 4)
  for (const [i, [first, mask]] of pairs.entries()) {
    body.writeUInt16BE(first, 8 + 4 * i)
    body.writeUInt16BE(mask, 10 + 4 * i)
  }
  return writePacket(1, 205, body)
}

export function writePictureLoss(senderSsrc: number, mediaSsrc: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt32BE(senderSsrc, 0)
  body.writeUInt32BE(mediaSsrc, 4)
  return writePacket(1, 206, body)
}

/** A transport-wide feedback packet around its body (SSRCs included). */
export const writeTransportFeedbackPacket = (body: Buffer): Buffer => writePacket(15, 205, body)
