// Sends the audio of one viewer: each frame when it is due, unpaced, because its packets are small and nothing may wait for them.
import { opusSamples } from '../../codec/opus-toc.ts'
import type { PacingErrors } from './pacing-errors.ts'
import type { RtpStream } from './rtp-stream.ts'
import { tickLeadMs } from './ticker.ts'
import { AudioStamper, type MediaClock, type RtpClock } from './timeline.ts'
import type { TrackHead } from './track-head.ts'

/** Audio later than this is dropped: the viewer's jitter buffer has given it up. */
const maxAudioLatenessMs = 200

interface AudioSenderOptions {
  readonly stream: RtpStream
  readonly head: TrackHead
  readonly mediaClock: MediaClock
  readonly pacingErrors: PacingErrors
}

export class AudioSender {
  readonly stream: RtpStream
  readonly #head: TrackHead
  readonly #mediaClock: MediaClock
  readonly #pacingErrors: PacingErrors
  readonly #stamper = new AudioStamper()

  constructor({ stream, head, mediaClock, pacingErrors }: AudioSenderOptions) {
    this.stream = stream
    this.#head = head
    this.#mediaClock = mediaClock
    this.#pacingErrors = pacingErrors
  }

  /** What follows does not go on from what was sent last. */
  break(): void {
    this.#stamper.break()
  }

  send(nowMs: number, rtpClock: RtpClock): void {
    const head = this.#head
    for (let dueMs = head.dueMs(this.#mediaClock); dueMs <= nowMs + tickLeadMs; dueMs = head.dueMs(this.#mediaClock)) {
      const frame = head.queue.peek()!
      head.take(frame)
      const payload = frame.payloads[0]
      if (payload === undefined) continue
      if (nowMs - dueMs > maxAudioLatenessMs) {
        this.stream.packetsDropped++
        continue
      }
      const timestamp = this.#stamper.stamp(rtpClock.ticksAt('audio', dueMs), opusSamples(payload))
      this.stream.beginFrame(timestamp, frame.isKey, payload.length)
      this.stream.send(payload, this.#stamper.reanchored, nowMs)
      this.#pacingErrors.record(nowMs - dueMs)
    }
  }
}
