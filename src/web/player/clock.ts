// Which media time is on the screen (or in the speaker) right now.
import { type Epoch, rtpDistance } from '../../lib/protocol/control.ts'
import { clampTime, EpochList, mediaTimeIn } from './epochs.ts'

/** Reads the RTP clock of what is presented and turns it into media time. */
export class MediaClock {
  readonly #epochs = new EpochList()
  #clockRate = 90_000
  #durationS: number | undefined
  #shownRtp: number | undefined
  #receivedAtMs = 0
  #receiver: RTCRtpReceiver | undefined

  /** A new connection: its RTP clock has nothing to do with the last one. */
  reset(): void {
    this.#epochs.clear()
    this.#shownRtp = undefined
    this.#receiver = undefined
  }

  describe(clockRate: number, durationS: number): void {
    this.#clockRate = clockRate
    this.#durationS = durationS
  }

  /** The receiver whose track the epochs speak of: asked for its last timestamp where frames carry none. */
  watch(receiver: RTCRtpReceiver): void {
    this.#receiver = receiver
  }

  add(epoch: Epoch, nowMs: number): void {
    this.#epochs.add(epoch)
    this.#receivedAtMs = nowMs
  }

  /** A video frame with this RTP timestamp is on the screen. */
  shown(rtpTimestamp: number): void {
    this.#shownRtp = rtpTimestamp
  }

  /** The epoch of what is shown; undefined before the first. */
  get epoch(): Epoch | undefined {
    const rtp = this.#rtp()
    return rtp === undefined ? this.#epochs.last : this.#epochs.at(rtp)
  }

  /** The newest epoch the server announced. */
  get announced(): Epoch | undefined {
    return this.#epochs.last
  }

  /** Media time in seconds; undefined before the first epoch. */
  nowS(nowMs: number): number | undefined {
    const rtp = this.#rtp()
    const epoch = this.epoch
    if (!epoch) return undefined
    const timeS =
      rtp === undefined
        ? epoch.mediaTimeS + (epoch.rate * (nowMs - this.#receivedAtMs)) / 1000
        : Math.max(epoch.mediaTimeS, mediaTimeIn(epoch, rtp, this.#clockRate))
    // The RTP clock comes round after half a day: a long epoch is cut before "after" turns into "before".
    if (rtp !== undefined && epoch === this.#epochs.last && rtpDistance(rtp, epoch.rtpTimestamp) > 2 ** 30)
      this.#epochs.add({ ...epoch, rtpTimestamp: rtp, mediaTimeS: timeS })
    return clampTime(timeS, this.#durationS)
  }

  #rtp(): number | undefined {
    if (this.#shownRtp !== undefined) return this.#shownRtp
    // Audio, or a browser whose video frames carry no RTP timestamp (webrtc-pc 5.3, getSynchronizationSources).
    return this.#receiver?.getSynchronizationSources()[0]?.rtpTimestamp
  }
}
