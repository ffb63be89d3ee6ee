// One viewer's playback: its playhead, RTP streams and pacer put together. Time comes in by tick(), packets go out by
// the emit callbacks; nothing is made per packet.
import type { PacketizedFrame, PacketizedGop } from '../../model/frame.ts'
import type { HistogramCounts } from '../../model/histogram.ts'
import { type OutboundStats, viewerPacingEdgesMs } from '../../model/stats.ts'
import type { MediaKind } from '../../model/track.ts'
import type { ServerNote } from '../../protocol/control.ts'
import { opusSamples } from '../opus-toc.ts'
import type { GopFeed } from './feed.ts'
import { type BufferTarget, defaultBufferTarget } from './gop-queue.ts'
import { createPacer } from './pacer.ts'
import { PacingErrors } from './pacing-errors.ts'
import { Playhead, type PlayheadPhase } from './playhead.ts'
import { audioRetransmission, videoRetransmission } from './retransmission-ring.ts'
import { type Emit, RtpStream } from './rtp-stream.ts'
import type { Ticked } from './ticker.ts'
import { AudioStamper, RtpClock, VideoStamper } from './timeline.ts'

/** The notes a playback has for its viewer. */
export type PlaybackNote = Extract<ServerNote, { type: 'epoch' | 'buffering' | 'ended' }>

interface PlaybackTrack {
  readonly feed: GopFeed
  /** Sends now; false when the transport is not ready. The packet is valid only during the call. */
  readonly emit: Emit
  /** Sends again on the RTX stream. */
  readonly retransmit: Emit
}

export interface ViewerPlaybackOptions {
  /** `pictureIdOffset`: see OutgoingPacket; -1 (default) for codecs without a PictureID. */
  readonly video?: PlaybackTrack & { readonly pictureIdOffset?: number }
  readonly audio?: PlaybackTrack
  readonly startS?: number
  readonly loop?: boolean
  readonly onNote: (note: PlaybackNote) => void
  /** Content could not be loaded; said once until the next seek, which tries again. Playback stalls where the data ends. */
  readonly onError: (error: unknown) => void
  /** 0 up to 1: the source of the first sequence numbers, timestamps and PictureID. */
  readonly random: () => number
  readonly buffer?: Partial<BufferTarget>
  /** Counts how late its packets leave, besides those of many other viewers. */
  readonly pacingErrorTotal?: PacingErrors
  /** What the viewer is thought to take, in bits a second: bounds prerolls and catch-up. Default 2.5 Mbps. */
  readonly targetBps?: number
}

export interface PlaybackSnapshot {
  readonly mediaTimeS: number
  readonly durationS: number
  readonly paused: boolean
  readonly phase: PlayheadPhase
  readonly bufferS: number
  readonly bufferFrames: number
  readonly underruns: number
  readonly droppedPackets: number
  readonly video?: OutboundStats
  readonly audio?: OutboundStats
  /** How late packets left, by viewerPacingEdgesMs. */
  readonly pacingErrors: HistogramCounts
}

interface SenderReport {
  readonly wallMs: number
  readonly rtpTimestamp: number
  readonly packetCount: number
  readonly octetCount: number
}

export interface ViewerPlayback extends Ticked {
  /** The first call starts it; content is loaded before. At the end it starts over. */
  play(): void
  pause(): void
  seek(timeS: number): void
  setLoop(loop: boolean): void
  /** Goes over to another rung at its next key frame. */
  setVideoFeed(feed: GopFeed): void
  setAudioFeed(feed: GopFeed): void
  setTargetBps(targetBps: number): void
  setRoundTripMs(roundTripMs: number): void
  onPictureLoss(nowMs: number): void
  onNack(kind: MediaKind, sequences: readonly number[], nowMs: number): void
  /** What to report (RFC 3550 6.4.1); undefined before the first tick or for a kind that is not sent. */
  senderReport(kind: MediaKind, nowMs: number): SenderReport | undefined
  readonly phase: PlayheadPhase
  snapshot(nowMs: number): PlaybackSnapshot
  close(): void
}

/** Audio later than this is dropped: the viewer's jitter buffer has given it up. */
const maxAudioLatenessMs = 200
/** Video later than this skips to a key frame that is due, or waits for one that is due soon. */
const lateVideoMs = 150
/** A loop that stood still for longer than this has paused everybody: playback goes on where it was. */
const maxTickGapMs = 1000
/** A frame's packets are spread over this share of its interval. */
const spreadShare = 0.75
const maxFrameIntervalMs = 100
/** A frame may always leave at this multiple of its GOP's mean rate, */
const spreadFactor = 2
/** and never faster than this multiple of the larger of that and the target: catch-up, key frames, prerolls. */
const burstFactor = 3

export function createViewerPlayback(options: ViewerPlaybackOptions): ViewerPlayback {
  return new Playback(options)
}

class Playback implements ViewerPlayback {
  readonly #pacingErrors: PacingErrors
  readonly #playhead: Playhead
  readonly #video: RtpStream | undefined
  readonly #audio: RtpStream | undefined
  readonly #options: ViewerPlaybackOptions
  readonly #buffer: BufferTarget
  readonly #pacer = createPacer()
  readonly #rates = { targetBps: 2_500_000, burstBps: 2_500_000 * burstFactor }
  readonly #videoStamper = new VideoStamper()
  readonly #audioStamper = new AudioStamper()
  readonly #offsets: { video: number; audio: number }
  #clock: RtpClock | undefined
  #wakeAtMs = 0
  #lastTickMs = Number.POSITIVE_INFINITY
  #closed = false
  #awaitsKey = false
  /** The video frame that is being sent, and how far. */
  #frame: PacketizedFrame | undefined
  #packetIndex = 0
  /** When the next packet of it should leave, and the pace. */
  #idealMs = Number.NEGATIVE_INFINITY
  #bytesPerMs = 1
  #rateGop: PacketizedGop | undefined
  #gopBytesPerMs = 1

  constructor(options: ViewerPlaybackOptions) {
    const { random, video, audio } = options
    const below = (bound: number) => Math.floor(random() * bound)
    this.#options = options
    this.#pacingErrors = new PacingErrors(options.pacingErrorTotal)
    this.#buffer = { ...defaultBufferTarget, ...options.buffer }
    this.#offsets = { video: below(2 ** 32), audio: below(2 ** 32) }
    const numbers = () => ({ sequence: below(2 ** 15), pictureId: below(2 ** 15) })
    if (video)
      this.#video = new RtpStream({
        ...numbers(),
        emit: video.emit,
        retransmit: video.retransmit,
        pictureIdOffset: video.pictureIdOffset ?? -1,
        retransmission: videoRetransmission,
      })
    if (audio)
      this.#audio = new RtpStream({
        ...numbers(),
        emit: audio.emit,
        retransmit: audio.retransmit,
        pictureIdOffset: -1,
        retransmission: audioRetransmission,
      })
    if (options.targetBps !== undefined) this.setTargetBps(options.targetBps)
    this.#playhead = new Playhead({
      ...(video && { video: video.feed }),
      ...(audio && { audio: audio.feed }),
      startS: options.startS ?? 0,
      loop: options.loop ?? false,
      buffer: this.#buffer,
      rates: this.#rates,
      events: {
        epoch: (atMs, mediaTimeS, rate) => this.#noteEpoch(atMs, mediaTimeS, rate),
        buffering: (buffering) => options.onNote({ type: 'buffering', buffering }),
        ended: () => options.onNote({ type: 'ended' }),
        error: (error) => options.onError(error),
        wake: () => this.#wake(),
      },
    })
  }

  play(): void {
    this.#playhead.play()
  }

  pause(): void {
    this.#playhead.pause()
  }

  seek(timeS: number): void {
    if (!this.#closed) this.#playhead.seek(timeS)
  }

  setLoop(loop: boolean): void {
    this.#playhead.loop = loop
    this.#wake()
  }

  setVideoFeed(feed: GopFeed): void {
    if (!this.#closed) this.#playhead.setFeed('video', feed)
  }

  setAudioFeed(feed: GopFeed): void {
    if (!this.#closed) this.#playhead.setFeed('audio', feed)
  }

  setTargetBps(targetBps: number): void {
    this.#rates.targetBps = targetBps
    this.#rateGop = undefined
    this.#rates.burstBps = Math.max(targetBps, this.#gopBytesPerMs * 8000) * burstFactor
  }

  setRoundTripMs(roundTripMs: number): void {
    if (this.#video) this.#video.ring.roundTripMs = roundTripMs
    if (this.#audio) this.#audio.ring.roundTripMs = roundTripMs
  }

  onPictureLoss(nowMs: number): void {
    if (!this.#video || this.#closed) return
    this.#video.pliCount++
    if (!this.#awaitsKey) this.#playhead.replay(nowMs)
  }

  onNack(kind: MediaKind, sequences: readonly number[], nowMs: number): void {
    if (!this.#closed) this.#stream(kind)?.onNack(sequences, nowMs)
  }

  senderReport(kind: MediaKind, nowMs: number): SenderReport | undefined {
    const stream = this.#stream(kind)
    if (!stream || !this.#clock) return undefined
    return {
      wallMs: this.#clock.wallMsAt(nowMs),
      rtpTimestamp: this.#clock.timestampAt(kind, nowMs),
      packetCount: stream.packetsSent,
      octetCount: stream.bytesSent,
    }
  }

  get phase(): PlayheadPhase {
    return this.#playhead.phase
  }

  snapshot(nowMs: number): PlaybackSnapshot {
    const { video, audio, durationS, paused, phase, underruns } = this.#playhead
    const queue = video && !(video.queue.isOver && audio) ? video.queue : audio?.queue
    const aheadS = [video, audio].filter((head) => head && !head.queue.isOver).map((head) => head!.queue.aheadS)
    this.#video?.ring.expire(nowMs)
    this.#audio?.ring.expire(nowMs)
    return {
      mediaTimeS: this.#playhead.mediaTimeAt(nowMs),
      durationS,
      paused,
      phase,
      underruns,
      bufferS: aheadS.length > 0 ? Math.min(...aheadS) : 0,
      bufferFrames: queue?.aheadFrames ?? 0,
      droppedPackets: (this.#video?.packetsDropped ?? 0) + (this.#audio?.packetsDropped ?? 0),
      ...(this.#video && { video: this.#video.stats() }),
      ...(this.#audio && { audio: this.#audio.stats() }),
      pacingErrors: this.#pacingErrors.read(viewerPacingEdgesMs),
    }
  }

  tick(nowMs: number, wallMs: number): void {
    const gapMs = nowMs - this.#lastTickMs
    this.#lastTickMs = nowMs
    if (this.#closed || (nowMs < this.#wakeAtMs && gapMs <= maxTickGapMs)) return
    if (gapMs > maxTickGapMs) this.#playhead.skip(nowMs - gapMs)
    this.#clock ??= new RtpClock(nowMs, wallMs, this.#offsets)
    this.#wakeAtMs = Number.POSITIVE_INFINITY
    this.#playhead.update(nowMs)
    this.#sendAudio(nowMs)
    this.#sendVideo(nowMs)
    this.#sleep()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#frame = undefined
    this.#playhead.close()
  }

  #stream(kind: MediaKind): RtpStream | undefined {
    return kind === 'video' ? this.#video : this.#audio
  }

  #wake(): void {
    this.#wakeAtMs = 0
  }

  /** Until when there is nothing to do. An event during the tick has set 0 already. */
  #sleep(): void {
    const { video, audio, clock } = this.#playhead
    if (this.#frame) {
      this.#wakeAtMs = 0
      return
    }
    const videoMs = video ? video.dueMs(clock) : Number.POSITIVE_INFINITY
    const audioMs = audio ? audio.dueMs(clock) : Number.POSITIVE_INFINITY
    this.#wakeAtMs = Math.min(this.#wakeAtMs, videoMs, audioMs, this.#playhead.nextEventMs())
  }

  #sendAudio(nowMs: number): void {
    const head = this.#playhead.audio
    const stream = this.#audio
    if (!head || !stream || !this.#clock) return
    for (let dueMs = head.dueMs(this.#playhead.clock); dueMs <= nowMs; dueMs = head.dueMs(this.#playhead.clock)) {
      const frame = head.queue.peek()!
      head.take(frame)
      const payload = frame.payloads[0]
      if (payload === undefined) continue
      if (nowMs - dueMs > maxAudioLatenessMs) {
        stream.packetsDropped++
        continue
      }
      const timestamp = this.#audioStamper.stamp(this.#clock.ticksAt('audio', dueMs), opusSamples(payload))
      stream.beginFrame(timestamp, frame.isKey, payload.length)
      stream.send(payload, this.#audioStamper.reanchored, nowMs)
      this.#pacingErrors.record(nowMs - dueMs)
    }
  }

  #sendVideo(nowMs: number): void {
    while (this.#frame || this.#beginFrame(nowMs)) {
      if (!this.#sendPackets(this.#frame!, nowMs)) return
      this.#frame = undefined
    }
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
      this.#video!.send(payload, this.#packetIndex === last, nowMs)
    }
    return true
  }

  /** Takes the next frame that is due; false when there is none. */
  #beginFrame(nowMs: number): boolean {
    const head = this.#playhead.video
    if (!head || !this.#video || !this.#clock) return false
    for (let dueMs = head.dueMs(this.#playhead.clock); dueMs <= nowMs; dueMs = head.dueMs(this.#playhead.clock)) {
      if (dueMs < nowMs - lateVideoMs && this.#dropLate(nowMs, dueMs)) continue
      const isUrgent = head.prerollLeft > 0 || nowMs - dueMs > maxFrameIntervalMs
      const frame = head.queue.peek()!
      const gop = head.queue.gops[0]!
      head.take(frame)
      if (this.#awaitsKey && !frame.isKey) {
        this.#video.packetsDropped += frame.payloads.length
        continue
      }
      this.#awaitsKey = false
      this.#frame = frame
      this.#packetIndex = 0
      this.#setPace(frame, gop, isUrgent, dueMs, nowMs)
      this.#video.beginFrame(
        this.#videoStamper.stamp(this.#clock.ticksAt('video', dueMs)),
        frame.isKey,
        frame.byteLength,
      )
      return true
    }
    return false
  }

  /**
   * Late video skips to the last key frame that is due, and waits for the next one where that comes before it could catch up.
   * True when it skipped.
   */
  #dropLate(nowMs: number, dueMs: number): boolean {
    const head = this.#playhead.video!
    const { clock } = this.#playhead
    if (head.prerollLeft > 0) return false
    const dropped = head.dropToKey(clock.mediaAt(nowMs))
    this.#video!.packetsDropped += dropped
    if (dropped > 0) return true
    const catchUpMs = (nowMs - dueMs) / (burstFactor - 1)
    const isKey = head.queue.peek()!.isKey
    if (!isKey && clock.playoutAt(head.nextKeyS()) < nowMs + catchUpMs) this.#awaitsKey = true
    return false
  }

  #setPace(frame: PacketizedFrame, gop: PacketizedGop, isUrgent: boolean, dueMs: number, nowMs: number): void {
    if (gop !== this.#rateGop) {
      this.#rateGop = gop
      this.#gopBytesPerMs = gop.byteLength / Math.max(40, (gop.endS - gop.startS) * 1000)
      this.#rates.burstBps = Math.max(this.#rates.targetBps, this.#gopBytesPerMs * 8000) * burstFactor
    }
    const burst = this.#rates.burstBps / 8000
    const intervalMs = Math.min(Math.max(frame.durationS * 1000, 5), maxFrameIntervalMs)
    const spread = Math.max(frame.byteLength / (intervalMs * spreadShare), this.#gopBytesPerMs * spreadFactor)
    this.#bytesPerMs = isUrgent ? burst : Math.min(burst, spread)
    this.#pacer.begin(this.#bytesPerMs, nowMs)
    this.#idealMs = Math.max(dueMs, this.#idealMs)
  }

  #noteEpoch(atMs: number, mediaTimeS: number, rate: 0 | 1): void {
    if (rate === 1) this.#audioStamper.break()
    const kind = this.#video ? 'video' : 'audio'
    const rtpTimestamp = this.#clock!.timestampAt(kind, atMs)
    this.#options.onNote({ type: 'epoch', epoch: { rtpTimestamp, mediaTimeS, rate }, paused: this.#playhead.paused })
  }
}
