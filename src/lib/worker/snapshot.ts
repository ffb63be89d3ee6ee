// Puts what peer and playback know into the one record of statistics.
import type { ViewerPlayback } from '../media/playback/viewer-playback.ts'
import { qualityOfRung } from '../model/quality.ts'
import { type ScoreInput, streamHealth, videoQuality } from '../model/score.ts'
import type { OutboundStats, StatsSnapshot, ViewerView } from '../model/stats.ts'
import type { StreamState } from '../model/stream.ts'
import type { MediaKind } from '../model/track.ts'
import { viewerReportStaleMs } from '../model/viewer-report.ts'
import type { Peer, ReceiverReport } from '../webrtc/peer.ts'

export interface SnapshotInput {
  readonly streamId: string
  readonly state: StreamState
  readonly atMs: number
  readonly nowMs: number
  readonly durationS: number
  readonly peer: Peer | undefined
  readonly playback: ViewerPlayback | undefined
  /** The last receiver report of each kind. */
  readonly reports: Partial<Record<MediaKind, ReceiverReport>>
  readonly rung: number
  readonly rungCount: number
  readonly signalingMs: number | undefined
  readonly firstPacketMs: number | undefined
  /** What the viewer said last. */
  readonly viewer: StatsSnapshot['viewer']
  /** Shorter side of what is sent. */
  readonly pictureHeight: number | undefined
  /** The snapshot before, for the rates. */
  readonly last: StatsSnapshot | undefined
}

export function snapshotOf(input: SnapshotInput): StatsSnapshot {
  const { streamId, state, atMs, durationS, peer, playback, rung, rungCount, firstPacketMs, viewer, last } = input
  const played = playback?.snapshot(input.nowMs)
  const video = played?.video && withReport(played.video, input.reports.video, last?.video)
  const audio = played?.audio && withReport(played.audio, input.reports.audio, last?.audio)
  const { iceGatheringMs, iceConnectMs, dtlsConnectMs } = peer?.timings ?? {}
  // A report of the future is from before the clock was set back.
  const isReporting = viewer !== undefined && Math.abs(atMs - viewer.atMs) < viewerReportStaleMs
  const underruns = played?.underruns ?? 0
  const scored: ScoreInput = {
    ...pathOf(video, audio),
    // One that lasts is felt as long as it does.
    underruns: Math.max(played?.phase === 'stalled' ? 1 : 0, underruns - (last?.underruns ?? 0)),
    ...(isReporting ? seenBy(viewer) : {}),
    ...(input.pictureHeight !== undefined && { pictureHeight: input.pictureHeight }),
  }
  return {
    streamId,
    atMs,
    state,
    connectionState: peer?.connectionState ?? 'new',
    iceState: peer?.iceState ?? 'new',
    mediaTimeS: played?.mediaTimeS ?? 0,
    durationS,
    paused: played?.paused ?? false,
    ...(rungCount > 0 && { rung, quality: qualityOfRung(rung, rungCount) }),
    ...(video && { video }),
    ...(audio && { audio }),
    bufferS: played?.bufferS ?? 0,
    bufferFrames: played?.bufferFrames ?? 0,
    underruns,
    bitrateBps: bitrate(bytesOf(video, audio), atMs, last),
    ...(input.signalingMs !== undefined && { signalingMs: input.signalingMs }),
    ...(iceGatheringMs !== undefined && { iceGatheringMs }),
    ...(iceConnectMs !== undefined && { iceConnectMs }),
    ...(dtlsConnectMs !== undefined && { dtlsConnectMs }),
    ...(firstPacketMs !== undefined && { firstPacketMs }),
    ...(played?.pacingErrorP99Ms !== undefined && { pacingErrorP99Ms: played.pacingErrorP99Ms }),
    isReporting,
    health: streamHealth(scored),
    videoQuality: videoQuality(scored),
    ...(viewer && { viewer }),
  }
}

function withReport(
  sent: OutboundStats,
  report: ReceiverReport | undefined,
  last: OutboundStats | undefined,
): OutboundStats {
  if (!report) return sent
  const { kind: _kind, roundTripTimeS, ...told } = report
  return {
    ...sent,
    ...told,
    lossRatio: lossSince(last, report),
    ...(roundTripTimeS !== undefined && { roundTripTimeS }),
  }
}

/** Counters of two reports tell of all packets in between; the fraction of one report of those since the report before it. */
function lossSince(
  last: OutboundStats | undefined,
  { fractionLost, packetsLost, highestSequence }: ReceiverReport,
): number {
  if (last?.highestSequence === undefined || last.packetsLost === undefined) return fractionLost
  const expected = highestSequence - last.highestSequence
  if (expected === 0) return last.lossRatio ?? fractionLost
  // Begun anew, or come round.
  if (expected < 0) return fractionLost
  return Math.min(1, Math.max(0, (packetsLost - last.packetsLost) / expected))
}

/** The worse of both kinds, as the receiver reports have it. */
function pathOf(...sent: (OutboundStats | undefined)[]): ScoreInput {
  const worst = (read: (one: OutboundStats) => number | undefined): number | undefined => {
    const known = sent.flatMap((one) => (one && read(one)) ?? [])
    return known.length > 0 ? Math.max(...known) : undefined
  }
  const inMs = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000)
  return defined({
    lossRatio: worst((one) => one.lossRatio),
    roundTripTimeMs: inMs(worst((one) => one.roundTripTimeS)),
    jitterMs: inMs(worst((one) => one.jitterS)),
  })
}

const seenBy = ({ frozenRatio, droppedRatio }: ViewerView): ScoreInput => defined({ frozenRatio, droppedRatio })

/** The record without its undefined fields. */
const defined = (input: { [K in keyof ScoreInput]: ScoreInput[K] | undefined }): ScoreInput =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))

const bytesOf = (...sent: (OutboundStats | undefined)[]): number =>
  sent.reduce((sum, one) => sum + (one?.bytesSent ?? 0), 0)

function bitrate(bytes: number, atMs: number, last: StatsSnapshot | undefined): number {
  const elapsedMs = last ? atMs - last.atMs : 0
  if (!last || elapsedMs <= 0) return 0
  return Math.max(0, ((bytes - bytesOf(last.video, last.audio)) * 8000) / elapsedMs)
}
