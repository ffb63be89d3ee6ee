// One outgoing RTP stream: numbers its packets without gaps over seeks, switches and replays, keeps them for NACKs, counts.
import type { OutgoingPacket, PacketSink } from '../../model/frame.ts'
import { BucketCounts } from '../../model/histogram.ts'
import { frameSizeEdges, type OutboundStats } from '../../model/stats.ts'
import type { Pacer } from './pacer.ts'
import { type RetransmissionLimits, RetransmissionRing } from './retransmission-ring.ts'

interface RtpStreamOptions {
  /** See OutgoingPacket; -1 for codecs without a PictureID. */
  readonly pictureIdOffset: number
  /** First sequence number, below 2^15 so that SRTP's roll-over counter cannot be guessed wrong (RFC 3711 3.3.1). */
  readonly sequence: number
  readonly pictureId: number
  readonly retransmission: RetransmissionLimits
}

/** At most this many sequence numbers of one NACK are looked at. */
const maxNackedSequences = 512
/** So many numbers in a row may pass without a packet: after 2^15 a viewer would guess the roll-over counter wrong, for good. */
const maxUnsent = 2 ** 14
/** Before there is a connection. */
const nowhere: PacketSink = { send: () => false, retransmit: () => false }

export class RtpStream {
  readonly ring: RetransmissionRing
  readonly frameSizes = new BucketCounts(frameSizeEdges)
  packetsSent = 0
  bytesSent = 0
  framesSent = 0
  keyFramesSent = 0
  retransmittedPacketsSent = 0
  retransmittedBytesSent = 0
  nackCount = 0
  pliCount = 0
  packetsDropped = 0
  readonly #packet: OutgoingPacket
  readonly #again: OutgoingPacket
  #sink: PacketSink = nowhere
  #nextSequence: number
  #nextPictureId: number
  #unsent = 0

  constructor(options: RtpStreamOptions) {
    const blank = {
      payload: new Uint8Array(0),
      sequence: 0,
      timestamp: 0,
      marker: false,
      pictureIdOffset: options.pictureIdOffset,
      pictureId: 0,
    }
    this.ring = new RetransmissionRing(options.retransmission)
    this.#packet = { ...blank }
    this.#again = { ...blank }
    this.#nextSequence = options.sequence & 0x7fff
    this.#nextPictureId = options.pictureId & 0x7fff
  }

  connect(sink: PacketSink): void {
    this.#sink = sink
  }

  /** Begins a frame: all its packets carry this timestamp and the next PictureID. */
  beginFrame(timestamp: number, isKey: boolean, sizeBytes: number): void {
    this.#packet.timestamp = timestamp
    this.#packet.pictureId = this.#nextPictureId
    this.#nextPictureId = (this.#nextPictureId + 1) & 0x7fff
    this.framesSent++
    this.frameSizes.record(sizeBytes)
    if (isKey) this.keyFramesSent++
  }

  /**
   * Sends one packet of the frame. One that the network did not take counts as dropped, but can still be asked for again unless
   * nothing was taken for long.
   */
  send(payload: Uint8Array, marker: boolean, nowMs: number): void {
    const packet = this.#packet
    packet.payload = payload
    packet.marker = marker
    packet.sequence = this.#nextSequence
    const isSent = this.#sink.send(packet)
    if (isSent) {
      this.packetsSent++
      this.bytesSent += payload.length
    } else this.packetsDropped++
    this.#unsent = isSent ? 0 : this.#unsent + 1
    if (this.#unsent > maxUnsent) return
    this.#nextSequence = (this.#nextSequence + 1) & 0xffff
    this.ring.store(packet, nowMs)
  }

  /** Puts in line what is still here and allowed; true when something waits. */
  onNack(sequences: readonly number[], nowMs: number): boolean {
    this.nackCount++
    const count = Math.min(sequences.length, maxNackedSequences)
    for (let i = 0; i < count; i++) this.ring.request(sequences[i]!, nowMs)
    return this.ring.waiting > 0
  }

  /** Sends again what is in line, as far as the pacer lets it; true when nothing waits any more. */
  repair(pacer: Pacer, nowMs: number): boolean {
    for (;;) {
      const byteLength = this.ring.nextByteLength(nowMs)
      if (byteLength === 0) return true
      if (!pacer.take(byteLength, nowMs)) return false
      this.ring.takeNext(nowMs, this.#again)
      if (!this.#sink.retransmit(this.#again)) continue
      this.retransmittedPacketsSent++
      this.retransmittedBytesSent += byteLength
    }
  }

  stats(): OutboundStats {
    const { packetsSent, bytesSent, framesSent, keyFramesSent } = this
    const { retransmittedPacketsSent, retransmittedBytesSent, nackCount, pliCount, packetsDropped } = this
    return {
      packetsSent,
      bytesSent,
      framesSent,
      keyFramesSent,
      retransmittedPacketsSent,
      retransmittedBytesSent,
      nackCount,
      pliCount,
      packetsDropped,
      frameSizes: this.frameSizes.read(),
    }
  }
}
