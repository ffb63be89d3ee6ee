// Time as arithmetic. RTP time is playout wall clock: one fixed mapping ties both kinds to the clock, whatever the playhead
// does, so that sender reports always agree and lip sync holds. Media time is tied to playout time by an anchor that moves.
import { clockRateOf, type MediaKind } from '../../model/track.ts'

/** Largest difference between running Opus time and playout time before audio is anchored anew. */
const maxAudioDriftSamples = 960

interface RtpOffsets {
  /** First timestamp of each kind; random in production (RFC 3550 5.1). */
  readonly video: number
  readonly audio: number
}

/** The one mapping of a viewer: playout milliseconds (the monotonic clock) ↔ RTP ticks ↔ wall clock. Never changes. */
export class RtpClock {
  readonly #originMs: number
  readonly #wallOriginMs: number
  readonly #offsets: RtpOffsets

  constructor(originMs: number, wallOriginMs: number, offsets: RtpOffsets) {
    this.#originMs = originMs
    this.#wallOriginMs = wallOriginMs
    this.#offsets = offsets
  }

  /** Ticks without the 32-bit wrap, so that they compare and add plainly; `>>> 0` gives the RTP timestamp. */
  ticksAt(kind: MediaKind, playoutMs: number): number {
    return this.#offsets[kind] + Math.round(((playoutMs - this.#originMs) * clockRateOf(kind)) / 1000)
  }

  timestampAt(kind: MediaKind, playoutMs: number): number {
    return this.ticksAt(kind, playoutMs) >>> 0
  }

  /** What sender reports say: it does not follow later steps of the system's clock, which would break lip sync. */
  wallMsAt(playoutMs: number): number {
    return this.#wallOriginMs + (playoutMs - this.#originMs)
  }
}

/** Media time against playout time: runs from an anchor at rate 1, or stands still. */
export class MediaClock {
  /** Playout time of the last change. It never goes back, and may lie a little ahead of now. */
  anchorMs = Number.NEGATIVE_INFINITY
  anchorMediaS = 0
  running = false

  /** From `atMs` on media time runs from `mediaS`. */
  start(atMs: number, mediaS: number): void {
    this.anchorMs = Math.max(atMs, this.anchorMs)
    this.anchorMediaS = mediaS
    this.running = true
  }

  /** From `atMs` on media time stands at `mediaS`. */
  hold(atMs: number, mediaS: number): void {
    this.anchorMs = Math.max(atMs, this.anchorMs)
    this.anchorMediaS = mediaS
    this.running = false
  }

  mediaAt(nowMs: number): number {
    return this.running && nowMs > this.anchorMs
      ? this.anchorMediaS + (nowMs - this.anchorMs) / 1000
      : this.anchorMediaS
  }

  /** When a media time is to be played; meaningful while running. */
  playoutAt(mediaS: number): number {
    return this.anchorMs + (mediaS - this.anchorMediaS) * 1000
  }
}

/** Gives video frames their timestamps: playout time, strictly increasing. */
export class VideoStamper {
  #last = Number.NEGATIVE_INFINITY

  stamp(ticks: number): number {
    this.#last = Math.max(ticks, this.#last + 1)
    return this.#last >>> 0
  }
}

/**
 * Gives Opus frames their timestamps: a running sample count (RFC 7587 4.1), because containers round times to a millisecond.
 * Anchored to playout time again when the two differ by more than 20 ms; `reanchored` then asks for the marker bit.
 */
export class AudioStamper {
  reanchored = false
  #last = Number.NEGATIVE_INFINITY
  #next = Number.NEGATIVE_INFINITY
  #isBreak = true

  /** The next frame does not follow the last one: it is anchored anew, unless it would overlap what was sent. */
  break(): void {
    this.#isBreak = true
  }

  stamp(ticks: number, samples: number): number {
    const driftSamples = ticks - this.#next
    this.reanchored = Math.abs(driftSamples) > maxAudioDriftSamples || (this.#isBreak && driftSamples > 0)
    this.#isBreak = false
    this.#last = Math.max(this.reanchored ? ticks : this.#next, this.#last + 1)
    this.#next = this.#last + samples
    return this.#last >>> 0
  }
}
