// The one record of what was counted about a stream until one moment. Nothing in it depends on who asked before: what happened
// between two moments is told by two of them (figures.ts). Absent means not known, never fine.
import type { HistogramCounts } from './histogram.ts'
import type { RungQuality } from './quality.ts'
import type { ConnectionState, IceState, StreamState } from './stream.ts'
import type { ViewerReport } from './viewer-report.ts'

/** Upper edges in bytes by which frames are counted: the origin's. */
export const frameSizeEdges = [1024, 5120, 10_240, 51_200, 102_400, 512_000, 1_048_576] as const

const steps = (fromMs: number, toMs: number, stepMs: number): number[] =>
  Array.from({ length: (toMs - fromMs) / stepMs }, (_, step) => fromMs + (step + 1) * stepMs)

/** Upper edges in ms by which the packets of a viewer are counted: fine where a pacer should be, coarse beyond. */
export const viewerPacingEdgesMs: readonly number[] = [
  ...steps(0, 8, 0.5),
  ...steps(8, 32, 1),
  ...steps(32, 64, 4),
  ...steps(64, 256, 16),
  ...steps(256, 1088, 64),
]

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
  readonly jitterS?: number
  readonly roundTripTimeS?: number
  /** Bytes of each frame, by frameSizeEdges. */
  readonly frameSizes: HistogramCounts
  /** Packets the pacer gave up because they were late. */
  readonly packetsDropped: number
}

/** A report of the viewer. */
export interface TimedReport extends ViewerReport {
  /** When it came. */
  readonly atMs: number
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
  /** Whether it does now, so long that the picture stands. */
  readonly isStalled: boolean
  /** From the viewer's offer (or ours) to the answer. */
  readonly signalingMs?: number
  readonly iceGatheringMs?: number
  readonly iceConnectMs?: number
  readonly dtlsConnectMs?: number
  readonly firstPacketMs?: number
  /** How late packets left, in ms by viewerPacingEdgesMs; absent until there is something to send. */
  readonly pacingErrors?: HistogramCounts
  /** UDP packets of the viewer that came in, its ICE checks included; absent until it has offered. */
  readonly packetsReceived?: number
  /** Shorter side of the picture that is sent, in lines. */
  readonly pictureHeight?: number
  /** Whether the viewer says what it sees. One that does not may see anything. */
  readonly isReporting: boolean
  /** What it said last; kept when it falls silent. */
  readonly viewer?: TimedReport
  /** What it said before that. Polls may come more often than reports. */
  readonly viewerBefore?: TimedReport
}
