// The one record of what was measured about a stream at one moment. Absent means not known, never fine.
import type { RungQuality } from './quality.ts'
import type { ConnectionState, IceState, StreamState } from './stream.ts'
import type { ViewerReport } from './viewer-report.ts'

/** Per kind; names and units after W3C webrtc-stats, counters since the stream began. */
export interface OutboundStats {
  readonly packetsSent: number
  readonly bytesSent: number
  readonly framesSent: number
  readonly keyFramesSent: number
  readonly retransmittedPacketsSent: number
  readonly nackCount: number
  readonly pliCount: number
  /** From the viewer's receiver reports. */
  readonly packetsLost?: number
  /** 0-1, of the last report. */
  readonly fractionLost?: number
  readonly jitterS?: number
  readonly roundTripTimeS?: number
  /** Packets the pacer gave up because they were late. */
  readonly packetsDropped: number
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
  readonly iceConnectMs?: number
  readonly dtlsConnectMs?: number
  readonly firstPacketMs?: number
  /** How late the pacer sent, of the packets since the last snapshot. */
  readonly pacingErrorP99Ms?: number
  /** Whether the viewer says what it sees. One that does not may see anything. */
  readonly isReporting: boolean
  /** What it said last; kept when it falls silent. */
  readonly viewer?: ViewerReport & { readonly atMs: number }
}
