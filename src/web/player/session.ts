// Watching one piece of content for as long as the page is open: one attempt after the other, what the server says, and
// what the viewer asked for, as one state that the views draw.
import type { Command, Epoch, ServerNote } from '../../lib/protocol/control.ts'
import type { IceServer } from '../../lib/protocol/media-plane.ts'
import { Attempt } from './attempt.ts'
import { backoffMs } from './backoff.ts'
import { MediaClock } from './clock.ts'
import { type Failure, failureOfAnswer, failureOfClose, failureOfNote, failures } from './failure.ts'
import { type Measured, type Reporter, startReporter } from './reporter.ts'
import { WhepRefused } from './whep.ts'
import type { WhepRequest } from './whep-address.ts'

type MediaNote = Extract<ServerNote, { type: 'media' }>
export type Media = MediaNote['media']
export type Quality = Extract<Command, { type: 'quality' }>['quality']

export interface SessionState {
  /** `closed`: ended by somebody on purpose; `failed`: see `failure`. */
  readonly phase: 'connecting' | 'connected' | 'waiting' | 'failed' | 'closed'
  readonly hasPlayed: boolean
  readonly attempt: number
  /** performance.now() of the next try, while `waiting`. */
  readonly retryAtMs?: number
  readonly failure?: Failure
  readonly isUnstable: boolean
  /** What the element plays; a new one for each attempt. */
  readonly stream?: MediaStream
  readonly media?: Media
  readonly sent: MediaNote['sent']
  readonly streamId?: string
  readonly isPaused: boolean
  readonly isEnded: boolean
  readonly isBuffering: boolean
  readonly isLooping: boolean
  readonly quality: Quality
  readonly rung?: number
  readonly audioTrackId?: number
  /** Where a seek goes that is not on the screen yet. */
  readonly seekingToS?: number
  /** An error that did not end the stream. */
  readonly warning?: string
}

/** How long a seek may stay invisible before the bar believes the clock again. */
const seekPatienceMs = 4_000
/** A seek may land on the key frame before its target. */
const seekNearnessS = 15
/** A connection that held this long was a good one: the next back-off starts from the beginning. */
const stableMs = 5_000

function failureOf(cause: 'blocked' | 'lost' | 'refused', thrown: unknown, hasPlayed: boolean): Failure {
  if (cause === 'blocked') return failures.blocked
  if (cause === 'lost') return failures.connectionLost
  if (!(thrown instanceof WhepRefused)) {
    // fetch throws TypeError without an answer, TimeoutError or AbortError without one in time; the rest is the browser's.
    const isNetwork = thrown instanceof TypeError || ['TimeoutError', 'AbortError'].includes((thrown as Error)?.name)
    return isNetwork ? failures.serverGone : { ...failures.badAnswer, detail: String(thrown) }
  }
  const failure = failureOfAnswer(thrown.answer)
  // What played a moment ago is only missing until the server has read its store again.
  return hasPlayed && thrown.answer.status === 404 ? { ...failure, kind: 'temporary' } : failure
}

export class Session {
  state: SessionState = {
    phase: 'connecting',
    hasPlayed: false,
    attempt: 0,
    isUnstable: false,
    sent: [],
    isPaused: false,
    isEnded: false,
    isBuffering: false,
    isLooping: false,
    quality: 'auto',
  }
  readonly clock = new MediaClock()
  /** performance.now() at which the current attempt began, for the time to the first frame. */
  startedAtMs = 0
  /** From there to the first frame on the screen. */
  firstFrameMs: number | undefined
  #request: Pick<WhepRequest, 'base' | 'content' | 'connectionId'>
  readonly #listeners = new Set<() => void>()
  #attempt: Attempt | undefined
  #reporter: Reporter | undefined
  #iceServers: readonly IceServer[] = []
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #seekTimer: ReturnType<typeof setTimeout> | undefined
  #lastPositionS = 0
  #connectedAtMs = Number.POSITIVE_INFINITY
  #epochBeforeSeek: Epoch | undefined
  #lastError: Failure | undefined

  constructor(request: Pick<WhepRequest, 'base' | 'content' | 'connectionId'>) {
    this.#request = request
  }

  get peer(): RTCPeerConnection | undefined {
    return this.#attempt?.peer
  }

  /** What the browser has measured of the current attempt; undefined while there is none. */
  async look(): Promise<Measured | undefined> {
    return this.#reporter?.look()
  }

  /** Calls back after every change of state; returns what stops that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Media time shown, or where a seek is about to lead, in seconds. */
  positionS(): number {
    if (this.state.seekingToS !== undefined) return this.state.seekingToS
    // The last frame begins before the end.
    if (this.state.isEnded && this.state.media) return this.state.media.durationS
    this.#lastPositionS = this.clock.nowS(performance.now()) ?? this.#lastPositionS
    return this.#lastPositionS
  }

  /** Connects now, at the last position; also the "try again" of every failure. */
  connect(): void {
    this.#drop()
    const missing = this.#whatIsMissing()
    if (missing) {
      this.#set({ phase: 'failed', failure: missing })
      return
    }
    const startS = this.state.isEnded ? 0 : this.positionS()
    this.#lastPositionS = startS
    this.startedAtMs = performance.now()
    this.firstFrameMs = undefined
    this.clock.reset()
    this.#epochBeforeSeek = undefined
    this.#lastError = undefined
    this.#set({ phase: 'connecting', isUnstable: false, isEnded: false, isBuffering: false, retryAtMs: undefined })
    const attempt = new Attempt(this.#iceServers, {
      track: (track) => this.#onTrack(track),
      note: (note) => this.#onNote(note),
      connected: () => this.#onConnected(),
      unstable: (isUnstable) => this.#set({ isUnstable }),
      lost: (cause, thrown) => this.#onLost(cause, thrown),
    })
    this.#attempt = attempt
    this.#reporter = startReporter({
      peer: attempt.peer,
      firstFrameMs: () => this.firstFrameMs,
      send: (report) => attempt.tell({ type: 'report', report }),
    })
    const { quality, isLooping, audioTrackId, isPaused } = this.state
    void attempt.start({
      ...this.#request,
      startS,
      quality,
      loop: isLooping,
      ...(audioTrackId === undefined ? {} : { audioTrackId }),
    })
    if (isPaused) this.#ask({ type: 'pause' })
  }

  /** Leaves the server, for example because the page is hidden for good. */
  leave(): void {
    this.positionS()
    this.#drop()
  }

  play(): void {
    if (this.state.phase === 'closed' || this.state.phase === 'failed') {
      this.#set({ isPaused: false })
      this.connect()
      return
    }
    if (this.state.isEnded) this.seek(0)
    this.#set({ isPaused: false, isEnded: false })
    this.#ask({ type: 'play' })
  }

  pause(): void {
    this.#set({ isPaused: true })
    this.#ask({ type: 'pause' })
  }

  /** Goes to `timeS`, kept within the content. After the end, playing goes on from there. */
  seek(timeS: number): void {
    const durationS = this.state.media?.durationS ?? 0
    const target = Math.max(0, durationS > 0 ? Math.min(timeS, Math.max(0, durationS - 0.1)) : timeS)
    const wasEnded = this.state.isEnded
    this.#epochBeforeSeek = this.clock.announced
    this.#set({ seekingToS: target, isEnded: false })
    clearTimeout(this.#seekTimer)
    this.#seekTimer = setTimeout(() => this.#set({ seekingToS: undefined }), seekPatienceMs)
    this.#ask({ type: 'seek', timeS: target })
    if (wasEnded && !this.state.isPaused) this.#ask({ type: 'play' })
  }

  setQuality(quality: Quality): void {
    this.#set({ quality })
    this.#ask({ type: 'quality', quality })
  }

  setLoop(isLooping: boolean): void {
    this.#set({ isLooping })
    this.#ask({ type: 'loop', loop: isLooping })
  }

  setAudioTrack(trackId: number): void {
    this.#set({ audioTrackId: trackId })
    this.#ask({ type: 'audio', trackId })
  }

  dismissWarning(): void {
    this.#set({ warning: undefined })
  }

  /** Whether media of the kind that counts has reached the element; its own clock runs without any. */
  get isReceiving(): boolean {
    const { phase, sent } = this.state
    const kind = sent.some((track) => track.kind === 'video') ? 'video' : 'audio'
    const receiver = this.peer?.getReceivers().find(({ track }) => track.kind === kind)
    return phase === 'connected' && sent.length > 0 && (receiver?.getSynchronizationSources().length ?? 0) > 0
  }

  /** The element shows a frame; `rtpTimestamp` where the browser says which. */
  onFrame(rtpTimestamp: number | undefined): void {
    if (rtpTimestamp !== undefined) this.clock.shown(rtpTimestamp)
    this.#reporter?.shown(rtpTimestamp)
    this.onPlayed()
  }

  /** Something is seen or heard. */
  onPlayed(): void {
    this.firstFrameMs ??= performance.now() - this.startedAtMs
    if (!this.state.hasPlayed) this.#set({ hasPlayed: true })
    this.#settleSeek()
  }

  /** A seek is over once what is shown belongs to an epoch that came after the command and leads near its target. */
  #settleSeek(): void {
    const { seekingToS } = this.state
    const { epoch, announced } = this.clock
    if (seekingToS === undefined || !epoch || epoch !== announced || epoch === this.#epochBeforeSeek) return
    if (Math.abs(epoch.mediaTimeS - seekingToS) <= seekNearnessS) this.#set({ seekingToS: undefined })
  }

  #set(change: { [K in keyof SessionState]?: SessionState[K] | undefined }): void {
    this.state = { ...this.state, ...change } as SessionState
    for (const listener of this.#listeners) listener()
  }

  #ask(command: Command): void {
    this.#reporter?.command(command)
    this.#attempt?.send(command)
  }

  #drop(): void {
    this.#reporter?.stop()
    this.#reporter = undefined
    clearTimeout(this.#retryTimer)
    this.#attempt?.close()
    this.#attempt = undefined
  }

  #whatIsMissing(): Failure | undefined {
    if (!this.#request.content) return failures.noContent
    return typeof RTCPeerConnection === 'function' ? undefined : failures.noWebRtc
  }

  #onTrack(track: MediaStreamTrack): void {
    const tracks = this.#attempt?.peer.getReceivers().map((receiver) => receiver.track) ?? []
    const { stream } = this.state
    if (stream && tracks.some((own) => stream.getTracks().includes(own))) stream.addTrack(track)
    else this.#set({ stream: new MediaStream([track]) })
  }

  #onConnected(): void {
    this.#connectedAtMs = performance.now()
    this.#forgetConnectionId()
    this.#set({ phase: 'connected', failure: undefined, retryAtMs: undefined })
  }

  #onNote(note: ServerNote): void {
    this.#reporter?.note(note)
    switch (note.type) {
      case 'media': {
        this.clock.describe(note.clockRate, note.media.durationS)
        const kind = note.sent.some((sent) => sent.kind === 'video') ? 'video' : 'audio'
        const receiver = this.peer?.getReceivers().find((candidate) => candidate.track.kind === kind)
        if (receiver) this.clock.watch(receiver)
        this.#set({ media: note.media, sent: note.sent, streamId: note.streamId })
        break
      }
      case 'epoch':
        this.clock.add(note.epoch, performance.now())
        this.#set({ isPaused: note.paused, ...(note.epoch.rate === 1 ? { isEnded: false } : {}) })
        break
      case 'quality':
        this.#set({ quality: note.quality, rung: note.rung })
        break
      case 'buffering':
        this.#set({ isBuffering: note.buffering })
        break
      case 'ended':
        this.#set({ isEnded: true, isBuffering: false, seekingToS: undefined })
        break
      case 'error':
        this.#lastError = failureOfNote(note)
        this.#set({ warning: this.#lastError.title })
        break
      case 'closed':
        this.#onClosed(note.reason)
    }
  }

  #onClosed(reason: string): void {
    this.positionS()
    this.#drop()
    // The error that ended the content came just before.
    const failure = (reason === 'content_failed' && this.#lastError) || failureOfClose(reason)
    if (failure?.kind === 'temporary') this.#retry(failure)
    else if (failure) this.#set({ phase: 'failed', failure, warning: undefined })
    else this.#set({ phase: 'closed' })
  }

  #onLost(cause: 'blocked' | 'lost' | 'refused', thrown: unknown): void {
    this.positionS()
    const newIceServers = this.#attempt?.newIceServers
    this.#iceServers = newIceServers ?? this.#iceServers
    this.#drop()
    if (cause === 'blocked' && newIceServers?.length) {
      this.connect()
      return
    }
    if (this.#request.connectionId && thrown instanceof WhepRefused && [404, 409].includes(thrown.answer.status)) {
      // That stream is over or has its viewer: the same content can still be played as a stream of our own.
      this.#forgetConnectionId()
      this.connect()
      return
    }
    const failure = failureOf(cause, thrown, this.state.hasPlayed)
    if (failure.kind === 'temporary') this.#retry(failure)
    else this.#set({ phase: 'failed', failure })
  }

  #forgetConnectionId(): void {
    const { base, content } = this.#request
    this.#request = { base, content }
  }

  #retry(failure: Failure): void {
    const wasStable = performance.now() - this.#connectedAtMs > stableMs
    this.#connectedAtMs = Number.POSITIVE_INFINITY
    const attempt = wasStable ? 1 : this.state.attempt + 1
    const delayMs = backoffMs(attempt, Math.random)
    this.#set({ phase: 'waiting', attempt, failure, retryAtMs: performance.now() + delayMs })
    this.#retryTimer = setTimeout(() => this.connect(), delayMs)
  }
}
