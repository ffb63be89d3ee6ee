// Looks at SCTP (RFC 9260, with RFC 3758 and 6525) before werift does. Its parser loops on a length of zero, allocates what a peer
// says, and keeps what a peer sends without a bound; what passes here has been measured against what the association really holds.
import { crc32c } from './crc32c.ts'

/** What a peer may have us keep: of messages that are not whole yet, or not in order. */
export const sctpWindowBytes = 262_144
/** Fragments kept; a message of the longest kind has some sixty. */
const maxHeldChunks = 512
/** How far beyond the first gap data is taken; what is beyond comes again, once the gap is filled. */
const maxTsnsAhead = 64
/** The control channel is one stream; others are refused after they were opened. */
const maxStreams = 16
const maxPacketBytes = 4096
const maxChunks = 64
const maxParameters = 16
/** Chunks of ours that wait to be sent or acknowledged, before a peer must read on. */
const maxBacklog = 2048

/** What werift knows of an association. */
export interface Association {
  /** That packets of the peer must bear. */
  readonly verificationTag: number
  readonly isEstablished: boolean
  /** Last TSN of the peer without a gap before it; undefined until it has said where it begins. */
  readonly lastReceivedTsn: number | undefined
  /** First TSN of ours that has not been given to a chunk. */
  readonly nextTsn: number
  readonly heldBytes: number
  readonly heldChunks: number
  readonly streamIds: ReadonlySet<number>
  readonly backlog: number
}

/** `rule`: the peer breaks the protocol. `limit`: it may be honest and has to wait; what it sent comes again. */
export interface Refusal {
  readonly kind: 'rule' | 'limit'
  readonly reason: string
}

interface Chunk {
  readonly type: number
  readonly body: Buffer
}

const rule = (reason: string): Refusal => ({ kind: 'rule', reason })
const limit = (reason: string): Refusal => ({ kind: 'limit', reason })

const data = 0
const init = 1
const initAck = 2
const forwardTsn = 192

/** How far `tsn` is ahead of `from` in serial arithmetic (RFC 1982): negative when it is behind. */
const ahead = (tsn: number, from: number): number => (tsn - from) | 0

/** Why werift must not see the packet; undefined when it may. */
export function refuseSctp(packet: Buffer, association: Association): Refusal | undefined {
  if (packet.length < 16 || packet.length > maxPacketBytes) return rule(`a packet of ${packet.length} bytes`)
  const chunks = cut(packet)
  if (!chunks) return rule('a chunk that does not fit its packet')
  if (chunks.length > maxChunks) return rule(`more than ${maxChunks} chunks in a packet`)
  if (!isIntact(packet)) return rule('a wrong checksum')
  const isInit = chunks.some(({ type }) => type === init)
  if (isInit && chunks.length > 1) return rule('INIT beside other chunks')
  const tag = packet.readUInt32BE(4)
  if (tag !== (isInit ? 0 : association.verificationTag)) return rule('a wrong verification tag')
  for (const chunk of chunks) {
    const refusal = refuseChunk(chunk, association)
    if (refusal) return refusal
  }
  return refuseData(chunks, association)
}

/** How much work a packet is; 1 for one that does not add up. */
export const countChunks = (packet: Buffer): number => cut(packet)?.length ?? 1

/** Undefined when lengths do not add up. */
function cut(packet: Buffer): Chunk[] | undefined {
  const chunks: Chunk[] = []
  for (let at = 12; at < packet.length; ) {
    if (at + 4 > packet.length) return undefined
    const length = packet.readUInt16BE(at + 2)
    if (length < 4 || at + length > packet.length) return undefined
    chunks.push({ type: packet[at]!, body: packet.subarray(at + 4, at + length) })
    at += padded(length)
  }
  return chunks
}

const padded = (length: number): number => (length + 3) & ~3

function isIntact(packet: Buffer): boolean {
  const zeroed = Buffer.from(packet)
  zeroed.writeUInt32LE(0, 8)
  return crc32c(zeroed) === packet.readUInt32LE(8)
}

function refuseChunk({ type, body }: Chunk, association: Association): Refusal | undefined {
  switch (type) {
    case data:
      return body.length > 12 ? undefined : rule('DATA without data')
    case init:
    case initAck:
      return refuseInit(body, association)
    case 3:
      return refuseSack(body, association)
    case 4:
    case 5:
      return fits(parametersOf(body)) ? undefined : rule('a HEARTBEAT whose parameters do not fit')
    case 6:
    case 9:
      return fits(parametersOf(body)) ? undefined : rule('an error whose causes do not fit')
    case 7:
      return body.length === 4 ? undefined : rule('a SHUTDOWN of a wrong length')
    case 8:
    case 11:
    case 14:
      return body.length === 0 ? undefined : rule('a chunk with a body that has none')
    case 10:
      return body.length <= 1024 ? undefined : rule('a cookie that is too long')
    case 130:
      return refuseReconfiguration(body)
    case forwardTsn:
      return refuseForward(body, association)
    default:
      // RFC 9260 3.2: those of the upper half an endpoint may send to try; they are passed over.
      return (type < 128 ? rule : limit)(`a chunk of type ${type}`)
  }
}

/** Types and values; undefined when lengths do not add up. */
function parametersOf(body: Buffer): { type: number; value: Buffer }[] | undefined {
  const parameters: { type: number; value: Buffer }[] = []
  for (let at = 0; at < body.length; ) {
    if (at + 4 > body.length) return undefined
    const length = body.readUInt16BE(at + 2)
    if (length < 4 || at + length > body.length) return undefined
    parameters.push({ type: body.readUInt16BE(at), value: body.subarray(at + 4, at + length) })
    at += padded(length)
  }
  return parameters
}

const fits = (parameters: readonly unknown[] | undefined): boolean =>
  parameters !== undefined && parameters.length <= maxParameters

function refuseInit(body: Buffer, { isEstablished }: Association): Refusal | undefined {
  if (isEstablished) return rule('INIT on an association that is established')
  if (body.length < 16 || !fits(parametersOf(body.subarray(16)))) return rule('an INIT that does not fit')
  if (body.readUInt32BE(0) === 0 || body.readUInt16BE(8) === 0 || body.readUInt16BE(10) === 0)
    return rule('an INIT without tag or streams')
  // The one before it would be -1 to werift, which it cannot write. A peer that begins there has no control channel: 1 in 2^32.
  return body.readUInt32BE(12) === 0 ? rule('an initial TSN of 0') : undefined
}

/** Gap blocks are in order, apart, and about what was sent (RFC 9260 3.3.4): so their sum is bounded by what is in flight. */
function refuseSack(body: Buffer, { nextTsn }: Association): Refusal | undefined {
  if (body.length < 12) return rule('a SACK that is too short')
  const [gaps, duplicates] = [body.readUInt16BE(8), body.readUInt16BE(10)]
  if (body.length !== 12 + 4 * (gaps + duplicates)) return rule('a SACK whose blocks do not fit')
  const inFlight = ahead(nextTsn, body.readUInt32BE(0)) - 1
  if (inFlight < 0) return rule('a SACK of what was not sent')
  let last = 0
  for (let at = 12; at < 12 + 4 * gaps; at += 4) {
    const [start, end] = [body.readUInt16BE(at), body.readUInt16BE(at + 2)]
    if (start <= last || end < start || end > inFlight) return rule('a SACK with a wrong gap block')
    last = end
  }
  return undefined
}

/** RFC 6525: streams are reset (13), answered (16) or added (17); other requests werift passes over. */
function refuseReconfiguration(body: Buffer): Refusal | undefined {
  const parameters = parametersOf(body)
  if (!fits(parameters)) return rule('a RE-CONFIG whose parameters do not fit')
  const isWrong = parameters!.some(({ type, value }) => {
    if (type === 13) return value.length < 12 || value.length % 2 !== 0 || value.length > 12 + 2 * maxStreams
    return (type === 16 || type === 17) && value.length < 8
  })
  return isWrong ? rule('a RE-CONFIG with a wrong parameter') : undefined
}

function refuseForward(body: Buffer, { lastReceivedTsn, streamIds }: Association): Refusal | undefined {
  if (body.length < 4 || body.length % 4 !== 0) return rule('a FORWARD-TSN of a wrong length')
  if (lastReceivedTsn === undefined) return rule('a FORWARD-TSN before INIT')
  if (ahead(body.readUInt32BE(0), lastReceivedTsn) > maxTsnsAhead * 8) return rule('a FORWARD-TSN out of the window')
  const named = new Set(streamIds)
  for (let at = 4; at < body.length; at += 4) named.add(body.readUInt16BE(at))
  return named.size > maxStreams ? rule(`more than ${maxStreams} streams`) : undefined
}

/** All DATA of a packet against what is held and may be. */
function refuseData(chunks: readonly Chunk[], association: Association): Refusal | undefined {
  const { lastReceivedTsn, backlog, heldBytes, heldChunks } = association
  const parts = chunks.filter(({ type }) => type === data)
  if (parts.length === 0) return undefined
  if (lastReceivedTsn === undefined) return rule('DATA before INIT')
  if (backlog > maxBacklog) return limit('a peer that does not read what it asked for')
  const streams = new Set(association.streamIds)
  let [bytes, count, farthest] = [heldBytes, heldChunks, 0]
  for (const { body } of parts) {
    const distance = ahead(body.readUInt32BE(0), lastReceivedTsn)
    farthest = Math.max(farthest, distance)
    streams.add(body.readUInt16BE(4))
    if (distance <= 0) continue
    bytes += body.length - 12
    count++
  }
  if (streams.size > maxStreams) return rule(`more than ${maxStreams} streams`)
  if (bytes > sctpWindowBytes) return rule('more data than the window that it was given')
  if (count > maxHeldChunks) return rule('fragments of messages that never end')
  return farthest > maxTsnsAhead ? limit('DATA far beyond a gap') : undefined
}
