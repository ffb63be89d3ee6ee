// One session of a load test in this page: a peer connection, a muted video, and what was measured of both.
import type { BrowserRecord } from '../../lib/protocol/browser-records.ts'
import type { Command, ServerNote } from '../../lib/protocol/control.ts'
import { noFreezes } from '../../lib/protocol/freezes.ts'
import type { IceServer } from '../../lib/protocol/media-plane.ts'
import { Attempt } from '../player/attempt.ts'
import { type Measured, type Reporter, startReporter } from '../player/reporter.ts'
import { takeSample } from '../player/stats.ts'
import { LookSums, withRung } from './record.ts'
import { Waits } from './waits.ts'

interface LoadViewerOptions {
  readonly session: number
  /** What stands before the path of WHEP. */
  readonly base: string
  /** When it was to begin, of `performance.now()`. */
  readonly plannedAtMs: number
  /** Called once, with the first frame. */
  onFrame(): void
  /** Called once, where it ends without having been asked. */
  onOver(): void
}

/** What the tool knows better: the content and its query are its own. */
const content = 'content'

export class LoadViewer {
  readonly element = document.createElement('video')
  readonly #options: LoadViewerOptions
  readonly #waits: Waits
  readonly #sums = new LookSums()
  readonly #stream = new MediaStream()
  #attempt: Attempt | undefined
  #reporter: Reporter | undefined
  #rungs: BrowserRecord['rungs'] = []
  #sequence = 0
  #hasVideo = true
  #heardAtMs: number | undefined
  #durationS: number | null = null
  #last: Measured = { sample: takeSample([], 0), freezes: noFreezes }
  #lastNote: BrowserRecord['error'] = null
  #error: BrowserRecord['error'] = null
  #isOver = false

  constructor(options: LoadViewerOptions) {
    this.#options = options
    this.#waits = new Waits(options.plannedAtMs)
    Object.assign(this.element, { muted: true, autoplay: true, playsInline: true, srcObject: this.#stream })
    this.#watchFrames()
    this.#begin([])
  }

  command(command: Command): void {
    this.#reporter?.command(command)
    this.#attempt?.send(command)
  }

  /** What was measured so far; undefined where it was over before and that has been told. */
  async look(): Promise<BrowserRecord | undefined> {
    const reporter = this.#reporter
    // A peer connection that is closed has forgotten what it had counted.
    const isClosed = this.#attempt?.peer.signalingState === 'closed'
    const measured = isClosed ? this.#last : await reporter?.look()
    if (!measured || reporter !== this.#reporter) return undefined
    this.#last = measured
    const { sample, freezes } = measured
    this.#sums.add(sample)
    return {
      session: this.#options.session,
      sequence: this.#sequence++,
      atMs: this.#waits.since(performance.now()),
      ...this.#waits.fields,
      ...this.#sums.counted(sample, freezes),
      durationS: this.#durationS,
      rungs: this.#rungs,
      isOver: this.#isOver,
      error: this.#error,
    }
  }

  /** Leaves the server. Resolves with the last record. */
  async close(): Promise<BrowserRecord | undefined> {
    this.#isOver = true
    const record = await this.look()
    this.leave()
    return record
  }

  /** The same without a look. */
  leave(): void {
    this.#isOver = true
    this.#reporter?.stop()
    this.#reporter = undefined
    this.#attempt?.close()
    this.#attempt = undefined
    this.element.srcObject = null
    this.element.remove()
  }

  #begin(iceServers: readonly IceServer[]): void {
    const attempt = new Attempt(iceServers, {
      track: (track) => this.#onTrack(track),
      note: (note) => this.#onNote(note),
      connected: () => this.#waits.reached('connected', performance.now()),
      unstable: () => undefined,
      lost: (cause, thrown) => this.#onLost(cause, thrown),
    })
    this.#attempt = attempt
    const { peer } = attempt
    peer.addEventListener('signalingstatechange', () => {
      if (peer.signalingState === 'stable') this.#waits.reached('answered', performance.now())
    })
    peer.addEventListener('iceconnectionstatechange', () => {
      if (/^(connected|completed)$/.test(peer.iceConnectionState)) this.#waits.reached('ice', performance.now())
    })
    this.#reporter = startReporter({
      peer,
      firstFrameMs: () => this.#waits.fields.startupMs ?? undefined,
      send: (report) => attempt.tell({ type: 'report', report }),
    })
    void attempt.start({ base: this.#options.base, content })
  }

  #onTrack(track: MediaStreamTrack): void {
    for (const old of this.#stream.getTracks()) if (old.kind === track.kind) this.#stream.removeTrack(old)
    this.#stream.addTrack(track)
    const heard = () => {
      this.#waits.reached('packet', performance.now())
      if (track.kind === 'audio') this.#heardAtMs = performance.now()
      this.#onSound()
    }
    // A track is muted until its first packet has come (webrtc-pc 5.2).
    if (track.muted) track.addEventListener('unmute', heard, { once: true })
    else heard()
    this.element.play().catch(() => undefined)
  }

  #onNote(note: ServerNote): void {
    this.#reporter?.note(note)
    this.#rungs = [...withRung(this.#rungs, note, this.#waits.since(performance.now()))]
    if (note.type === 'media') {
      this.#hasVideo = note.sent.some(({ kind }) => kind === 'video')
      this.#durationS = Math.max(0, note.media.durationS)
      this.#onSound()
    }
    if (note.type === 'error') this.#lastNote = { code: note.code.slice(0, 64), message: note.message.slice(0, 500) }
    if (note.type === 'ended') this.#end(null)
    if (note.type === 'closed') this.#end(this.#lastNote ?? closedBy(note.reason))
  }

  #onLost(cause: 'blocked' | 'lost' | 'refused', thrown: unknown): void {
    const newIceServers = this.#attempt?.newIceServers
    if (cause === 'blocked' && newIceServers?.length && !this.#isOver) {
      this.#reporter?.stop()
      this.#waits.again()
      this.#begin(newIceServers)
      return
    }
    const words = {
      blocked: 'no path between the browser and the server',
      lost: 'the connection to the server was lost',
      refused: `the offer was refused: ${String(thrown)}`,
    }
    this.#end(this.#lastNote ?? { code: 'PEER_FAILED', message: words[cause].slice(0, 500) })
  }

  #end(error: BrowserRecord['error']): void {
    if (this.#isOver) return
    this.#error = error
    this.#isOver = true
    this.#options.onOver()
  }

  /** Of sound alone the first packet is what there is to be waited for. */
  #onSound(): void {
    if (!this.#hasVideo && this.#heardAtMs !== undefined) this.#onFrame(this.#heardAtMs)
  }

  #onFrame(nowMs: number): void {
    const isFirst = this.#waits.fields.startupMs === null
    this.#waits.reached('frame', nowMs)
    if (isFirst) this.#options.onFrame()
  }

  /** Every frame that is shown, for as long as the element is there. */
  #watchFrames(): void {
    this.element.requestVideoFrameCallback((nowMs, { rtpTimestamp }) => {
      this.#onFrame(nowMs)
      this.#reporter?.shown(rtpTimestamp)
      this.#watchFrames()
    })
  }
}

const closedBy = (reason: string): NonNullable<BrowserRecord['error']> => ({
  code: reason === 'server_stopped' ? 'SERVER_UNREACHABLE' : 'PEER_FAILED',
  message: `the server closed the stream: ${reason}`.slice(0, 500),
})
