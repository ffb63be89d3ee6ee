// The media path of one outgoing stream: one cached header, the PictureID patched, encrypted, sent. Nothing is kept.
import type { Clock } from '../../base/clock.ts'
import type { OutgoingPacket } from '../../model/frame.ts'
import type { PacketKind } from '../../model/packet-report.ts'
import type { MediaKind } from '../../model/track.ts'
import type { CodecParameters, RtpOutlet } from '../peer.ts'
import { type Protect, SendRollover } from '../srtp/srtp.ts'
import { compactNtp, ntpOf, writeSenderReport, writeSourceDescription } from './rtcp.ts'
import type { SentPackets } from './sent-packets.ts'

/** Where packets leave: the transport of a peer. */
export interface PacketPath {
  /** False until DTLS is done, while the path is lost, and after close. */
  readonly isReady: boolean
  readonly protect: Protect | undefined
  post(packet: Buffer): boolean
  sendRtcp(compound: Buffer): boolean
}

/** What the outlets of a peer share. */
export interface OutletLink {
  readonly path: PacketPath
  /** One sequence for media and RTX of all outlets. */
  readonly sentPackets: SentPackets
  readonly clock: Pick<Clock, 'now'>
}

export interface OutletOptions {
  readonly kind: MediaKind
  readonly codec: CodecParameters
  readonly payloadType: number
  readonly rtxPayloadType: number | undefined
  readonly ssrc: number
  readonly rtxSsrc: number
  /** Where the RTX sequence begins, 16 bits. */
  readonly rtxSequence: number
  /** Id of the transport-wide sequence extension; undefined when it was not negotiated. */
  readonly transportSequenceId: number | undefined
  readonly cname: string
}

/** Largest payload that is accepted; more does not fit a datagram of any sane path. */
const maxPayload = 1460
/** Sender reports remembered for the round trip time. */
const maxReports = 16
/** Encryption reads it in the same call: one is enough for all outlets of a thread, and stays in the cache. */
const scratch = Buffer.alloc(maxPayload + 2)

export class Outlet implements RtpOutlet {
  readonly kind: MediaKind
  readonly codec: CodecParameters
  readonly ssrc: number
  readonly rtxSsrc: number
  readonly payloadType: number
  readonly #options: OutletOptions
  readonly #link: OutletLink
  readonly #header: Buffer
  readonly #rtxHeader: Buffer
  readonly #rollover = new SendRollover()
  readonly #rtxRollover = new SendRollover()
  /** The beginning of `scratch`, as long as the last packet: most are of one length. */
  #view: Uint8Array = scratch
  readonly #reportedAt = new Map<number, number>()
  #rtxSequence: number

  constructor(options: OutletOptions, link: OutletLink) {
    this.kind = options.kind
    this.codec = options.codec
    this.ssrc = options.ssrc
    this.rtxSsrc = options.rtxSsrc
    this.payloadType = options.payloadType
    this.#options = options
    this.#link = link
    this.#rtxSequence = options.rtxSequence & 0xffff
    this.#header = headerFor(options.ssrc, options.transportSequenceId)
    this.#rtxHeader = headerFor(options.rtxSsrc, options.transportSequenceId)
  }

  send(packet: OutgoingPacket): boolean {
    const { path } = this.#link
    if (!path.isReady || packet.payload.length > maxPayload) return false
    const header = this.#header
    header[1] = this.#options.payloadType | (packet.marker ? 0x80 : 0)
    header.writeUInt16BE(packet.sequence, 2)
    return this.#finish('media', header, packet, this.#patched(packet), this.#rollover)
  }

  retransmit(packet: OutgoingPacket): boolean {
    const { path } = this.#link
    const { payload } = packet
    const { rtxPayloadType } = this.#options
    if (!path.isReady || rtxPayloadType === undefined || payload.length > maxPayload) return false
    scratch.writeUInt16BE(packet.sequence, 0)
    scratch.set(payload, 2)
    patchPictureId(scratch, 2, packet)
    const header = this.#rtxHeader
    const sequence = this.#rtxSequence
    this.#rtxSequence = (sequence + 1) & 0xffff
    header[1] = rtxPayloadType | (packet.marker ? 0x80 : 0)
    header.writeUInt16BE(sequence, 2)
    return this.#finish('rtx', header, packet, this.#scratchOf(payload.length + 2), this.#rtxRollover)
  }

  sendSenderReport(report: { wallMs: number; rtpTimestamp: number; packetCount: number; octetCount: number }): void {
    const ntp = ntpOf(report.wallMs)
    const compound = [
      writeSenderReport({ ...report, ssrc: this.ssrc, ntp }),
      writeSourceDescription(this.ssrc, this.#options.cname),
    ]
    if (!this.#link.path.sendRtcp(Buffer.concat(compound))) return
    this.#reportedAt.set(compactNtp(ntp), this.#link.clock.now())
    if (this.#reportedAt.size <= maxReports) return
    const [oldest] = this.#reportedAt.keys()
    this.#reportedAt.delete(oldest!)
  }

  /** RFC 3550 6.4.1: now less when the report was sent, less what the viewer held it. */
  roundTripTimeS(lastSenderReport: number, delaySinceLast: number): number | undefined {
    const sentAt = this.#reportedAt.get(lastSenderReport)
    if (lastSenderReport === 0 || sentAt === undefined) return undefined
    return Math.max(0, (this.#link.clock.now() - sentAt) / 1000 - delaySinceLast / 65_536)
  }

  #patched(packet: OutgoingPacket): Uint8Array {
    if (packet.pictureIdOffset < 0) return packet.payload
    scratch.set(packet.payload)
    patchPictureId(scratch, 0, packet)
    return this.#scratchOf(packet.payload.length)
  }

  #scratchOf(length: number): Uint8Array {
    if (this.#view.length !== length) this.#view = scratch.subarray(0, length)
    return this.#view
  }

  #finish(
    kind: PacketKind,
    header: Buffer,
    packet: OutgoingPacket,
    payload: Uint8Array,
    rollover: SendRollover,
  ): boolean {
    const { path, sentPackets, clock } = this.#link
    const isTracked = header.length > 12
    header.writeUInt32BE(packet.timestamp >>> 0, 4)
    if (isTracked) header.writeUInt16BE(sentPackets.next(), 17)
    const sequence = header.readUInt16BE(2)
    const protectedPacket = path.protect!(header, payload, rollover.of(sequence))
    if (!path.post(protectedPacket)) return false
    rollover.sent(sequence)
    if (isTracked) sentPackets.sent(kind, protectedPacket.length, clock.now())
    return true
  }
}

/** RFC 7741 4.2: the high bit says that the id has 15 bits. */
function patchPictureId(payload: Buffer, from: number, packet: OutgoingPacket): void {
  const at = packet.pictureIdOffset
  if (at < 0 || at + 2 > packet.payload.length) return
  payload[from + at] = 0x80 | ((packet.pictureId >> 8) & 0x7f)
  payload[from + at + 1] = packet.pictureId & 0xff
}

/** 12 bytes, and 8 of a one-byte header extension (RFC 8285) for the transport-wide sequence. */
function headerFor(ssrc: number, transportSequenceId: number | undefined): Buffer {
  const header = Buffer.alloc(transportSequenceId === undefined ? 12 : 20)
  header[0] = 0x80
  header.writeUInt32BE(ssrc, 8)
  if (transportSequenceId === undefined) return header
  header[0] = 0x90
  header.writeUInt16BE(0xbede, 12)
  header.writeUInt16BE(1, 14)
  header[16] = (transportSequenceId << 4) | 1
  return header
}
