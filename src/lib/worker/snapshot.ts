// Puts what peer and playback have counted into the one record of statistics.
import type { PlaybackSnapshot } from '../media/playback/viewer-playback.ts'
import { qualityOfRung } from '../model/quality.ts'
import type { OutboundStats, StatsSnapshot, TimedReport } from '../model/stats.ts'
import type { StreamState } from '../model/stream.ts'
import type { MediaKind } from '../model/track.ts'
import { viewerReportStaleMs } from '../model/viewer-report.ts'
import type { Peer, ReceiverReport } from '../webrtc/peer.ts'

export interface SnapshotInput {
  readonly streamId: string
  readonly state: StreamState
  readonly atMs: number
  readonly durationS: number
  readonly peer:
    | (Pick<Peer, 'connectionState' | 'iceState' | 'timings'> & Partial<Pick<Peer, 'packetsReceived'>>)
    | undefined
  readonly played: PlaybackSnapshot | undefined
  /** The last receiver report of each kind. */
  readonly reports: Partial<Record<MediaKind, ReceiverReport>>
  readonly rung: number
  readonly rungCount: number
  readonly signalingMs: number | undefined
  readonly firstPacketMs: number | undefined
  /** What the viewer said last, and before that. */
  readonly viewer: TimedReport | undefined
  readonly viewerBefore: TimedReport | undefined
  /** Shorter side of what is sent. */
  readonly pictureHeight: number | undefined
}

export function snapshotOf(input: SnapshotInput): StatsSnapshot {
  const { streamId, state, atMs, durationS, peer, played, rung, rungCount, viewer, viewerBefore, reports } = input
  const { signalingMs, firstPacketMs, pictureHeight } = input
  const { iceGatheringMs, iceConnectMs, dtlsConnectMs } = peer?.timings ?? {}
  return {
    streamId,
    atMs,
    state,
    connectionState: peer?.connectionState ?? 'new',
    iceState: peer?.iceState ?? 'new',
    mediaTimeS: played?.mediaTimeS ?? 0,
    durationS,
    paused: played?.paused ?? false,
    bufferS: played?.bufferS ?? 0,
    bufferFrames: played?.bufferFrames ?? 0,
    underruns: played?.underruns ?? 0,
    isStalled: played?.phase === 'stalled',
    // A report of the future is from before the clock was set back.
    isReporting: viewer !== undefined && Math.abs(atMs - viewer.atMs) < viewerReportStaleMs,
    ...(rungCount > 0 && { rung, quality: qualityOfRung(rung, rungCount) }),
    ...defined({
      video: played?.video && withReport(played.video, reports.video),
      audio: played?.audio && withReport(played.audio, reports.audio),
      pacingErrors: played?.pacingErrors,
      signalingMs,
      iceGatheringMs,
      iceConnectMs,
      dtlsConnectMs,
      firstPacketMs,
      pictureHeight,
      packetsReceived: peer?.packetsReceived,
      viewer,
      viewerBefore,
    }),
  }
}

function withReport(sent: OutboundStats, report: ReceiverReport | undefined): OutboundStats {
  if (!report) return sent
  const { kind: _kind, ...told } = report
  return { ...sent, ...told }
}

/** The record without its undefined fields. */
const defined = <T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never
