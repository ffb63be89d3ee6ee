// One viewer's playback: its playhead, senders and pacer put together. Time comes in by tick(), packets go out to the sinks it
// is connected to; nothing is made per packet.
import type { EpochCause } from '../../model/epoch-cause.ts'
import type { PacketSink } from '../../model/frame.ts'
import type { HistogramCounts } from '../../model/histogram.ts'
import { type OutboundStats, viewerPacingEdgesMs } from '../../model/stats.ts'
import type { MediaKind } from '../../model/track.ts'
import { AudioSender } from './audio-sender.ts'
import type { GopFeed } from './feed.ts'
import { type BufferTarget, defaultBufferTarget } from './gop-queue.ts'
import { createPacer } from './pacer.ts'
import { PacingErrors } from './pacing-errors.ts'
import { Playhead, type PlayheadPhase } from './playhead.ts'
import { audioRetransmission, type RetransmissionLimits, videoRetransmission } from './retransmission-ring.ts'
import { RtpStream } from './rtp-stream.ts'
import { type Ticked, tickLeadMs } from './ticker.ts'
import { RtpClock } from './timeline.ts'
import { burstFactor, type SendRates, VideoSender } from './video-sender.ts'

/**
 * From `rtpTimestamp` on (of the video, or of the audio where there is no video) media time runs from `mediaTimeS` at `rate`,
 * which is 0 while it stands.
 */
export interface PlaybackEpoch {
  readonly rtpTimestamp: number
  readonly mediaTimeS: number
  readonly rate: 0 | 1
  readonly cause: EpochCause
}

/** What a playback tells, when it happens. */
export interface PlaybackEvents {
  /** `paused`: it was asked to stand, and does not wait for content. */
  epoch(epoch: PlaybackEpoch, paused: boolean): void
  buffering(buffering: boolean): void
  ended(): void
  /** Content could not be loaded; said once until the next seek, which tries again. Playback stalls where the data ends. */
  error(error: unknown): void
}

export interface ViewerPlaybackOptions {
  /** `pictureIdOffset`: see OutgoingPacket; -1 (default) for codecs without a PictureID. */
  readonly video?: { readonly feed: GopFeed; readonly pictureIdOffset?: number }
  readonly audio?: { readonly feed: GopFeed }
  readonly startS?: number
  readonly loop?: boolean
  readonly events: PlaybackEvents
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
  /** Where its packets go from now on. Those sent before count as dropped. */
  connect(sinks: Partial<Record<MediaKind, PacketSink>>): void
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

/** A loop that stood still for longer than this has paused everybody: playback goes on where it was. */
const maxTickGapMs = 1000
const defaultTargetBps = 2_500_000

export function createViewerPlayback(options: ViewerPlaybackOptions): ViewerPlayback {
  return new Playback(options)
}

class Playback implements ViewerPlayback {
  readonly #pacingErrors: PacingErrors
  readonly #playhead: Playhead
  readonly #video: VideoSender | undefined
  readonly #audio: AudioSender | undefined
  readonly #options: ViewerPlaybackOptions
  readonly #buffer: BufferTarget
  readonly #pacer = createPacer()
  readonly #rates: SendRates
  readonly #offsets: { video: number; audio: number }
  #clock: RtpClock | undefined
  #wakeAtMs = 0
  #lastTickMs = Number.POSITIVE_INFINITY
  #closed = false

  constructor(options: ViewerPlaybackOptions) {
    const { random, targetBps = defaultTargetBps, events } = options
    const below = (bound: number) => Math.floor(random() * bound)
    this.#options = options
    this.#pacingErrors = new PacingErrors(options.pacingErrorTotal)
    this.#buffer = { ...defaultBufferTarget, ...options.buffer }
    this.#rates = { targetBps, burstBps: targetBps * burstFactor }
    this.#offsets = { video: below(2 ** 32), audio: below(2 ** 32) }
    const stream = (retransmission: RetransmissionLimits, pictureIdOffset = -1) =>
      new RtpStream({ sequence: below(2 ** 15), pictureId: below(2 ** 15), pictureIdOffset, retransmission })
    const streams = {
      video: options.video && stream(videoRetransmission, options.video.pictureIdOffset),
      audio: options.audio && stream(audioRetransmission),
    }
    this.#playhead = new Playhead({
      ...(options.video && { video: options.video.feed }),
      ...(options.audio && { audio: options.audio.feed }),
      startS: options.startS ?? 0,
      loop: options.loop ?? false,
      buffer: this.#buffer,
      rates: this.#rates,
      events: {
        epoch: (...epoch) => this.#tellEpoch(...epoch),
        buffering: (buffering) => events.buffering(buffering),
        ended: () => events.ended(),
        error: (error) => events.error(error),
        wake: () => this.#wake(),
      },
    })
    const { video, audio, clock: mediaClock } = this.#playhead
    const shared = { mediaClock, pacingErrors: this.#pacingErrors }
    if (video && streams.video)
      this.#video = new VideoSender({
        ...shared,
        stream: streams.video,
        head: video,
        pacer: this.#pacer,
        rates: this.#rates,
      })
    if (audio && streams.audio) this.#audio = new AudioSender({ ...shared, stream: streams.audio, head: audio })
  }

  connect(sinks: Partial<Record<MediaKind, PacketSink>>): void {
    if (sinks.video) this.#video?.stream.connect(sinks.video)
    if (sinks.audio) this.#audio?.stream.connect(sinks.audio)
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
    if (this.#video) this.#video.adaptBurst()
    else this.#rates.burstBps = targetBps * burstFactor
  }

  setRoundTripMs(roundTripMs: number): void {
    for (const sender of [this.#video, this.#audio]) if (sender) sender.stream.ring.roundTripMs = roundTripMs
  }

  onPictureLoss(nowMs: number): void {
    if (!this.#video || this.#closed) return
    this.#video.stream.pliCount++
    if (!this.#video.awaitsKey) this.#playhead.replay(nowMs)
  }

  onNack(kind: MediaKind, sequences: readonly number[], nowMs: number): void {
    if (!this.#closed && this.#stream(kind)?.onNack(sequences, nowMs)) this.#wake()
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
    const streams = { video: this.#video?.stream, audio: this.#audio?.stream }
    streams.video?.ring.expire(nowMs)
    streams.audio?.ring.expire(nowMs)
    return {
      mediaTimeS: this.#playhead.mediaTimeAt(nowMs),
      durationS,
      paused,
      phase,
      underruns,
      bufferS: aheadS.length > 0 ? Math.min(...aheadS) : 0,
      bufferFrames: queue?.aheadFrames ?? 0,
      droppedPackets: (streams.video?.packetsDropped ?? 0) + (streams.audio?.packetsDropped ?? 0),
      ...(streams.video && { video: streams.video.stats() }),
      ...(streams.audio && { audio: streams.audio.stats() }),
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
    this.#audio?.send(nowMs, this.#clock)
    const isRepaired = this.#repair(nowMs)
    if (isRepaired) this.#video?.send(nowMs, this.#clock)
    this.#sleep(isRepaired)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#video?.close()
    this.#playhead.close()
  }

  #stream(kind: MediaKind): RtpStream | undefined {
    return kind === 'video' ? this.#video?.stream : this.#audio?.stream
  }

  #wake(): void {
    this.#wakeAtMs = 0
  }

  /** Until when there is nothing to do. An event during the tick has set 0 already. */
  #sleep(isRepaired: boolean): void {
    const { video, audio, clock } = this.#playhead
    const isHeldBack = this.#video?.isInFrame || !isRepaired
    const dueMs = video ? video.dueMs(clock) - tickLeadMs : Number.POSITIVE_INFINITY
    const videoMs = isHeldBack ? this.#pacer.readyMs() : dueMs
    const audioMs = audio ? audio.dueMs(clock) - tickLeadMs : Number.POSITIVE_INFINITY
    this.#wakeAtMs = Math.min(this.#wakeAtMs, videoMs, audioMs, this.#playhead.nextEventMs())
  }

  /** What the viewer misses goes before new video, at the pace of a burst; true when nothing is missing any more. */
  #repair(nowMs: number): boolean {
    const [video, audio] = [this.#video?.stream, this.#audio?.stream]
    if ((audio?.ring.waiting ?? 0) + (video?.ring.waiting ?? 0) === 0) return true
    this.#pacer.setPace(this.#rates.burstBps / 8000, nowMs)
    const isRepaired = (audio?.repair(this.#pacer, nowMs) ?? true) && (video?.repair(this.#pacer, nowMs) ?? true)
    if (isRepaired) this.#video?.resume(nowMs)
    return isRepaired
  }

  #tellEpoch(atMs: number, mediaTimeS: number, rate: 0 | 1, cause: EpochCause): void {
    if (rate === 1) this.#audio?.break()
    const rtpTimestamp = this.#clock!.timestampAt(this.#video ? 'video' : 'audio', atMs)
    this.#options.events.epoch({ rtpTimestamp, mediaTimeS, rate, cause }, this.#playhead.paused)
  }
}
