// The series of one connection, snapshot by snapshot. They begin with all that was counted until then, and go when it ends or
// loses its place.
import type { StatsSnapshot } from '../model/stats.ts'
import type { webrtcMetrics } from '../protocol/metrics.ts'
import type { Metrics } from './registry.ts'
import { framesPerSecond, grown, kinds, lossRatio, mediaLatencyS } from './snapshot-figures.ts'

/** Writes what changed from `before` (undefined for the first that is written) to `now`. */
export function writeConnection(
  webrtc: Metrics<typeof webrtcMetrics>,
  now: StatsSnapshot,
  before: StatsSnapshot | undefined,
): void {
  const connection = { connection_id: now.streamId }
  const outbound = { ...connection, direction: 'outbound' }

  function writeTracks(): void {
    for (const kind of kinds) {
      const labels = { ...connection, type: kind }
      const frameRate = framesPerSecond(kind, now, before)
      if (frameRate !== undefined) webrtc.set('webrtc_frame_rate', labels, frameRate)
      const jitterS = now[kind]?.jitterS
      if (jitterS !== undefined) webrtc.set('webrtc_jitter_ms', labels, jitterS * 1000)
    }
  }

  function writePath(): void {
    webrtc.set('webrtc_bandwidth_kbps', outbound, now.bitrateBps / 1000)
    const loss = lossRatio(now)
    if (loss !== undefined) webrtc.set('webrtc_packet_loss_percent', outbound, loss * 100)
    const latencyS = mediaLatencyS(now)
    if (latencyS !== undefined) webrtc.observe('webrtc_latency_ms', { ...connection, type: 'media' }, latencyS * 1000)
  }

  function writeBuffer(): void {
    const labels = { ...connection, type: now.video ? 'video' : 'audio' }
    webrtc.set('webrtc_buffer_level_frames', labels, now.bufferFrames)
    webrtc.set('webrtc_buffer_level_seconds', labels, now.bufferS)
    webrtc.add('webrtc_buffer_underruns_total', labels, grown(now.underruns, before?.underruns))
  }

  /** What is known once, at the beginning. */
  function writeSetUp(): void {
    const { signalingMs, iceGatheringMs, iceConnectMs } = now
    if (signalingMs !== undefined && before?.signalingMs === undefined)
      webrtc.observe('webrtc_latency_ms', { ...connection, type: 'signaling' }, signalingMs)
    if (iceGatheringMs !== undefined && before?.iceGatheringMs === undefined)
      webrtc.observe('webrtc_ice_gathering_time_ms', connection, iceGatheringMs)
    if (iceConnectMs !== undefined && before?.iceConnectMs === undefined)
      webrtc.observe('webrtc_ice_connection_time_ms', connection, iceConnectMs)
  }

  function writeScore(name: 'webrtc_stream_health_score' | 'webrtc_video_quality_score', value?: number): void {
    if (value === undefined) webrtc.unset(name, connection)
    else webrtc.set(name, connection, value)
  }

  writeTracks()
  writePath()
  writeBuffer()
  writeSetUp()
  writeScore('webrtc_stream_health_score', now.health.value)
  writeScore('webrtc_video_quality_score', now.videoQuality.value)
  if (before?.quality && now.quality && now.quality !== before.quality)
    webrtc.add('webrtc_quality_switches_total', {
      ...connection,
      from_quality: before.quality,
      to_quality: now.quality,
    })
}
