// When a viewer without a screen would have shown a frame: a model of a browser's jitter buffer, of Chromium's (libwebrtc's VCMTiming and
// jitter estimator) in essence. Pure: frames with their times in, a time out.
//
// What it has of libwebrtc: a frame is shown when it is whole and due. It is due at the time at which frames of its timestamp arrive
// on average (the line through past arrivals), and a playout delay later. The delay that is wanted follows how the spacing of frames
// on arrival differs from that of their timestamps: what large frames take longer, by their size, and 2.33 standard deviations of the
// rest less 30 ms, and 10 ms for the system. The delay grows with a frame that comes late, by as much, up to what is wanted, and
// falls with what is wanted. Frames that a retransmission completed say nothing of the network's own delay and do not count.
//
// What it has not: the time that decoding takes, a screen's refresh, and the wait of the picture for the sound (lip sync). Size and
// delay are related by a running least-squares fit in place of a Kalman filter, and the sender's clock is taken to run as ours.
import { rtpDistance } from './control.ts'

export interface PlayoutFrame {
  /** RTP timestamp, 32 bits. */
  readonly timestamp: number
  /** When all of it had arrived. */
  readonly atMs: number
  readonly bytes: number
  /** Part of it was sent again. */
  readonly isRecovered: boolean
}

const systemJitterMs = 10
/** Of the noise: so many standard deviations, less this. */
const deviations = 2.33
const deviationOffsetMs = 30
/** A deviation beyond so many standard deviations counts as this many: an outage is no jitter. */
const outlierDeviations = 15
const clampDeviations = 3.5
/** Frames over which noise, sizes and arrivals are averaged. */
const noiseFrames = 400
const sizeFrames = 30
const lineFrames = 1000
/** How the largest frame is forgotten. */
const largestDecay = 0.9999
/** A change of the network's delay: what arrivals are off the line beyond this adds up until the line is begun anew. */
const driftMs = 73
const alarmMs = 667
const maxOffMs = 78
/** After so long without a frame everything begins anew. */
const resetMs = 10_000

export class Playout {
  readonly #clockRate: number
  #line = new ArrivalLine()
  #jitter = new JitterEstimate()
  #delayMs: number | undefined
  #last: { readonly timestamp: number; readonly mediaMs: number; readonly atMs: number } | undefined
  #shownAtMs = Number.NEGATIVE_INFINITY

  constructor(clockRate = 90_000) {
    this.#clockRate = clockRate
  }

  /** How long frames are held back now, beyond their average arrival. */
  get delayMs(): number {
    return this.#delayMs ?? 0
  }

  /** When it is shown; frames in the order of decoding, each of which can be decoded once those before it are. Never goes back. */
  show(frame: PlayoutFrame): number {
    const { timestamp, atMs, bytes, isRecovered } = frame
    if (this.#last && atMs - this.#last.atMs > resetMs) this.#reset()
    const mediaMs = this.#last
      ? this.#last.mediaMs + (rtpDistance(timestamp, this.#last.timestamp) * 1000) / this.#clockRate
      : 0
    if (!isRecovered) this.#line.add(mediaMs, atMs)
    const readyAtMs = Math.max(this.#shownAtMs, atMs)
    const dueAtMs = this.#line.at(mediaMs) + this.delayMs
    const shownAtMs = Math.max(readyAtMs, dueAtMs)
    if (!isRecovered) this.#jitter.add(mediaMs, atMs, bytes)
    this.#follow(shownAtMs - dueAtMs)
    this.#last = { timestamp, mediaMs, atMs }
    this.#shownAtMs = shownAtMs
    return shownAtMs
  }

  #follow(lateMs: number): void {
    const wantedMs = this.#jitter.ms
    this.#delayMs = this.#delayMs === undefined ? wantedMs : Math.min(wantedMs, this.#delayMs + lateMs)
  }

  #reset(): void {
    this.#line = new ArrivalLine()
    this.#jitter = new JitterEstimate()
    this.#delayMs = undefined
    this.#last = undefined
  }
}

/** When frames of a media time arrive on average. */
class ArrivalLine {
  #offsetMs = 0
  #frames = 0
  #above = 0
  #below = 0

  add(mediaMs: number, atMs: number): void {
    const offMs = this.#frames === 0 ? 0 : atMs - mediaMs - this.#offsetMs
    if (this.#hasChanged(offMs)) this.#frames = 0
    this.#frames = Math.min(lineFrames, this.#frames + 1)
    if (this.#frames === 1) this.#offsetMs = atMs - mediaMs
    else this.#offsetMs += offMs / this.#frames
  }

  at(mediaMs: number): number {
    return this.#frames === 0 ? Number.NEGATIVE_INFINITY : mediaMs + this.#offsetMs
  }

  /** A cumulative sum of what arrivals are off, either way. */
  #hasChanged(offMs: number): boolean {
    const off = Math.max(-maxOffMs, Math.min(maxOffMs, offMs))
    this.#above = Math.max(0, this.#above + off - driftMs)
    this.#below = Math.min(0, this.#below + off + driftMs)
    if (this.#above < alarmMs && this.#below > -alarmMs) return false
    this.#above = 0
    this.#below = 0
    return true
  }
}

/** How much frames have to be held back so that nearly all of them are there in time. */
class JitterEstimate {
  #last: { readonly mediaMs: number; readonly atMs: number; readonly bytes: number } | undefined
  #frames = 0
  #meanBytes = 0
  #largestBytes = 0
  #noiseMean = 0
  #noiseVariance = 4
  /** Running sums of the fit. */
  #sizes = 0
  #products = 0

  get ms(): number {
    const sizeMs = this.#msPerByte * Math.max(0, this.#largestBytes - this.#meanBytes)
    const noiseMs = Math.max(1, deviations * this.#deviation - deviationOffsetMs)
    return sizeMs + noiseMs + systemJitterMs
  }

  add(mediaMs: number, atMs: number, bytes: number): void {
    const last = this.#last
    this.#last = { mediaMs, atMs, bytes }
    this.#frames++
    this.#meanBytes += (bytes - this.#meanBytes) / Math.min(this.#frames, sizeFrames)
    this.#largestBytes = Math.max(this.#largestBytes * largestDecay, bytes)
    if (!last) return
    const bound = clampDeviations * this.#deviation
    const variationMs = atMs - last.atMs - (mediaMs - last.mediaMs)
    const moreBytes = bytes - last.bytes
    const restMs = variationMs - this.#msPerByte * moreBytes
    const isOutlier = Math.abs(restMs) >= outlierDeviations * this.#deviation
    this.#addNoise(isOutlier ? Math.sign(restMs) * outlierDeviations * this.#deviation : restMs)
    // A frame that is much smaller came on time because those before it were held up: that says nothing of sizes.
    if (!isOutlier && moreBytes > -0.25 * this.#largestBytes)
      this.#fit(moreBytes, Math.max(-bound, Math.min(bound, variationMs)))
  }

  get #deviation(): number {
    return Math.sqrt(this.#noiseVariance)
  }

  get #msPerByte(): number {
    return this.#sizes > 0 ? Math.max(0, this.#products / this.#sizes) : 0
  }

  #addNoise(restMs: number): void {
    const weight = 1 / Math.min(this.#frames, noiseFrames)
    this.#noiseMean += weight * (restMs - this.#noiseMean)
    this.#noiseVariance = Math.max(1, (1 - weight) * this.#noiseVariance + weight * (restMs - this.#noiseMean) ** 2)
  }

  #fit(moreBytes: number, variationMs: number): void {
    const keep = 1 - 1 / noiseFrames
    this.#sizes = keep * this.#sizes + moreBytes * moreBytes
    this.#products = keep * this.#products + moreBytes * variationMs
  }
}
