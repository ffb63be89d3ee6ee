// What one viewer is sent: the plan made for its codecs, the rung and audio track it is on, and the playback that sends them.
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { createFixedRate } from '../feedback/congestion/fixed-rate.ts'
import { fixedQuality } from '../feedback/fixed-quality.ts'
import { policyFor } from '../feedback/policy.ts'
import type { Strategy, StrategyState } from '../feedback/strategy.ts'
import type { PacingErrors } from '../media/playback/pacing-errors.ts'
import type { PlaybackEvents, ViewerPlayback } from '../media/playback/viewer-playback.ts'
import type { ChosenCodecs, ViewerCodecs } from '../model/codec.ts'
import type { Decision } from '../model/decision.ts'
import type { SampleFigures } from '../model/figure-table.ts'
import { type Quality, type QualityReason, qualityOfRung } from '../model/quality.ts'
import type { MediaInfo, Rung, SentTrack } from '../model/stream.ts'
import { clockRateOf } from '../model/track.ts'
import type { Command, Epoch, ServerNote } from '../protocol/control.ts'
import type { OpenParams } from '../protocol/media-plane.ts'
import type { OpenedContent } from './opened-content.ts'
import { Pipeline } from './pipeline.ts'
import { chosenCodecs, sentTracks, type TrackPlan } from './plan-tracks.ts'

interface ViewerMediaDeps {
  readonly clock: Clock
  readonly random: () => number
  readonly pacingErrorTotal?: PacingErrors
  /** Tells the viewer. */
  note(message: ServerNote): void
  /** Decides which rung is sent; one that follows nothing when absent. */
  readonly strategy?: Strategy
  /** What is known now; undefined before anything was measured. */
  figures(): SampleFigures | undefined
  onDecision(decision: Decision): void
  /** What is sent, or in which quality, has changed. */
  onSent(): void
  onEnded(): void
  onError(error: unknown): void
}

/** Where content does not say its own. */
const usualFrameRate = 30

export class ViewerMedia {
  readonly #params: OpenParams
  readonly #content: OpenedContent
  readonly #deps: ViewerMediaDeps
  #quality: Quality
  #qualityReason: QualityReason | undefined
  #loop: boolean
  #audioTrackId: number | undefined
  #plan: TrackPlan | undefined
  #info: MediaInfo
  #rung = 0
  #pipeline: Pipeline | undefined
  #epoch: Epoch | undefined
  #paused = false
  #failure: { readonly error: unknown } | undefined
  #closed = false

  constructor(params: OpenParams, content: OpenedContent, deps: ViewerMediaDeps) {
    this.#params = params
    this.#content = content
    this.#deps = deps
    this.#quality = params.quality
    this.#loop = params.loop
    this.#audioTrackId = params.audioTrackId
    this.#info = content.info
  }

  /** Absent until the viewer's codecs are known. */
  get pipeline(): Pipeline | undefined {
    return this.#pipeline
  }

  get playback(): ViewerPlayback | undefined {
    return this.#pipeline?.playback
  }

  get quality(): Quality {
    return this.#quality
  }

  get qualityReason(): QualityReason | undefined {
    return this.#qualityReason
  }

  /** What the content is to this viewer. */
  get info(): MediaInfo {
    return this.#info
  }

  get rung(): number {
    return this.#rung
  }

  get rungCount(): number {
    return this.#plan?.video?.rungs.length ?? 0
  }

  get currentRung(): Rung | undefined {
    return this.#info.rungs[this.#rung]
  }

  get sent(): readonly SentTrack[] {
    return this.#plan ? sentTracks(this.#plan) : []
  }

  /** Settles what is sent. Reading begins while ICE and DTLS are still at work, so that the first frame waits for neither. */
  choose(viewer: ViewerCodecs): ChosenCodecs {
    if (this.#closed) throw new McpxError('STREAM_NOT_FOUND', `stream ${this.#params.streamId} is closed`)
    const plan = this.#content.plan(viewer, this.#audioTrackId)
    this.#plan = plan
    this.#info = this.#content.infoFor(plan)
    // Another offer may bring another ladder.
    this.#rung = this.#decideRung(plan, undefined) ?? 0
    this.playback?.close()
    this.#pipeline = this.#createPipeline(plan)
    return chosenCodecs(plan)
  }

  #createPipeline(plan: TrackPlan): Pipeline {
    const { startS, buffer } = this.#params
    const { clock, random, pacingErrorTotal } = this.#deps
    return new Pipeline({
      clock,
      content: this.#content,
      plan,
      rung: this.#rung,
      congestion: createFixedRate(),
      playback: {
        startS,
        loop: this.#loop,
        random,
        ...(buffer && { buffer: this.#bufferTarget(buffer) }),
        ...(pacingErrorTotal && { pacingErrorTotal }),
        events: this.#playbackEvents(),
      },
    })
  }

  /** Frames as seconds of the rung that is sent; of sound as if it were video. */
  #bufferTarget({ frames, prefetchRatio }: NonNullable<OpenParams['buffer']>) {
    return { bufferS: frames / (this.currentRung?.frameRate ?? usualFrameRate), thresholdRatio: prefetchRatio }
  }

  /** Asks the strategy, and tells what it has decided; undefined where all stays as it is. */
  #decideRung(plan: TrackPlan, rung: number | undefined): number | undefined {
    const { strategy = fixedQuality, clock, figures, onDecision } = this.#deps
    const state = { rungs: this.#rungsOf(plan), rung, isTranscoded: plan.video?.transcoded ?? false }
    const decisions = strategy.decide(state, figures(), policyFor(this.#quality), clock.wallMs())
    for (const decision of decisions) onDecision(decision)
    return decisions.at(-1)?.to.index
  }

  #rungsOf(plan: TrackPlan): StrategyState['rungs'] {
    const { rungs = [] } = plan.video ?? {}
    return rungs.map((_, index) => this.#info.rungs[index] ?? { index, name: qualityOfRung(index, rungs.length) })
  }

  /** Somebody asked for another quality. */
  #noteQualityAsked(quality: Quality, by: QualityReason): void {
    if (quality === this.#quality) return
    const { clock, figures, onDecision } = this.#deps
    const inputs = figures()
    onDecision({
      type: 'quality',
      atMs: clock.wallMs(),
      by,
      from: this.#quality,
      to: quality,
      reason: { code: by },
      ...(inputs && { inputs }),
    })
  }

  /** What the playback tells becomes notes for the viewer. */
  #playbackEvents(): PlaybackEvents {
    const { note, onEnded } = this.#deps
    return {
      epoch: (epoch, paused) => {
        this.#epoch = epoch
        this.#paused = paused
        note({ type: 'epoch', epoch, paused })
      },
      buffering: (buffering) => {
        note({ type: 'buffering', buffering })
        if (buffering) this.#giveUp()
      },
      ended: () => {
        note({ type: 'ended' })
        onEnded()
      },
      error: (error) => this.#onError(error),
    }
  }

  /** What has been read is played out before the stream ends of it. */
  #onError(error: unknown): void {
    this.#failure = { error }
    if (this.playback?.phase !== 'running') this.#giveUp()
  }

  #giveUp(): void {
    if (this.#failure) this.#deps.onError(this.#failure.error)
  }

  /** What a viewer must know when its control channel opens. */
  greet(): void {
    const { note } = this.#deps
    const clockRate = clockRateOf(this.#plan?.video ? 'video' : 'audio')
    note({ type: 'media', streamId: this.#params.streamId, media: this.#info, sent: this.sent, clockRate })
    this.#noteQuality()
    if (this.#epoch) note({ type: 'epoch', epoch: this.#epoch, paused: this.#paused })
  }

  #noteQuality(): void {
    const name = qualityOfRung(this.#rung, this.rungCount || 1)
    this.#deps.note({ type: 'quality', quality: this.#quality, rung: this.#rung, name })
  }

  /** Throws INVALID_REQUEST for what the content does not have; before there is a viewer STREAM_CONFLICT for what cannot wait for it. */
  command(command: Command, by: QualityReason): void {
    if (command.type === 'quality') {
      this.#noteQualityAsked(command.quality, by)
      this.#qualityReason = by
    }
    const [playback, plan] = [this.playback, this.#plan]
    if (!playback || !plan) {
      this.#remember(command)
      return
    }
    switch (command.type) {
      case 'play':
        playback.play()
        break
      case 'pause':
        playback.pause()
        break
      case 'seek':
        // The seek reads anew, elsewhere.
        this.#failure = undefined
        playback.seek(Math.min(command.timeS, this.#info.durationS))
        break
      case 'loop':
        this.#loop = command.loop
        playback.setLoop(command.loop)
        break
      case 'quality':
        this.#setQuality(command.quality, plan)
        break
      case 'audio':
        this.#setAudio(command.trackId, plan)
    }
  }

  /** Quality and loop hold for the viewer that comes. */
  #remember(command: Command): void {
    if (command.type === 'loop') this.#loop = command.loop
    else if (command.type === 'quality') this.#quality = command.quality
    else throw new McpxError('STREAM_CONFLICT', `stream ${this.#params.streamId} has no viewer yet`)
    this.#deps.onSent()
  }

  #setQuality(quality: Quality, plan: TrackPlan): void {
    this.#quality = quality
    const rung = this.#decideRung(plan, this.#rung)
    if (rung !== undefined && plan.video) {
      this.#rung = rung
      this.playback?.setVideoFeed(this.#content.feed(plan.video, rung).feed)
    }
    this.#deps.onSent()
    this.#noteQuality()
  }

  /** The codec is settled; another track is sent in it. */
  #setAudio(trackId: number, plan: TrackPlan): void {
    if (!plan.audio) throw new McpxError('STREAM_CONFLICT', 'no audio is sent')
    const { audio } = this.#content.plan({ video: [], audio: [plan.audio.codec] }, trackId)
    if (!audio) throw new McpxError('INVALID_REQUEST', `there is no audio track ${trackId}`)
    this.#audioTrackId = trackId
    this.#plan = { ...plan, audio }
    this.playback?.setAudioFeed(this.#content.feed(audio, 0).feed)
    this.#deps.onSent()
  }

  close(): void {
    this.#closed = true
    this.playback?.close()
  }
}
