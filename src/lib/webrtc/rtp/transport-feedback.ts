// Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01), read and written.
import { writeTransportFeedbackPacket } from './rtcp.ts'

/** One feedback packet as it stands on the wire: its counters come round. */
export interface TransportFeedback {
  /** 16 bits: of the first packet that it speaks of. */
  readonly baseSequence: number
  /** 8 bits, one more with each feedback. */
  readonly feedbackCount: number
  /** 24 bits, in steps of 64 ms of the viewer's clock. */
  readonly referenceTime: number
  /** One entry a packet from `baseSequence` on: ticks after the reference time, `notReceived` or `notSaid`. */
  readonly arrivals: readonly number[]
}

/** When packets came, in milliseconds of the receiver's clock, null for those that did not; from `baseSequence` on. */
export interface Arrivals {
  readonly baseSequence: number
  readonly receivedAtMs: readonly (number | null)[]
}

/** Longest run of packets one feedback may speak of; a real one covers some hundreds. */
export const maxFeedbackPackets = 8192
export const ticksPerMs = 4
export const notReceived = -(2 ** 30)
/** The status symbol is reserved: the packet may have come or not. */
export const notSaid = notReceived + 1
const referenceMs = 64

/**
 * Reads the body of the RTCP packet (from the sender SSRC on); undefined when it does not hold what it says. A reserved symbol
 * has no delta and says nothing, an empty run is passed over: neither takes away from what the rest says.
 */
export function parseTransportFeedback(body: Buffer): TransportFeedback | undefined {
  if (body.length < 16) return undefined
  const count = body.readUInt16BE(10)
  if (count === 0 || count > maxFeedbackPackets) return undefined
  const deltasAt = readSymbols(body, count)
  const arrivals = deltasAt === undefined ? undefined : readArrivals(body, deltasAt, count)
  if (!arrivals) return undefined
  return {
    baseSequence: body.readUInt16BE(8),
    feedbackCount: body[15]!,
    referenceTime: body.readUIntBE(12, 3),
    arrivals,
  }
}

/** The status symbols of the feedback that is being read: typed arrays are too dear to make one for some twenty packets. */
const symbols = new Uint8Array(maxFeedbackPackets)

/** Fills `symbols` and says where the deltas begin; undefined when the chunks end before. */
function readSymbols(body: Buffer, count: number): number | undefined {
  let at = 16
  for (let filled = 0; filled < count; at += 2) {
    if (at + 2 > body.length) return undefined
    filled = readChunk(body.readUInt16BE(at), filled, count)
  }
  return at
}

/** Returns how many are filled now; what a chunk holds beyond the last packet is padding. */
function readChunk(chunk: number, filled: number, count: number): number {
  if (chunk >> 15 === 0) {
    const end = Math.min(count, filled + (chunk & 0x1fff))
    symbols.fill((chunk >> 13) & 3, filled, end)
    return end
  }
  const isTwoBit = ((chunk >> 14) & 1) === 1
  const end = Math.min(count, filled + (isTwoBit ? 7 : 14))
  for (let at = filled, shift = isTwoBit ? 12 : 13; at < end; at++, shift -= isTwoBit ? 2 : 1)
    symbols[at] = (chunk >> shift) & (isTwoBit ? 3 : 1)
  return end
}

/** Symbols are also the sizes of the deltas: 0 not received, 1 small, 2 large; 3 is reserved. Sums are exact. */
function readArrivals(body: Buffer, deltasAt: number, count: number): number[] | undefined {
  const arrivals: number[] = []
  let at = deltasAt
  let ticks = 0
  for (let i = 0; i < count; i++) {
    const symbol = symbols[i]!
    if (symbol === 0 || symbol === 3) {
      arrivals.push(symbol === 0 ? notReceived : notSaid)
      continue
    }
    if (at + symbol > body.length) return undefined
    ticks += symbol === 1 ? body[at]! : body.readInt16BE(at)
    at += symbol
    arrivals.push(ticks)
  }
  return arrivals
}

/**
 * The RTCP packet for a run of packets from `baseSequence` on, with the receive time in ms or null for each.
 * Throws RangeError when two arrivals are more than 8 s apart: such a run must be cut in two.
 */
export function writeTransportFeedback(
  header: { senderSsrc: number; mediaSsrc: number; feedbackCount: number },
  feedback: Arrivals,
): Buffer {
  const first = feedback.receivedAtMs.find((time) => time !== null) ?? 0
  const reference = Math.floor(first / referenceMs)
  let ticks = reference * referenceMs * ticksPerMs
  const symbols: number[] = []
  const deltas: number[] = []
  for (const time of feedback.receivedAtMs) {
    if (time === null) {
      symbols.push(0)
      continue
    }
    const delta = Math.round(time * ticksPerMs) - ticks
    if (delta < -0x8000 || delta > 0x7fff) throw new RangeError(`a receive delta of ${delta / ticksPerMs} ms`)
    ticks += delta
    const isSmall = delta >= 0 && delta <= 255
    symbols.push(isSmall ? 1 : 2)
    if (isSmall) deltas.push(delta)
    else deltas.push((delta >> 8) & 255, delta & 255)
  }
  const chunks = writeChunks(symbols)
  const body = Buffer.alloc(16 + 2 * chunks.length + deltas.length)
  body.writeUInt32BE(header.senderSsrc, 0)
  body.writeUInt32BE(header.mediaSsrc, 4)
  body.writeUInt16BE(feedback.baseSequence, 8)
  body.writeUInt16BE(symbols.length, 10)
  body.writeUIntBE(reference & 0xff_ffff, 12, 3)
  body[15] = header.feedbackCount & 255
  for (const [i, chunk] of chunks.entries()) body.writeUInt16BE(chunk, 16 + 2 * i)
  body.set(deltas, 16 + 2 * chunks.length)
  return writeTransportFeedbackPacket(body)
}

/** A run-length chunk where seven or more are alike, else a vector of seven two-bit symbols. */
function writeChunks(symbols: readonly number[]): number[] {
  const chunks: number[] = []
  for (let at = 0; at < symbols.length; ) {
    let run = 1
    while (at + run < symbols.length && symbols[at + run] === symbols[at] && run < 0x1fff) run++
    if (run >= 7 || at + run === symbols.length) {
      chunks.push((symbols[at]! << 13) | run)
      at += run
      continue
    }
    let chunk = 0xc000
    for (let i = 0; i < 7; i++) chunk |= (symbols[at + i] ?? 0) << (12 - 2 * i)
    chunks.push(chunk)
    at += 7
  }
  return chunks
}
