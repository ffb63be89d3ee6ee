// One StatsSnapshot in the words of the origin's signalling clients: `connection_stats`, and the quality notification.
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { OutboundStats } from '../model/stats.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { ConnectionStats, QualityNotice } from '../protocol/signalling.ts'

/** What a session knows of its stream besides the engine's record. */
interface OwnStream {
  readonly kind: string
  readonly candidatesAdded: number
  readonly qualityChanges: number
}

interface Path {
  readonly rttMs?: number
  readonly lossPercent?: number
  readonly jitterMs?: number
}

function pathOf({ figures: { roundTripMs, lossRatio, jitterMs } }: MeasuredSnapshot): Path {
  return {
    ...(roundTripMs !== null && { rttMs: roundTripMs }),
    ...(lossRatio !== null && { lossPercent: lossRatio * 100 }),
    ...(jitterMs !== null && { jitterMs }),
  }
}

type Steps = readonly (readonly [above: number, penalty: number])[]

const penalty = (value: number | undefined, steps: Steps) =>
  value === undefined ? 0 : (steps.find(([above]) => value > above)?.[1] ?? 0)

/** The origin's network score (0-100) by round trip, loss and jitter. */
export function networkScore(snapshot: MeasuredSnapshot): number {
  const { rttMs, lossPercent, jitterMs } = pathOf(snapshot)
  const lost =
    penalty(rttMs, [
      [500, 40],
      [300, 20],
      [200, 10],
      [100, 5],
    ]) +
    penalty(lossPercent, [
      [10, 50],
      [5, 30],
      [2, 15],
      [0.5, 5],
    ]) +
    penalty(jitterMs, [
      [200, 20],
      [100, 15],
      [50, 10],
      [20, 5],
    ])
  return Math.max(0, 100 - lost)
}

/** The origin's connection quality score (0-100) by late packets, round trip and loss; null when nothing was measured. */
export function connectionScore(snapshot: MeasuredSnapshot): number | null {
  const { rttMs, lossPercent } = pathOf(snapshot)
  if (rttMs === undefined && lossPercent === undefined) return null
  const lost =
    penalty(dropRatio(snapshot), [
      [0.2, 50],
      [0.1, 30],
      [0.05, 15],
      [0.01, 5],
    ]) +
    penalty(rttMs, [
      [500, 20],
      [300, 10],
      [150, 5],
    ]) +
    penalty(lossPercent, [
      [10, 30],
      [5, 20],
      [2, 10],
    ])
  return Math.max(0, 100 - lost)
}

/** Packets the pacer gave up, of all it had. */
function dropRatio({ video, audio }: MeasuredSnapshot): number | undefined {
  const sum = (read: (stats: OutboundStats) => number) => (video ? read(video) : 0) + (audio ? read(audio) : 0)
  const dropped = sum((stats) => stats.packetsDropped)
  const all = dropped + sum((stats) => stats.packetsSent)
  return all === 0 ? undefined : dropped / all
}

/** The dialect knows `auto` and five names: of a rendition that is alone, it is the name that was asked for. */
const levelOf = (record: StreamRecord, { quality }: MeasuredSnapshot) =>
  quality === undefined || quality === 'fixed' ? record.quality : quality

const secondsSince = (sinceMs: number | undefined, atMs: number) =>
  sinceMs === undefined ? 0 : Math.max(0, atMs - sinceMs) / 1000

export function toConnectionStats(
  record: StreamRecord,
  snapshot: MeasuredSnapshot,
  own: OwnStream,
  streamsActive: number,
): ConnectionStats {
  const { video, audio } = snapshot
  const path = pathOf(snapshot)
  return {
    created_at: record.createdAtMs / 1000,
    state: snapshot.connectionState,
    cid: record.content,
    kind: own.kind,
    frame_rate: record.media?.rungs[snapshot.rung ?? 0]?.frameRate ?? null,
    quality: levelOf(record, snapshot),
    ice_candidates_added: own.candidatesAdded,
    streams_active: streamsActive,
    bytes_sent: (video?.bytesSent ?? 0) + (audio?.bytesSent ?? 0),
    frames_sent: video?.framesSent ?? audio?.framesSent ?? 0,
    frames_dropped: null,
    rtt: path.rttMs ?? null,
    packet_loss: path.lossPercent ?? null,
    bandwidth_estimate: snapshot.bitrateBps,
    jitter: path.jitterMs ?? null,
    connection_quality_score: connectionScore(snapshot),
    buffer_health: snapshot.bufferS,
    adaptation_changes: own.qualityChanges,
    dropped_frame_rate: dropRatio(snapshot) ?? null,
    active: record.state === 'active',
    current_time: snapshot.mediaTimeS,
    duration: secondsSince(record.connectedAtMs ?? record.createdAtMs, snapshot.atMs),
  }
}

/** Undefined until the viewer has reported: the pages would show a perfect path that nobody has measured. */
export function toQualityNotice(record: StreamRecord, snapshot: MeasuredSnapshot): QualityNotice | undefined {
  const { rttMs, lossPercent, jitterMs } = pathOf(snapshot)
  const score = connectionScore(snapshot)
  if (score === null) return undefined
  return {
    pc_id: record.id,
    cid: record.content,
    quality_level: levelOf(record, snapshot),
    network_score: networkScore(snapshot),
    buffer_level: snapshot.bufferS,
    connection_quality_score: score,
    duration: secondsSince(record.connectedAtMs, snapshot.atMs),
    network_metrics: {
      rtt: rttMs ?? 0,
      packet_loss: lossPercent ?? 0,
      bandwidth_estimate: snapshot.bitrateBps,
      jitter: jitterMs ?? 0,
    },
  }
}
