// The one record of what was measured about a stream at one moment. Absent means not known, never fine.
import type { HistogramCounts } from './histogram.ts'
import type { RungQuality } from './quality.ts'
import type { Score } from './score.ts'
import type { ConnectionState, IceState, StreamState } from './stream.ts'
import type { ViewerReport } from './viewer-report.ts'

/** Upper edges in bytes by which frames are counted: the origin's. */
export const frameSizeEdges = [1024, 5120, 10_240, 51_200, 102_400, 512_000, 1_048_576] as const

/** Per kind; names and units after W3C webrtc-stats, counters since the stream began. */
export interface OutboundStats {
  readonly packetsSent: number
  readonly bytesSent: number
  readonly framesSent: number
  readonly keyFramesSent: number
  readonly retransmittedPacketsSent: number
  readonly retransmittedBytesSent: number
  readonly nackCount: number
  readonly pliCount: number
  /** From the viewer's receiver reports. */
  readonly packetsLost?: number
  /** 0-1, of the last report: of as little as the viewer takes for one. */
  readonly fractionLost?: number
  /** With its cycles, as the viewer last saw it: what it expected is told by how far this has come. */
  readonly highestSequence?: number
  /** 0-1, of all that the viewer expected since the snapshot before; as it was where no report has come. */
  readonly lossRatio?: number
  readonly jitterS?: number
  readonly roundTripTimeS?: number
  /** Bytes of each frame, by frameSizeEdges. */
  readonly frameSizes: HistogramCounts
  /** Packets the pacer gave up because they were late. */
  readonly packetsDropped: number
}

/** A report of the viewer, and what changed since the one before. */
export interface ViewerView extends ViewerReport {
  /** When it came. */
  readonly atMs: number
  /** 0-1, of the time. */
  readonly frozenRatio?: number
  /** 0-1, of the frames that came. */
  readonly droppedRatio?: number
}

export interface StatsSnapshot {
  readonly streamId: string
  readonly atMs: number
  readonly state: StreamState
  readonly connectionState: ConnectionState
  readonly iceState: IceState
  readonly mediaTimeS: number
  readonly durationS: number
  readonly paused: boolean
  readonly rung?: number
  readonly quality?: RungQuality
  readonly video?: OutboundStats
  readonly audio?: OutboundStats
  /** Media ready ahead of the playhead. */
  readonly bufferS: number
  readonly bufferFrames: number
  /** Times the playhead waited for content. */
  readonly underruns: number
  /** Mean over the time since the last snapshot. */
  readonly bitrateBps: number
  /** From the viewer's offer (or ours) to the answer. */
  readonly signalingMs?: number
  readonly iceGatheringMs?: number
  readonly iceConnectMs?: number
  readonly dtlsConnectMs?: number
  readonly firstPacketMs?: number
  /** How late the pacer sent, of the packets since the last snapshot. */
  readonly pacingErrorP99Ms?: number
  /** Whether the viewer says what it sees. One that does not may see anything. */
  readonly isReporting: boolean
  /** What it said last; kept when it falls silent. */
  readonly viewer?: ViewerView
  /** How well the stream gets through. */
  readonly health: Score
  /** What the viewer sees of it. */
  readonly videoQuality: Score
}
