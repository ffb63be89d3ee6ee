// Where a received frame stands in a recording. RTP timestamps in, seconds out.
import { clockRateOf, type MediaKind } from '../model/track.ts'
import { rtpDistance } from '../protocol/control.ts'

/** What a sender report says: this RTP timestamp is this instant of the sender's clock (RFC 3550 6.4.1). */
export interface SenderClock {
  readonly kind: MediaKind
  readonly wallMs: number
  readonly rtpTimestamp: number
}

/** A frame's timestamp, and when it arrived on the receiver's clock. */
interface Arrival {
  readonly kind: MediaKind
  readonly timestamp: number
  readonly atMs: number
}

/** Sender reports come once a second; so long after the first frame its place is guessed from arrivals. */
const patienceMs = 2500

/**
 * Seconds from the first frame of all. Each track runs on its own RTP clock; what ties the two together are the sender reports,
 * so that jitter on the way does not move sound against picture. Without them the first frames are placed by their arrival.
 * Never goes back within a track.
 */
export function createRecordingTimeline(kinds: readonly MediaKind[]) {
  const reports: Partial<Record<MediaKind, SenderClock>> = {}
  const tracks: Partial<Record<MediaKind, { firstTimestamp: number; offsetS: number; lastS: number }>> = {}
  let zero: { readonly atMs: number; readonly wallMs?: number } | undefined

  const isTied = () => kinds.length < 2 || kinds.every((kind) => reports[kind])

  function wallMsOf({ kind, timestamp }: Arrival): number | undefined {
    const report = reports[kind]
    if (!report) return undefined
    return report.wallMs + (rtpDistance(timestamp, report.rtpTimestamp) * 1000) / clockRateOf(kind)
  }

  function offsetSOf(arrival: Arrival): number {
    const wallMs = wallMsOf(arrival)
    if (wallMs !== undefined && zero!.wallMs !== undefined) return (wallMs - zero!.wallMs) / 1000
    return (arrival.atMs - zero!.atMs) / 1000
  }

  return {
    noteReport(report: SenderClock): void {
      reports[report.kind] = report
    },
    /** Whether frames can be placed: the clocks are tied together, or it has taken too long since the first one arrived. */
    isReady: (firstAtMs: number, nowMs: number): boolean => isTied() || nowMs - firstAtMs >= patienceMs,
    /** `first` are the first frames of the tracks so far, at least one; the earliest of them becomes second 0. */
    begin(first: readonly Arrival[]): void {
      const atMs = Math.min(...first.map((arrival) => arrival.atMs))
      const wallMs = Math.min(...first.map((arrival) => wallMsOf(arrival) ?? Number.NaN))
      zero = Number.isNaN(wallMs) || !isTied() ? { atMs } : { atMs, wallMs }
    },
    placeS(arrival: Arrival): number {
      const { kind, timestamp } = arrival
      tracks[kind] ??= { firstTimestamp: timestamp, offsetS: Math.max(0, offsetSOf(arrival)), lastS: 0 }
      const track = tracks[kind]
      track.lastS = Math.max(
        track.lastS,
        track.offsetS + rtpDistance(timestamp, track.firstTimestamp) / clockRateOf(kind),
      )
      return track.lastS
    },
  }
}
