// One viewer's media path, put together as docs/architecture.md draws it, and the way back beside it:
//
//   content ─▶ rendition cache ─▶ packets, made once per GOP ─▶ playback ─▶ pacer ─▶ outlets of the viewer's peer
//                                                                  ▲                          │
//                                                          congestion control ◀── what the viewer says of packets
import type { Clock } from '../base/clock.ts'
import { type CongestionController, congestionTickMs } from '../feedback/congestion/controller.ts'
import type { Ticked } from '../media/playback/ticker.ts'
import {
  createViewerPlayback,
  type ViewerPlayback,
  type ViewerPlaybackOptions,
} from '../media/playback/viewer-playback.ts'
import type { Peer, RtpOutlet } from '../webrtc/peer.ts'
import type { OpenedContent } from './opened-content.ts'
import type { TrackPlan } from './plan-tracks.ts'

interface PipelineParts {
  readonly clock: Clock
  readonly content: Pick<OpenedContent, 'feed'>
  readonly plan: TrackPlan
  /** Of the video, to begin with. */
  readonly rung: number
  readonly congestion: CongestionController
  readonly playback: Omit<ViewerPlaybackOptions, 'video' | 'audio' | 'targetBps'>
}

export class Pipeline implements Ticked {
  readonly playback: ViewerPlayback
  readonly #clock: Clock
  readonly #congestion: CongestionController
  #targetBps: number
  #outlets: readonly RtpOutlet[] = []
  #nextControlMs = Number.NEGATIVE_INFINITY

  /** Reading begins at once, so that the first frame waits for neither ICE nor DTLS. */
  constructor({ clock, content, plan, rung, congestion, playback }: PipelineParts) {
    this.#clock = clock
    this.#congestion = congestion
    this.#targetBps = congestion.allowance.targetBps
    const video = plan.video && content.feed(plan.video, rung)
    const audio = plan.audio && content.feed(plan.audio, 0)
    const tracks = { ...(video && { video }), ...(audio && { audio }) }
    this.playback = createViewerPlayback({ ...playback, ...tracks, targetBps: this.#targetBps })
  }

  /** The peer is connected: its outlets take what is sent from now on. To be called once. */
  connect(peer: Peer): void {
    const [playback, congestion, clock] = [this.playback, this.#congestion, this.#clock]
    this.#outlets = peer.outlets
    playback.connect(Object.fromEntries(peer.outlets.map((outlet) => [outlet.kind, outlet])))
    peer.observeSent((kind, byteLength, atMs) => congestion.onSent(kind, byteLength, atMs))
    peer.events.on('nack', (kind, sequences) => playback.onNack(kind, sequences, clock.now()))
    peer.events.on('pictureLoss', () => playback.onPictureLoss(clock.now()))
    peer.events.on('acked', (feedback) => congestion.onFeedback(feedback))
    peer.events.on('remb', (bitrateBps) => congestion.onReceiverEstimate(bitrateBps, clock.now()))
    peer.events.on('receiverReport', ({ roundTripTimeS }) => {
      if (roundTripTimeS !== undefined) playback.setRoundTripMs(roundTripTimeS * 1000)
    })
  }

  tick(nowMs: number, wallMs: number): void {
    if (nowMs >= this.#nextControlMs) {
      this.#nextControlMs = nowMs + congestionTickMs
      this.#congestion.onTick(nowMs)
    }
    this.#adapt()
    this.playback.tick(nowMs, wallMs)
  }

  sendSenderReports(): void {
    for (const outlet of this.#outlets) {
      const report = this.playback.senderReport(outlet.kind, this.#clock.now())
      if (report) outlet.sendSenderReport(report)
    }
  }

  /** What congestion control allows holds from the next tick on, whatever has changed it. */
  #adapt(): void {
    const { targetBps } = this.#congestion.allowance
    if (targetBps === this.#targetBps) return
    this.#targetBps = targetBps
    this.playback.setTargetBps(targetBps)
  }
}
