// What a receiving peer tells the sender, as a browser does: what it misses (NACK), that it needs a key frame (PLI), how packets
// arrive (receiver reports and transport-wide feedback). Sans-IO: packets and time in, RTCP out.
import type { MediaKind } from '../../model/track.ts'
import { ArrivalLog, maxUnreported } from './arrival-log.ts'
import type { ReceiveStream } from './receive-stream.ts'
import { writeNack, writePictureLoss, writeReceiverReport } from './rtcp.ts'
import { writeTransportFeedback } from './transport-feedback.ts'

const reportMs = 500
const feedbackMs = 60
const pictureLossMs = 500
/** What is asked for again, is asked for after this or one and a half round trips. */
const minAskAgainMs = 40

interface ReceiverFeedbackOptions {
  readonly ssrc: number
  /** Those that have begun. */
  readonly streams: Partial<Record<MediaKind, ReceiveStream>>
  /** Sends a compound of RTCP packets; false when it could not. */
  send(compound: Buffer): boolean
  /** 0 while it is not known. */
  roundTripTimeS(): number
}

export class ReceiverFeedback {
  /** RTCP packets that have left. */
  readonly sent = { nacks: 0, pictureLoss: 0, reports: 0, feedback: 0 }
  readonly #options: ReceiverFeedbackOptions
  readonly #arrivals = new ArrivalLog()
  #reportedMs = 0
  #feedbackMs = 0
  #pictureLossMs = Number.NEGATIVE_INFINITY
  #wantsPicture = false
  #feedbackCount = 0

  constructor(options: ReceiverFeedbackOptions) {
    this.#options = options
  }

  /** A packet with this transport-wide sequence number has arrived. */
  noteArrival(transportSequence: number, nowMs: number): void {
    if (this.#arrivals.unreported >= maxUnreported) this.#sendFeedback(nowMs)
    this.#arrivals.add(transportSequence, nowMs)
  }

  /** Asks for a key frame; at most one every 500 ms is sent. */
  requestKeyFrame(): void {
    this.#wantsPicture = true
  }

  /** To be called every 20 ms or so. */
  tick(nowMs: number): void {
    this.#sendNacks(nowMs)
    if (this.#wantsPicture) this.#sendPictureLoss(nowMs)
    if (nowMs - this.#feedbackMs >= feedbackMs) this.#sendFeedback(nowMs)
    if (nowMs - this.#reportedMs >= reportMs) this.#sendReport(nowMs)
  }

  #sendNacks(nowMs: number): void {
    const { ssrc, streams, send, roundTripTimeS } = this.#options
    if (!streams.video) return
    const { sequences, givenUp } = streams.video.due(nowMs, Math.max(minAskAgainMs, 1500 * roundTripTimeS()))
    if (givenUp > 0) this.#wantsPicture = true
    if (sequences.length === 0) return
    if (send(this.#afterReport(writeNack(ssrc, streams.video.ssrc, sequences)))) this.sent.nacks++
  }

  #sendPictureLoss(nowMs: number): void {
    const { ssrc, streams, send } = this.#options
    if (!streams.video || nowMs - this.#pictureLossMs < pictureLossMs) return
    this.#wantsPicture = false
    this.#pictureLossMs = nowMs
    if (send(this.#afterReport(writePictureLoss(ssrc, streams.video.ssrc)))) this.sent.pictureLoss++
  }

  #sendReport(nowMs: number): void {
    this.#reportedMs = nowMs
    const { ssrc, streams, send } = this.#options
    const blocks = Object.values(streams).map((stream) => stream.reportBlock(nowMs))
    if (blocks.length === 0) return
    if (send(writeReceiverReport(ssrc, blocks))) this.sent.reports++
  }

  /** SRTCP needs the sender's SSRC in front (RFC 3711 3.4): an empty report gives it to feedback too. */
  #afterReport(feedback: Buffer): Buffer {
    return Buffer.concat([writeReceiverReport(this.#options.ssrc, []), feedback])
  }

  #sendFeedback(nowMs: number): void {
    this.#feedbackMs = nowMs
    const { ssrc, streams, send } = this.#options
    const media = streams.video ?? streams.audio
    const arrivals = media && this.#arrivals.take(nowMs)
    if (!arrivals) return
    const header = { senderSsrc: ssrc, mediaSsrc: media.ssrc, feedbackCount: this.#feedbackCount++ }
    if (send(writeTransportFeedback(header, arrivals))) this.sent.feedback++
  }
}
