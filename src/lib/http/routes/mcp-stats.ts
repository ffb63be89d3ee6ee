// Statistics and resources in the words of the origin's MCP WebRTC controller. What is not known is null.
import type { MeasuredSnapshot } from '../../model/figures.ts'
import type { MonitoredConnection } from '../../model/monitor.ts'
import { wordScore } from '../../model/score-words.ts'

/** The `stats` of a connection. */
export function mcpStats(now: MeasuredSnapshot) {
  const buffer = { frames: now.bufferFrames, seconds: now.bufferS, underruns: now.underruns }
  const { lossRatio, jitterMs } = now.figures
  const [health, videoQuality] = [wordScore(now.health), wordScore(now.videoQuality)]
  return {
    bandwidth: { outbound: { kbps: now.bitrateBps / 1000 }, inbound: { kbps: 0 } },
    packet_loss: { outbound: { percent: lossRatio === null ? null : lossRatio * 100 }, inbound: { percent: null } },
    frames: {
      video: { fps: now.video?.framesPerSecond ?? null },
      audio: { fps: now.audio?.framesPerSecond ?? null },
    },
    buffer: { video: now.video ? buffer : null, audio: now.audio ? buffer : null },
    latency: {
      signaling: { ms: now.signalingMs ?? null },
      media: { ms: now.mediaLatencyMs ?? null },
      jitter: { ms: jitterMs },
    },
    quality_metrics: {
      score: videoQuality.value ?? null,
      health_score: health.value ?? null,
      score_reasons: videoQuality.reasons,
      health_reasons: health.reasons,
      unknown: [...new Set([...health.unknown, ...videoQuality.unknown])],
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
