// The series of one connection, snapshot by snapshot. They begin with all that was counted until then, and go when it ends or
// loses its place.
import { connectionMetrics } from '../model/figure-table.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import { grown, mediaKinds } from '../model/rates.ts'
import type { StatsSnapshot } from '../model/stats.ts'
import type { webrtcMetrics } from '../protocol/metrics.ts'
import type { Metrics } from './registry.ts'

/** Writes what changed from `before` (undefined for the first that is written) to `now`. */
export function writeConnection(
  webrtc: Metrics<typeof webrtcMetrics>,
  now: MeasuredSnapshot,
  before: StatsSnapshot | undefined,
): void {
  const connection = { connection_id: now.streamId }

  function writeTracks(): void {
    for (const kind of mediaKinds) {
      const labels = { ...connection, type: kind }
      const frameRate = now[kind]?.framesPerSecond
      if (frameRate !== undefined) webrtc.set('webrtc_frame_rate', labels, frameRate)
      const jitterS = now[kind]?.jitterS
      if (jitterS !== undefined) webrtc.set('webrtc_jitter_ms', labels, jitterS * 1000)
    }
  }

  function writeFigures(): void {
    for (const { figure, metric, factor, labels } of connectionMetrics) {
      const value = now.figures[figure]
      if (value === null) webrtc.unset(metric, { ...connection, ...labels })
      else webrtc.set(metric, { ...connection, ...labels }, value * factor)
    }
    const { mediaLatencyMs } = now
    if (mediaLatencyMs !== undefined)
      webrtc.observe('webrtc_latency_ms', { ...connection, type: 'media' }, mediaLatencyMs)
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

  writeTracks()
  writeFigures()
  writeBuffer()
  writeSetUp()
  if (before?.quality && now.quality && now.quality !== before.quality)
    webrtc.add('webrtc_quality_switches_total', {
      ...connection,
      from_quality: before.quality,
      to_quality: now.quality,
    })
}
