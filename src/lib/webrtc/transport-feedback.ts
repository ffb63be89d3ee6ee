// Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01), read and written.
import type { TransportFeedback } from './peer.ts'
import { writeTransportFeedbackPacket } from './rtcp.ts'

/** Longest run of packets one feedback may speak of; a real one covers some hundreds. */
export const maxFeedbackPackets = 8192
const tickMs = 0.25
const referenceMs = 64

/** Reads the body of the RTCP packet (from the sender SSRC on); undefined when it does not hold what it says. */
export function parseTransportFeedback(body: Buffer): TransportFeedback | undefined {
  if (body.length < 16) return undefined
  const count = body.readUInt16BE(10)
  if (count === 0 || count > maxFeedbackPackets) return undefined
  const statuses = readStatuses(body, count)
  if (!statuses) return undefined
  let at = statuses.end
  let timeMs = body.readIntBE(12, 3) * referenceMs
  const receivedAtMs: (number | null)[] = []
  for (const size of statuses.deltaSizes) {
    if (size === 0) {
      receivedAtMs.push(null)
      continue
    }
    if (at + size > body.length) return undefined
    timeMs += (size === 1 ? body[at]! : body.readInt16BE(at)) * tickMs
    receivedAtMs.push(timeMs)
    at += size
  }
  return { baseSequence: body.readUInt16BE(8), receivedAtMs }
}

/** Status symbols are also the sizes of the deltas: 0 not received, 1 small, 2 large; 3 is reserved. */
function readStatuses(body: Buffer, count: number): { deltaSizes: number[]; end: number } | undefined {
  const deltaSizes: number[] = []
  let at = 16
  while (deltaSizes.length < count) {
    if (at + 2 > body.length) return undefined
    const chunk = body.readUInt16BE(at)
    at += 2
    if (!readChunk(chunk, count, deltaSizes)) return undefined
  }
  return { deltaSizes, end: at }
}

function readChunk(chunk: number, count: number, into: number[]): boolean {
  if (chunk >> 15 === 0) {
    const symbol = (chunk >> 13) & 3
    const run = chunk & 0x1fff
    if (symbol === 3 || run === 0) return false
    for (let i = 0; i < run && into.length < count; i++) into.push(symbol)
    return true
  }
  const isTwoBit = ((chunk >> 14) & 1) === 1
  const symbols = isTwoBit ? 7 : 14
  for (let i = 0; i < symbols && into.length < count; i++) {
    const symbol = isTwoBit ? (chunk >> (12 - 2 * i)) & 3 : (chunk >> (13 - i)) & 1
    if (symbol === 3) return false
    into.push(symbol)
  }
  return true
}

/**
 * The RTCP packet for a run of packets from `baseSequence` on, with the receive time in ms or null for each.
 * Throws RangeError when two arrivals are more than 8 s apart: such a run must be cut in two.
 */
export function writeTransportFeedback(
  header: { senderSsrc: number; mediaSsrc: number; feedbackCount: number },
  feedback: TransportFeedback,
): Buffer {
  const first = feedback.receivedAtMs.find((time) => time !== null) ?? 0
  const reference = Math.floor(first / referenceMs)
  let ticks = (reference * referenceMs) / tickMs
  const symbols: number[] = []
  const deltas: number[] = []
  for (const time of feedback.receivedAtMs) {
    if (time === null) {
      symbols.push(0)
      continue
    }
    const delta = Math.round(time / tickMs) - ticks
    if (delta < -0x8000 || delta > 0x7fff) throw new RangeError(`a receive delta of ${delta * tickMs} ms`)
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
