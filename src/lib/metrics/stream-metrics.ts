// One stream, snapshot by snapshot: gauges are what it says, counters grow by what has changed since the one before.
import { countsSince } from '../model/histogram.ts'
import type { StatsSnapshot } from '../model/stats.ts'
import type { MediaKind } from '../model/track.ts'
import type { mcpMetrics, webrtcMetrics } from '../protocol/metrics.ts'
import type { Metrics } from './registry.ts'

interface Targets {
  readonly mcp: Metrics<typeof mcpMetrics>
  readonly webrtc: Metrics<typeof webrtcMetrics>
}

const kinds: readonly MediaKind[] = ['video', 'audio']
const grown = (now: number | undefined, before: number | undefined): number => Math.max(0, (now ?? 0) - (before ?? 0))

/** Writes what changed from `before` (undefined for the first) to `now`. */
export function writeStream({ mcp, webrtc }: Targets, now: StatsSnapshot, before: StatsSnapshot | undefined): void {
  const connection = { connection_id: now.streamId }
  const quality = now.quality ?? 'unknown'

  function countSent(kind: MediaKind): void {
    const [sent, earlier] = [now[kind], before?.[kind]]
    if (!sent) return
    const frames = grown(sent.framesSent, earlier?.framesSent)
    webrtc.add('webrtc_frames_sent_total', { type: kind, quality }, frames)
    webrtc.count('webrtc_frame_size_bytes', { type: kind, quality }, countsSince(sent.frameSizes, earlier?.frameSizes))
    mcp.add('mcp_webrtc_bytes_sent_total', {}, grown(sent.bytesSent, earlier?.bytesSent))
    if (before)
      webrtc.set('webrtc_frame_rate', { ...connection, type: kind }, (frames * 1000) / (now.atMs - before.atMs))
  }

  function measurePath(): void {
    const outbound = { ...connection, direction: 'outbound' }
    webrtc.set('webrtc_bandwidth_kbps', outbound, now.bitrateBps / 1000)
    const losses = kinds.map((kind) => now[kind]?.lossRatio).filter((loss) => loss !== undefined)
    if (losses.length > 0) webrtc.set('webrtc_packet_loss_percent', outbound, Math.max(...losses) * 100)
    for (const kind of kinds) {
      const jitterS = now[kind]?.jitterS
      if (jitterS !== undefined) webrtc.set('webrtc_jitter_ms', { ...connection, type: kind }, jitterS * 1000)
    }
    const roundTrips = kinds.map((kind) => now[kind]?.roundTripTimeS).filter((time) => time !== undefined)
    if (roundTrips.length === 0) return
    const mediaMs = (Math.max(...roundTrips) * 1000) / 2 + (now.viewer?.jitterBufferDelayMs ?? 0)
    webrtc.observe('webrtc_latency_ms', { ...connection, type: 'media' }, mediaMs)
  }

  function measureBuffer(): void {
    const labels = { ...connection, type: now.video ? 'video' : 'audio' }
    webrtc.set('webrtc_buffer_level_frames', labels, now.bufferFrames)
    webrtc.set('webrtc_buffer_level_seconds', labels, now.bufferS)
    webrtc.add('webrtc_buffer_underruns_total', labels, grown(now.underruns, before?.underruns))
  }

  /** What is known once, at the beginning. */
  function timeSetUp(): void {
    const { signalingMs, iceGatheringMs, iceConnectMs } = now
    if (signalingMs !== undefined && before?.signalingMs === undefined)
      webrtc.observe('webrtc_latency_ms', { ...connection, type: 'signaling' }, signalingMs)
    if (iceGatheringMs !== undefined && before?.iceGatheringMs === undefined)
      webrtc.observe('webrtc_ice_gathering_time_ms', connection, iceGatheringMs)
    if (iceConnectMs !== undefined && before?.iceConnectMs === undefined)
      webrtc.observe('webrtc_ice_connection_time_ms', connection, iceConnectMs)
  }

  function writeView(): void {
    const [viewer, earlier] = [now.viewer, before?.viewer]
    if (!viewer) return
    const received = grown(viewer.framesReceived, earlier?.framesReceived)
    webrtc.add('webrtc_frames_received_total', { type: 'video', quality }, received)
    webrtc.add('mcpx_freezes_total', {}, grown(viewer.freezeCount, earlier?.freezeCount))
    webrtc.add('mcpx_freeze_seconds_total', {}, grown(viewer.totalFreezesDurationS, earlier?.totalFreezesDurationS))
    if (viewer.firstFrameMs !== undefined && earlier?.firstFrameMs === undefined)
      webrtc.observe('mcpx_first_frame_seconds', {}, viewer.firstFrameMs / 1000)
  }

  function writeScore(name: 'webrtc_stream_health_score' | 'webrtc_video_quality_score', value?: number): void {
    if (value === undefined) webrtc.unset(name, connection)
    else webrtc.set(name, connection, value)
  }

  for (const kind of kinds) countSent(kind)
  measurePath()
  measureBuffer()
  timeSetUp()
  writeView()
  writeScore('webrtc_stream_health_score', now.health.value)
  writeScore('webrtc_video_quality_score', now.videoQuality.value)
  if (before?.quality && now.quality && now.quality !== before.quality)
    webrtc.add('webrtc_quality_switches_total', {
      ...connection,
      from_quality: before.quality,
      to_quality: now.quality,
    })
}
