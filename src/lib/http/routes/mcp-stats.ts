// Statistics and resources in the words of the origin's MCP WebRTC controller. What is not known is null.
import type { MonitoredConnection } from '../../model/monitor.ts'
import type { OutboundStats, StatsSnapshot } from '../../model/stats.ts'
import type { MediaKind } from '../../model/track.ts'

const worst = (stats: StatsSnapshot, read: (sent: OutboundStats) => number | undefined): number | null => {
  const known = [stats.video, stats.audio].flatMap((sent) => (sent && read(sent)) ?? [])
  return known.length > 0 ? Math.max(...known) : null
}

/** Frames a second from one snapshot to the next; null without an earlier one. */
function framesPerSecond(kind: MediaKind, now: StatsSnapshot, before: StatsSnapshot | undefined): number | null {
  const [later, earlier] = [now[kind], before?.[kind]]
  const elapsedS = before ? (now.atMs - before.atMs) / 1000 : 0
  return later && earlier && elapsedS > 0 ? Math.max(0, later.framesSent - earlier.framesSent) / elapsedS : null
}

/** The `stats` of a connection; `before` is an earlier snapshot, for the rates. */
export function mcpStats(now: StatsSnapshot, before: StatsSnapshot | undefined) {
  const buffer = { frames: now.bufferFrames, seconds: now.bufferS, underruns: now.underruns }
  const loss = worst(now, (sent) => sent.lossRatio)
  const roundTripS = worst(now, (sent) => sent.roundTripTimeS)
  const jitterS = worst(now, (sent) => sent.jitterS)
  return {
    bandwidth: { outbound: { kbps: now.bitrateBps / 1000 }, inbound: { kbps: 0 } },
    packet_loss: { outbound: { percent: loss === null ? null : loss * 100 }, inbound: { percent: null } },
    frames: {
      video: { fps: framesPerSecond('video', now, before) },
      audio: { fps: framesPerSecond('audio', now, before) },
    },
    buffer: { video: now.video ? buffer : null, audio: now.audio ? buffer : null },
    latency: {
      signaling: { ms: now.signalingMs ?? null },
      media: { ms: roundTripS === null ? null : (roundTripS * 1000) / 2 + (now.viewer?.jitterBufferDelayMs ?? 0) },
      jitter: { ms: jitterS === null ? null : jitterS * 1000 },
    },
    quality_metrics: {
      score: now.videoQuality.value ?? null,
      health_score: now.health.value ?? null,
      score_reasons: now.videoQuality.reasons,
      health_reasons: now.health.reasons,
      unknown: [...new Set([...now.health.unknown, ...now.videoQuality.unknown])],
    },
    is_reporting: now.isReporting,
    viewer: now.viewer ?? null,
  }
}

/** The origin's formula: age, viewers and benchmarks weigh on a server; here a stream, which has one viewer at the most. */
export function impactOf({ stream }: MonitoredConnection, nowMs: number, isBenchmark: boolean) {
  const ageS = Math.max(0, nowMs - stream.createdAtMs) / 1000
  const resource_impact = {
    age_impact: Math.min(100, (ageS / 3600) * 10),
    connection_impact: stream.peerStates.connection === 'connected' ? 5 : 0,
    benchmark_impact: isBenchmark ? 20 : 0,
  }
  const { age_impact, connection_impact, benchmark_impact } = resource_impact
  const impact_score = Math.min(100, age_impact + connection_impact + benchmark_impact)
  const priority = impact_score > 70 ? 'high' : impact_score > 30 ? 'medium' : 'low'
  return { resource_impact, impact_score, priority, age_seconds: ageS }
}
