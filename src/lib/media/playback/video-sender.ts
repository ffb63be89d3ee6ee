// Sends the video of one viewer: frames when they are due, their packets spread over the frame's interval; what is too late is
// left out up to a key frame.

import type { PacketizedFrame, PacketizedGop } from '../../model/frame.ts'
import type { Pacer } from './pacer.ts'
import type { PacingErrors } from './pacing-errors.ts'
import type { RtpStream } from './rtp-stream.ts'
import { tickLeadMs } from './ticker.ts'
import { type MediaClock, type RtpClock, VideoStamper } from './timeline.ts'
import type { TrackHead } from './track-head.ts'

/** Video later than this skips to a key frame that is due, or waits for one that is due soon. */
const lateVideoMs = 150
/** A frame's packets are spread over this share of its interval. */
const spreadShare = 0.75
const maxFrameIntervalMs = 100
/** A frame may always leave at this multiple of its GOP's mean rate, */
const spreadFactor = 2
/** and never faster than this multiple of the larger of that and the target: catch-up, key frames, prerolls. */
export const burstFactor = 3

/** Bits a second: what the viewer is thought to take, and how fast a burst may be. */
export interface SendRates {
  targetBps: number
  burstBps: number
}

interface VideoSenderOptions {
  readonly stream: RtpStream
  readonly head: TrackHead
  readonly mediaClock: MediaClock
  readonly pacer: Pacer
  /** The burst follows the target and the GOP that is sent. */
  readonly rates: SendRates
  readonly pacingErrors: PacingErrors
}

export class VideoSender {
  readonly stream: RtpStream
  readonly #head: TrackHead
  readonly #mediaClock: MediaClock
  readonly #pacer: Pacer
  readonly #rates: SendRates
  readonly #pacingErrors: PacingErrors
  readonly #stamper = new VideoStamper()
  #awaitsKey = false
  /** The frame that is being sent, and how far. */
  #frame: PacketizedFrame | undefined
  #packetIndex = 0
  /** When the next packet of it should leave, and the pace. */
  #idealMs = Number.NEGATIVE_INFINITY
  #bytesPerMs = 1
  #rateGop: PacketizedGop | undefined
  #gopBytesPerMs = 1

  constructor({ stream, head, mediaClock, pacer, rates, pacingErrors }: VideoSenderOptions) {
    this.stream = stream
    this.#head = head
    this.#mediaClock = mediaClock
    this.#pacer = pacer
    this.#rates = rates
    this.#pacingErrors = pacingErrors
  }

  /** True while a frame has been sent in part. */
  get isInFrame(): boolean {
    return this.#frame !== undefined
  }

  /** It waits for a key frame: to send again what is before it would be in vain. */
  get awaitsKey(): boolean {
    return this.#awaitsKey
  }

  /** The target has changed. */
  adaptBurst(): void {
    this.#rates.burstBps = Math.max(this.#rates.targetBps, this.#gopBytesPerMs * 8000) * burstFactor
  }

  /** Something else has used the pacer: what follows leaves at the frame's pace again. */
  resume(nowMs: number): void {
    this.#pacer.setPace(this.#bytesPerMs, nowMs)
  }

  send(nowMs: number, rtpClock: RtpClock): void {
    while (this.#frame || this.#beginFrame(nowMs, rtpClock)) {
      if (!this.#sendPackets(this.#frame!, nowMs)) return
      this.#frame = undefined
    }
  }

  close(): void {
    this.#frame = undefined
  }

  /** Sends what the pacer allows; true when the frame is finished. */
  #sendPackets(frame: PacketizedFrame, nowMs: number): boolean {
    const { payloads } = frame
    const last = payloads.length - 1
    for (; this.#packetIndex <= last; this.#packetIndex++) {
      const payload = payloads[this.#packetIndex]!
      if (!this.#pacer.take(payload.length, nowMs)) return false
      this.#pacingErrors.record(nowMs - this.#idealMs)
      this.#idealMs += payload.length / this.#bytesPerMs
      this.stream.send(payload, this.#packetIndex === last, nowMs)
    }
    return true
  }

  /** Takes the next frame that is due; false when there is none. */
  #beginFrame(nowMs: number, rtpClock: RtpClock): boolean {
    const head = this.#head
    for (let dueMs = head.dueMs(this.#mediaClock); dueMs <= nowMs + tickLeadMs; dueMs = head.dueMs(this.#mediaClock)) {
      if (dueMs < nowMs - lateVideoMs && this.#dropLate(nowMs, dueMs)) continue
      const isUrgent = head.prerollLeft > 0 || nowMs - dueMs > maxFrameIntervalMs
      const frame = head.queue.peek()!
      const gop = head.queue.gops[0]!
      head.take(frame)
      if (this.#awaitsKey && !frame.isKey) {
        this.stream.packetsDropped += frame.payloads.length
        continue
      }
      this.#awaitsKey = false
      this.#frame = frame
      this.#packetIndex = 0
      this.#setPace(frame, gop, isUrgent, dueMs, nowMs)
      this.stream.beginFrame(this.#stamper.stamp(rtpClock.ticksAt('video', dueMs)), frame.isKey, frame.byteLength)
      return true
    }
    return false
  }

  /**
   * Late video skips to the last key frame that is due, and waits for the next one where that comes before it could catch up.
   * True when it skipped.
   */
  #dropLate(nowMs: number, dueMs: number): boolean {
    const head = this.#head
    if (head.prerollLeft > 0) return false
    const dropped = head.dropToKey(this.#mediaClock.mediaAt(nowMs))
    this.stream.packetsDropped += dropped
    if (dropped > 0) return true
    const catchUpMs = (nowMs - dueMs) / (burstFactor - 1)
    const isKey = head.queue.peek()!.isKey
    if (!isKey && this.#mediaClock.playoutAt(head.nextKeyS()) < nowMs + catchUpMs) this.#awaitsKey = true
    return false
  }

  #setPace(frame: PacketizedFrame, gop: PacketizedGop, isUrgent: boolean, dueMs: number, nowMs: number): void {
    if (gop !== this.#rateGop) {
      this.#rateGop = gop
      this.#gopBytesPerMs = gop.byteLength / Math.max(40, (gop.endS - gop.startS) * 1000)
      this.adaptBurst()
    }
    const burst = this.#rates.burstBps / 8000
    const intervalMs = Math.min(Math.max(frame.durationS * 1000, 5), maxFrameIntervalMs)
    const spread = Math.max(frame.byteLength / (intervalMs * spreadShare), this.#gopBytesPerMs * spreadFactor)
    this.#bytesPerMs = isUrgent ? burst : Math.min(burst, spread)
    this.#pacer.begin(this.#bytesPerMs, nowMs)
    this.#idealMs = Math.max(dueMs, this.#idealMs)
  }
}
