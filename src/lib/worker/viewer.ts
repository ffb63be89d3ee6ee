// One viewer in a media worker: a peer and the media it is sent, from the first offer to the end.
import { type Clock, every, type Timer } from '../base/clock.ts'
import { McpxError, toErrorRecord, toPublicRecord } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { TaskTracker } from '../base/tasks.ts'
import type { PacingErrors } from '../media/playback/pacing-errors.ts'
import type { Ticker } from '../media/playback/ticker.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { QualityReason } from '../model/quality.ts'
import { SnapshotRecord } from '../model/snapshot-record.ts'
import type { StatsSnapshot, TimedReport } from '../model/stats.ts'
import type { CloseReason, PeerStates, Rung, SentTrack, SignalingState, StreamState } from '../model/stream.ts'
import type { MediaKind } from '../model/track.ts'
import { impossibleCounters, type ViewerReport } from '../model/viewer-report.ts'
import { type Command, controlLabel, type ServerNote, type ViewerMessage } from '../protocol/control.ts'
import type { IceCandidate, MediaEvents, OpenParams } from '../protocol/media-plane.ts'
import type { Peer, ReceiverReport } from '../webrtc/peer.ts'
import { createMessageThrottle } from './message-throttle.ts'
import type { OpenedContent } from './opened-content.ts'
import { snapshotOf } from './snapshot.ts'
import { ViewerMedia } from './viewer-media.ts'

/** How long a viewer whose path broke may take to come back with an ICE restart. */
const disconnectGraceMs = 15_000
/** How long a failure waits for a viewer who is still connecting. */
const tellWithinMs = 5_000
const senderReportMs = 1000

interface ViewerDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly ticker: Ticker
  readonly pacingErrorTotal?: PacingErrors
  readonly random: () => number
  readonly tasks: TaskTracker
  readonly createPeer: () => Promise<Peer>
  emit<K extends keyof MediaEvents & string>(event: K, payload: MediaEvents[K]): void
  /** The viewer is over; the owner forgets it. */
  onOver(streamId: string): void
}

export interface Viewer {
  createOffer(options: { iceRestart: boolean }): Promise<string>
  acceptAnswer(sdp: string): Promise<readonly SentTrack[]>
  acceptOffer(sdp: string): Promise<{ sdp: string; sent: readonly SentTrack[]; choiceMs?: number }>
  addCandidate(candidate: IceCandidate | null): Promise<void>
  command(command: Command, by: QualityReason): void
  /** The next of the record. */
  record(): MeasuredSnapshot
  /** What is measured now: who asks takes nothing from the record, nor from others who ask. */
  stats(): MeasuredSnapshot
  close(reason: CloseReason): Promise<void>
}

export function createViewer(
  params: OpenParams,
  content: OpenedContent & { release(): void },
  deps: ViewerDeps,
): Viewer {
  const { streamId } = params
  const { clock, logger, emit } = deps
  const openedAt = clock.now()
  const reports: Partial<Record<MediaKind, ReceiverReport>> = {}
  let state: StreamState = 'waiting'
  let peer: Peer | undefined
  let peerMade: Promise<Peer> | undefined
  let untick: (() => void) | undefined
  let grace: Timer | undefined
  /** A failure that waits for the control channel. */
  let held: Timer | undefined
  let canTell = false
  let signaling: SignalingState = 'stable'
  let senderReports: Timer | undefined
  let offeredAt: number | undefined
  let signalingMs: number | undefined
  let firstPacketMs: number | undefined
  let viewerSaid: TimedReport | undefined
  let viewerSaidBefore: TimedReport | undefined
  const recorded = new SnapshotRecord()

  const media = new ViewerMedia(params, content, {
    clock,
    random: deps.random,
    ...(deps.pacingErrorTotal && { pacingErrorTotal: deps.pacingErrorTotal }),
    note,
    figures: () => (firstPacketMs === undefined ? undefined : recorded.ask(snapshot()).figures),
    onDecision: (decision) => emit('decision', { streamId, decision }),
    onSent: tellSent,
    onEnded: () => setState('ended'),
    onError: (error) => fail('content_failed', error),
  })

  const throttle = createMessageThrottle(clock, onMessage, (error) => note({ type: 'error', ...toPublicRecord(error) }))

  function usePeer(): Promise<Peer> {
    if (state === 'closed') throw new McpxError('STREAM_NOT_FOUND', `stream ${streamId} is closed`)
    peerMade ??= makePeer()
    return peerMade
  }

  async function makePeer(): Promise<Peer> {
    peer = await deps.createPeer()
    peer.events.on('state', onPeerState)
    peer.events.on('candidate', (candidate) => emit('candidate', { streamId, candidate }))
    peer.events.on('receiverReport', (report) => {
      reports[report.kind] = report
    })
    peer.events.on('control', (text) => throttle.receive(text))
    peer.events.on('controlOpen', () => {
      canTell = true
      tell()
      media.greet()
    })
    return peer
  }

  function onPeerState(connection: Peer['connectionState']): void {
    if (state === 'closed') return
    switch (connection) {
      case 'connected':
        connected()
        break
      case 'disconnected':
        grace ??= clock.after(disconnectGraceMs, () => fail('ice_failed', lostPath()))
        tell()
        break
      case 'failed':
        fail(peer?.iceState === 'failed' ? 'ice_failed' : 'dtls_failed', peer?.failure ?? lostPath())
        break
      case 'closed':
        emit('over', { streamId, reason: 'viewer_left' })
        void close('viewer_left')
        break
      default:
        tell()
    }
  }

  const lostPath = () =>
    new McpxError('PEER_FAILED', `the connection to ${peer?.remoteAddress ?? 'the viewer'} is ${peer?.connectionState}`)

  function connected(): void {
    grace?.cancel()
    grace = undefined
    const { pipeline } = media
    if (firstPacketMs === undefined && pipeline && peer) {
      firstPacketMs = clock.now() - openedAt
      pipeline.connect(peer)
      untick = deps.ticker.add(pipeline)
      deps.tasks.begin('playback', streamId)
      pipeline.playback.play()
      senderReports = every(clock, senderReportMs, () => pipeline.sendSenderReports())
    }
    // A path that came back: what had ended has ended still.
    setState(state === 'ended' ? 'ended' : 'active')
  }

  function setState(next: StreamState): void {
    if (state === 'closed') return
    state = next
    tell()
  }

  function tell(): void {
    const address = peer?.remoteAddress
    const peerStates: PeerStates = {
      connection: peer?.connectionState ?? 'new',
      ice: peer?.iceState ?? 'new',
      signaling,
      gathering: peer === undefined ? 'new' : peer.timings.iceGatheringMs === undefined ? 'gathering' : 'complete',
      dataChannels: canTell ? [controlLabel] : [],
    }
    emit('state', { streamId, state, peerStates, ...(address !== undefined && { peer: address }) })
  }

  function tellSent(): void {
    const { sent, quality, qualityReason, info, currentRung } = media
    emit('sent', {
      streamId,
      sent,
      quality,
      media: info,
      ...(qualityReason && { qualityReason }),
      ...(currentRung && { rung: currentRung }),
    })
  }

  function note(message: ServerNote): void {
    peer?.sendControl(JSON.stringify(message))
  }

  function onMessage(message: ViewerMessage): void {
    if (message.type === 'report') takeReport(message.report)
    else command(message, 'viewer')
  }

  function takeReport(report: ViewerReport): void {
    const [impossible] = impossibleCounters(report, (clock.now() - openedAt) / 1000)
    if (impossible) throw new McpxError('INVALID_REQUEST', `${impossible} of a report cannot be so large yet`)
    viewerSaidBefore = viewerSaid
    viewerSaid = { ...report, atMs: clock.wallMs() }
  }

  function snapshot(): StatsSnapshot {
    const { playback, rung, rungCount } = media
    return snapshotOf({
      streamId,
      state,
      atMs: clock.wallMs(),
      durationS: content.info.durationS,
      peer,
      played: playback?.snapshot(clock.now()),
      reports,
      rung,
      rungCount,
      signalingMs,
      firstPacketMs,
      viewer: viewerSaid,
      viewerBefore: viewerSaidBefore,
      pictureHeight: heightOf(media.currentRung),
    })
  }

  function command(wanted: Command, by: QualityReason): void {
    media.command(wanted, by)
    if (state === 'ended' && (wanted.type === 'seek' || wanted.type === 'play')) setState('active')
  }

  function fail(reason: CloseReason, error: unknown): void {
    if (state === 'closed' || held) return
    const endNow = () => end(reason, error)
    // A viewer who is still connecting hears of it as soon as it can be told.
    if (reason === 'content_failed' && peer && !canTell) {
      held = clock.after(tellWithinMs, endNow)
      peer.events.on('controlOpen', endNow)
    } else endNow()
  }

  function end(reason: CloseReason, error: unknown): void {
    if (state === 'closed') return
    const record = toErrorRecord(error)
    logger.warn({ stream: streamId, reason, code: record.code, error: record.message }, 'stream failed')
    note({ type: 'error', ...toPublicRecord(error) })
    emit('over', { streamId, reason, error: record })
    void close(reason)
  }

  async function close(reason: CloseReason): Promise<void> {
    if (state === 'closed') return
    note({ type: 'closed', reason })
    state = 'closed'
    grace?.cancel()
    held?.cancel()
    senderReports?.cancel()
    untick?.()
    throttle.close()
    media.close()
    content.release()
    deps.tasks.cancelOwner(streamId)
    deps.onOver(streamId)
    await peerMade?.then(
      (made) => made.close(),
      () => {},
    )
  }

  return {
    async createOffer({ iceRestart }) {
      const offer = await (await usePeer()).createOffer(content.offerCodecs(), { iceRestart })
      offeredAt ??= clock.now()
      signaling = 'have-local-offer'
      if (state === 'waiting') setState('connecting')
      else tell()
      return offer
    },
    async acceptAnswer(sdp) {
      await (await usePeer()).acceptAnswer(sdp, async (viewer) => media.choose(viewer))
      if (offeredAt !== undefined) signalingMs ??= clock.now() - offeredAt
      signaling = 'stable'
      tell()
      tellSent()
      return media.sent
    },
    async acceptOffer(sdp) {
      const beganAt = clock.now()
      let choiceMs: number | undefined
      const answer = await (await usePeer()).acceptOffer(sdp, async (viewer) => {
        const choosingAt = clock.now()
        const chosen = media.choose(viewer)
        choiceMs = clock.now() - choosingAt
        return chosen
      })
      signalingMs ??= clock.now() - beganAt
      if (state === 'waiting') setState('connecting')
      tellSent()
      return { sdp: answer, sent: media.sent, ...(choiceMs !== undefined && { choiceMs }) }
    },
    addCandidate: async (candidate) => (await usePeer()).addCandidate(candidate),
    command,
    record: () => recorded.add(snapshot()),
    stats: () => recorded.ask(snapshot()),
    close,
  }
}

/** The shorter side of the picture. */
const heightOf = (rung: Rung | undefined): number | undefined =>
  rung?.width && rung.height ? Math.min(rung.width, rung.height) : undefined
