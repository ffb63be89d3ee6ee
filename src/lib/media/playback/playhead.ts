// Where one viewer is in the content: play, pause, seek, loop, end, stalls and switches, as one media clock over two heads.
import { McpxError } from '../../base/errors.ts'
import type { EpochCause } from '../../model/epoch-cause.ts'
import type { MediaKind } from '../../model/track.ts'
import type { GopFeed } from './feed.ts'
import type { BufferTarget } from './gop-queue.ts'
import { byteLengthOf, isPrerollAllowed, landInAudio, landInVideo } from './landing.ts'
import { MediaClock } from './timeline.ts'
import { TrackHead } from './track-head.ts'

/** `loading`: a start or a seek waits for content; `stalled`: content did not come in time. */
export type PlayheadPhase = 'loading' | 'running' | 'stalled' | 'ended'

interface PlayheadEvents {
  /** From `atMs` (playout time) media time goes on from `mediaTimeS` at `rate`. */
  epoch(atMs: number, mediaTimeS: number, rate: 0 | 1, cause: EpochCause): void
  buffering(buffering: boolean): void
  ended(): void
  error(error: unknown): void
  /** Something changed that the next tick must look at. */
  wake(): void
}

interface PlayheadOptions {
  readonly video?: GopFeed
  readonly audio?: GopFeed
  readonly startS: number
  readonly loop: boolean
  readonly buffer: BufferTarget
  /** Bits a second the viewer is thought to take, and how fast prerolls may be sent. */
  readonly rates: { readonly targetBps: number; readonly burstBps: number }
  readonly events: PlayheadEvents
}

/** Waiting for content is told to the viewer when it takes longer than this. */
const bufferingAfterMs = 200
/** A stalled playhead goes on with this much content, or all there is. */
const resumeS = 0.5
const minReplayIntervalMs = 500
/** Content shorter than this ends instead of looping. */
const minLoopS = 0.1
/** A loop that is later than this starts from now instead of from its exact time. */
const maxLoopLagMs = 20
/** Frames that were due at most this long before a pause are still sent after it. */
const maxResumeRewindS = 2
const toleranceS = 0.0005

export class Playhead {
  readonly clock = new MediaClock()
  readonly video: TrackHead | undefined
  readonly audio: TrackHead | undefined
  readonly durationS: number
  phase: PlayheadPhase = 'loading'
  loop: boolean
  paused = true
  underruns = 0
  readonly #heads: readonly TrackHead[]
  readonly #rates: PlayheadOptions['rates']
  readonly #events: PlayheadEvents
  #started = false
  #targetS: number
  #loadingSinceMs: number | undefined
  #loadedFor: EpochCause = 'start'
  /** Why the clock was stopped last. */
  #heldFor: EpochCause = 'start'
  #isBuffering = false
  #failed = false
  #lastReplayMs = Number.NEGATIVE_INFINITY

  constructor(options: PlayheadOptions) {
    if (!options.video && !options.audio) throw new McpxError('INTERNAL', 'a playhead without video and audio')
    this.durationS = Math.max(options.video?.durationS ?? 0, options.audio?.durationS ?? 0)
    this.loop = options.loop
    this.#rates = options.rates
    this.#events = options.events
    this.#targetS = this.#clamp(options.startS)
    const events = {
      onChange: () => this.#events.wake(),
      onError: (error: unknown) => this.#fail(error),
    }
    const open = (kind: MediaKind, feed: GopFeed | undefined) =>
      feed && new TrackHead(kind, feed, this.#targetS, options.buffer, events)
    this.video = open('video', options.video)
    this.audio = open('audio', options.audio)
    this.#heads = [this.video, this.audio].filter((head) => head !== undefined)
  }

  /** Nothing is sent before the first call. At the end it starts over. */
  play(): void {
    this.#started = true
    this.paused = false
    if (this.phase === 'ended') this.seek(0)
    this.#events.wake()
  }

  pause(): void {
    this.paused = true
    this.#events.wake()
  }

  /** Drops what was loaded and loads around `timeS`; takes effect when that is here. */
  seek(timeS: number): void {
    this.#targetS = this.#clamp(timeS)
    this.phase = 'loading'
    this.#loadedFor = 'seek'
    this.#loadingSinceMs = undefined
    this.#failed = false
    for (const head of this.#heads) head.reopen(this.#targetS)
    this.#events.wake()
  }

  /** Switches one kind to another feed at the next point where that is seamless; at once while loading. */
  setFeed(kind: MediaKind, feed: GopFeed): void {
    const head = kind === 'video' ? this.video : this.audio
    if (!head) throw new McpxError('STREAM_CONFLICT', `the stream carries no ${kind}`)
    if (this.phase === 'running' || this.phase === 'stalled') {
      head.switchFeed(feed)
      return
    }
    head.feed = feed
    if (this.phase === 'loading') head.reopen(this.#targetS)
  }

  mediaTimeAt(nowMs: number): number {
    return this.phase === 'loading' ? this.#targetS : Math.min(this.clock.mediaAt(nowMs), this.#endS())
  }

  /** Brings the state up to `nowMs`. Called before frames are taken. */
  update(nowMs: number): void {
    if (!this.#started || this.phase === 'ended') return
    if (this.phase === 'loading') {
      this.#load(nowMs)
      return
    }
    for (let i = 0; i < this.#heads.length; i++) this.#heads[i]!.checkSwitch()
    if (this.phase === 'stalled') this.#checkResume(nowMs)
    else if (this.paused) this.#checkPause(nowMs)
    else this.#advance(nowMs)
  }

  /** Nothing ran since `sinceMs`: media time stands from there to the next update. */
  skip(sinceMs: number): void {
    if (this.phase === 'running' && this.clock.running) this.#hold(sinceMs, this.clock.mediaAt(sinceMs), 'server')
  }

  /** When update() has something to do although no frame is due. */
  nextEventMs(): number {
    if (this.phase === 'loading') {
      if (this.#isReady()) return this.clock.anchorMs
      return this.#loadingSinceMs === undefined || this.#isBuffering
        ? Number.POSITIVE_INFINITY
        : this.#loadingSinceMs + bufferingAfterMs
    }
    if (!this.clock.running) return Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#heads.length; i++) {
      const { queue } = this.#heads[i]!
      if (!queue.isOver && !queue.peek()) return this.clock.playoutAt(queue.endS)
    }
    return this.#isOver() ? this.clock.playoutAt(this.#endS()) : Number.POSITIVE_INFINITY
  }

  /**
   * Sends the current GOP again up to the frame that is due when that is done. False when that is not worth it or too much,
   * or was done within the last 500 ms: the next key frame will do.
   */
  replay(nowMs: number): boolean {
    const { video } = this
    const gop = video?.queue.gops[0]
    if (!video || !gop || gop.continues || this.phase === 'loading' || video.prerollLeft > 0) return false
    if (video.queue.frameIndex === 0 || nowMs - this.#lastReplayMs < minReplayIntervalMs) return false
    const startMs = Math.max(nowMs, this.clock.anchorMs)
    let to = video.queue.frameIndex
    let byteLength = byteLengthOf(gop.frames, 0, to)
    if (this.clock.running) {
      while (to < gop.frames.length && this.#isDueBy(gop.frames[to]!.timeS, startMs + this.#burstMs(byteLength, to)))
        byteLength += gop.frames[to++]!.byteLength
      const next = video.queue.gops[1]
      if (to === gop.frames.length && next && this.#isDueBy(next.startS, startMs + this.#burstMs(byteLength, to)))
        return false
    }
    if (!isPrerollAllowed(byteLength, to, this.#rates.targetBps)) return false
    this.#lastReplayMs = nowMs
    video.preroll(0, to, startMs, this.#burstMs(byteLength, to))
    this.#events.wake()
    return true
  }

  close(): void {
    for (const head of this.#heads) head.close()
    this.phase = 'ended'
  }

  #clamp(timeS: number): number {
    const atLeast0 = Number.isFinite(timeS) ? Math.max(0, timeS) : 0
    return this.durationS > 0 ? Math.min(atLeast0, this.durationS) : atLeast0
  }

  #isDueBy(timeS: number, atMs: number): boolean {
    return this.clock.playoutAt(timeS) < atMs
  }

  #burstMs(byteLength: number, frames: number): number {
    return frames === 0 ? 0 : Math.max(frames, (byteLength * 8000) / this.#rates.burstBps)
  }

  #checkPause(nowMs: number): void {
    if (this.clock.running) this.#hold(nowMs, this.clock.mediaAt(nowMs), 'pause')
  }

  #advance(nowMs: number): void {
    if (!this.clock.running) this.#run(nowMs)
    this.#checkEnd(nowMs)
    if (this.clock.running) this.#checkStall(nowMs)
  }

  #load(nowMs: number): void {
    if (this.#loadingSinceMs === undefined) {
      this.#loadingSinceMs = nowMs
      this.#hold(nowMs, this.#targetS, this.#loadedFor)
    }
    if (!this.#isReady()) {
      if (nowMs - this.#loadingSinceMs >= bufferingAfterMs) this.#setBuffering(true)
      return
    }
    // Each landing moves the clock on by its preroll: the next waits until the last has begun, or a burst of seeks adds up.
    if (nowMs >= this.clock.anchorMs) this.#land(nowMs)
  }

  #isReady(): boolean {
    for (let i = 0; i < this.#heads.length; i++) if (!this.#heads[i]!.queue.isReady) return false
    return true
  }

  /** Everything is here: the clock starts (or stands) at the time asked for, with the frames before it sent fast. */
  #land(atMs: number): void {
    const videoGop = this.video?.queue.gops[0]
    const audioGop = this.audio?.queue.gops[0]
    const landing = videoGop && landInVideo(videoGop, this.#targetS, this.#rates.targetBps)
    const mediaTimeS = landing?.mediaTimeS ?? (audioGop ? landInAudio(audioGop, this.#targetS) : this.#targetS)
    if (audioGop && mediaTimeS < this.#targetS && mediaTimeS < audioGop.startS - toleranceS) {
      this.#targetS = mediaTimeS
      this.audio?.reopen(mediaTimeS)
      return
    }
    const startMs = Math.max(atMs, this.clock.anchorMs)
    let playoutMs = startMs
    if (videoGop && landing) {
      const to = this.paused ? landing.stillTo : landing.to
      const lengthMs = this.#burstMs(byteLengthOf(videoGop.frames, landing.from, to), to - landing.from)
      this.video?.preroll(landing.from, to, startMs, lengthMs)
      playoutMs += lengthMs
    }
    this.audio?.queue.skipTo(mediaTimeS - toleranceS)
    this.phase = 'running'
    this.#setBuffering(false)
    if (this.paused) this.#hold(startMs, mediaTimeS, this.#loadedFor)
    else this.#start(playoutMs, mediaTimeS, this.#loadedFor)
  }

  #start(atMs: number, mediaTimeS: number, cause: EpochCause): void {
    this.clock.start(atMs, mediaTimeS)
    this.#events.epoch(this.clock.anchorMs, mediaTimeS, 1, cause)
  }

  #hold(atMs: number, mediaTimeS: number, cause: EpochCause): void {
    this.#heldFor = cause
    this.clock.hold(atMs, mediaTimeS)
    this.#events.epoch(this.clock.anchorMs, mediaTimeS, 0, cause)
  }

  /** Goes on after a pause or a stall, with the oldest frame that was due but not sent. */
  #run(nowMs: number): void {
    const heldS = this.clock.anchorMediaS
    let mediaTimeS = heldS
    for (const head of this.#heads) {
      const frame = head.prerollLeft > 0 ? undefined : head.queue.peek()
      if (frame && frame.timeS > heldS - maxResumeRewindS) mediaTimeS = Math.min(mediaTimeS, frame.timeS)
    }
    const prerollEndMs = this.video && this.video.prerollLeft > 0 ? this.video.prerollEndMs : nowMs
    this.#start(Math.max(nowMs, prerollEndMs), mediaTimeS, this.#heldFor === 'pause' ? 'play' : this.#heldFor)
  }

  #checkStall(nowMs: number): void {
    let stallS = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#heads.length; i++) {
      const { queue } = this.#heads[i]!
      if (!queue.complete && !queue.peek()) stallS = Math.min(stallS, queue.endS)
    }
    if (this.clock.mediaAt(nowMs) < stallS) return
    const mediaTimeS = Math.max(stallS, this.clock.anchorMediaS)
    this.phase = 'stalled'
    this.underruns++
    this.#hold(this.clock.playoutAt(mediaTimeS), mediaTimeS, 'underrun')
    this.#setBuffering(true)
  }

  #checkResume(nowMs: number): void {
    for (let i = 0; i < this.#heads.length; i++) {
      const { queue } = this.#heads[i]!
      if (queue.complete || queue.aheadS >= resumeS || (!queue.isLoading && queue.peek())) continue
      return
    }
    this.phase = 'running'
    this.#setBuffering(false)
    if (!this.paused) this.#run(nowMs)
  }

  #checkEnd(nowMs: number): void {
    if (this.loop) this.#prepareLoop()
    if (!this.#isOver()) return
    const endS = this.#endS()
    if (this.clock.mediaAt(nowMs) < endS) return
    const endMs = Math.max(this.clock.playoutAt(endS), this.clock.anchorMs)
    if (this.loop && endS >= minLoopS) {
      this.#restart(nowMs, endMs)
      return
    }
    this.phase = 'ended'
    this.#hold(endMs, endS, 'end')
    this.#events.ended()
  }

  #prepareLoop(): void {
    for (let i = 0; i < this.#heads.length; i++) if (!this.#heads[i]!.queue.complete) return
    for (let i = 0; i < this.#heads.length; i++) this.#heads[i]!.prepareLoop()
  }

  #restart(nowMs: number, endMs: number): void {
    const isReady = this.#heads.every((head) => head.isLoopReady)
    for (const head of this.#heads) head.startLoop()
    this.#targetS = 0
    this.phase = 'loading'
    this.#loadedFor = 'loop'
    this.#loadingSinceMs = undefined
    if (isReady) this.#land(nowMs - endMs > maxLoopLagMs ? nowMs : endMs)
    else this.#load(nowMs)
  }

  #isOver(): boolean {
    for (let i = 0; i < this.#heads.length; i++) if (!this.#heads[i]!.queue.isOver) return false
    return true
  }

  #endS(): number {
    let endS = 0
    for (let i = 0; i < this.#heads.length; i++) {
      const { queue } = this.#heads[i]!
      endS = Math.max(endS, queue.complete ? queue.endS : this.durationS)
    }
    return endS
  }

  #setBuffering(buffering: boolean): void {
    if (this.#isBuffering === buffering) return
    this.#isBuffering = buffering
    this.#events.buffering(buffering)
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#events.error(error)
  }
}
