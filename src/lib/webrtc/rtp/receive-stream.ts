// What a receiver must know of one incoming RTP stream: loss, jitter, what to ask for again. Sans-IO: packets and time in.
import type { ReportBlock } from './rtcp.ts'

/** A packet as it stands on the wire, in the clear. */
export interface ParsedRtp {
  readonly payloadType: number
  readonly marker: boolean
  readonly sequence: number
  readonly timestamp: number
  readonly ssrc: number
  readonly headerLength: number
  /** From the transport-wide sequence extension. */
  readonly transportSequence: number | undefined
}

/** Reads a header (RFC 3550 5.1, RFC 8285 4.2); undefined when the packet is too short for what it says. */
export function parseRtpHeader(packet: Buffer, transportSequenceId: number | undefined): ParsedRtp | undefined {
  if (packet.length < 12 || packet[0]! >> 6 !== 2) return undefined
  let headerLength = 12 + 4 * (packet[0]! & 15)
  let transportSequence: number | undefined
  if (packet[0]! & 0x10) {
    if (packet.length < headerLength + 4) return undefined
    const end = headerLength + 4 + 4 * packet.readUInt16BE(headerLength + 2)
    if (packet.length < end) return undefined
    if (transportSequenceId !== undefined && packet.readUInt16BE(headerLength) === 0xbede)
      transportSequence = findTransportSequence(packet.subarray(headerLength + 4, end), transportSequenceId)
    headerLength = end
  }
  if (packet.length < headerLength) return undefined
  return {
    payloadType: packet[1]! & 0x7f,
    marker: packet[1]! >= 0x80,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    headerLength,
    transportSequence,
  }
}

/** What a packet in the clear carries, without the padding behind it (RFC 3550 5.1); undefined when that says more than there is. */
export function payloadOf(packet: Buffer, headerLength: number): Buffer | undefined {
  if ((packet[0]! & 0x20) === 0) return packet.subarray(headerLength)
  const end = packet.length - packet.at(-1)!
  return end === packet.length || end < headerLength ? undefined : packet.subarray(headerLength, end)
}

function findTransportSequence(extension: Buffer, wanted: number): number | undefined {
  for (let at = 0; at < extension.length; ) {
    const id = extension[at]! >> 4
    if (id === 0) {
      at++
      continue
    }
    const length = (extension[at]! & 15) + 1
    if (id === 15 || at + 1 + length > extension.length) return undefined
    if (id === wanted && length === 2) return extension.readUInt16BE(at + 1)
    at += 1 + length
  }
  return undefined
}

interface Missing {
  readonly sinceMs: number
  askedMs: number
  asked: number
}

/** A missing packet is asked for at most so often, and given up after so long. */
const maxAsks = 6
const giveUpMs = 1000
const maxMissing = 512

export class ReceiveStream {
  readonly ssrc: number
  readonly clockRate: number
  packetsReceived = 0
  bytesReceived = 0
  /** Packets that came again, or on the RTX stream. */
  recovered = 0
  firstPacketAtMs: number | undefined
  #base = -1
  #highest = -1
  #jitter = 0
  #transit: number | undefined
  #expectedBefore = 0
  #arrivedBefore = 0
  #report: { compactNtp: number; atMs: number } | undefined
  readonly #missing = new Map<number, Missing>()

  constructor(ssrc: number, clockRate: number) {
    this.ssrc = ssrc
    this.clockRate = clockRate
  }

  /** The extended sequence nearest to the highest so far; remembers nothing. */
  extend(sequence: number): number {
    if (this.#highest < 0) return sequence + 65_536
    const delta = ((sequence - this.#highest + 0x1_8000) & 0xffff) - 0x8000
    return this.#highest + delta
  }

  /** Takes note of an arrival; false when this packet was here before. */
  add(packet: ParsedRtp, length: number, nowMs: number, isRecovered = false): boolean {
    const extended = this.extend(packet.sequence)
    const wasMissing = this.#missing.delete(extended)
    const isOld = this.#highest >= 0 && extended <= this.#highest
    if (isOld && !wasMissing) return false
    this.firstPacketAtMs ??= nowMs
    this.packetsReceived++
    this.bytesReceived += length
    if (isRecovered) this.recovered++
    if (isOld) return true
    if (this.#base < 0) this.#base = extended
    else this.#noteGap(extended, nowMs)
    this.#highest = extended
    if (!isRecovered) this.#noteArrival(packet.timestamp, nowMs)
    return true
  }

  noteSenderReport(compactNtp: number, nowMs: number): void {
    this.#report = { compactNtp, atMs: nowMs }
  }

  /** Packets that did not come by themselves, also where RTX has brought them: as browsers count, it tells of the path. */
  get packetsLost(): number {
    return this.#base < 0 ? 0 : this.#highest - this.#base + 1 - this.#arrived
  }

  get #arrived(): number {
    return this.packetsReceived - this.recovered
  }

  get jitterS(): number {
    return this.#jitter / this.clockRate
  }

  /** Sequence numbers to ask for now: new ones at once, others again after `againMs`; and how many were given up. */
  due(nowMs: number, againMs: number): { sequences: number[]; givenUp: number } {
    const sequences: number[] = []
    let givenUp = 0
    for (const [extended, missing] of this.#missing) {
      if (missing.asked >= maxAsks || nowMs - missing.sinceMs > giveUpMs) {
        this.#missing.delete(extended)
        givenUp++
        continue
      }
      if (missing.asked > 0 && nowMs - missing.askedMs < againMs) continue
      missing.asked++
      missing.askedMs = nowMs
      sequences.push(extended & 0xffff)
    }
    return { sequences, givenUp }
  }

  /** For a receiver report; begins a new interval for the fraction lost. */
  reportBlock(nowMs: number): ReportBlock {
    const expected = this.#base < 0 ? 0 : this.#highest - this.#base + 1
    const expectedNow = expected - this.#expectedBefore
    const lostNow = expectedNow - (this.#arrived - this.#arrivedBefore)
    this.#expectedBefore = expected
    this.#arrivedBefore = this.#arrived
    return {
      ssrc: this.ssrc,
      fractionLost: expectedNow > 0 && lostNow > 0 ? lostNow / expectedNow : 0,
      packetsLost: this.packetsLost,
      highestSequence: Math.max(0, this.#highest - 65_536),
      jitter: Math.round(this.#jitter),
      lastSenderReport: this.#report?.compactNtp ?? 0,
      delaySinceLastSenderReport: this.#report ? Math.round(((nowMs - this.#report.atMs) / 1000) * 65_536) : 0,
    }
  }

  #noteGap(extended: number, nowMs: number): void {
    if (extended - this.#highest > maxMissing) this.#missing.clear()
    const from = Math.max(this.#highest + 1, extended - maxMissing)
    for (let lost = from; lost < extended; lost++) this.#missing.set(lost, { sinceMs: nowMs, askedMs: 0, asked: 0 })
  }

  /** RFC 3550 A.8. */
  #noteArrival(timestamp: number, nowMs: number): void {
    const transit = (nowMs / 1000) * this.clockRate - timestamp
    if (this.#transit !== undefined) {
      const difference = Math.abs(transit - this.#transit)
      // A jump of the timestamps (wrap, new stream) is no jitter.
      if (difference < this.clockRate * 10) this.#jitter += (difference - this.#jitter) / 16
    }
    this.#transit = transit
  }
}
