// What streams add up to, snapshot by snapshot: counters grow by what has changed since the one before.
import { totalMetrics } from '../model/figure-table.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import { countsSince } from '../model/histogram.ts'
import { grown, mediaKinds } from '../model/rates.ts'
import type { MediaKind } from '../model/track.ts'
import type { mcpMetrics, webrtcMetrics } from '../protocol/metrics.ts'
import type { Metrics } from './registry.ts'

interface Targets {
  readonly mcp: Metrics<typeof mcpMetrics>
  readonly webrtc: Metrics<typeof webrtcMetrics>
}

/** Writes what changed since the snapshot before; nothing of it names the connection. */
export function writeStream({ mcp, webrtc }: Targets, now: MeasuredSnapshot): void {
  const { before } = now
  const quality = now.quality ?? 'unknown'

  function countSent(kind: MediaKind): void {
    const [sent, earlier] = [now[kind], before?.[kind]]
    if (!sent) return
    const labels = { type: kind, quality }
    webrtc.add('webrtc_frames_sent_total', labels, grown(sent.framesSent, earlier?.framesSent))
    webrtc.count('webrtc_frame_size_bytes', labels, countsSince(sent.frameSizes, earlier?.frameSizes))
    mcp.add('mcp_webrtc_bytes_sent_total', {}, grown(sent.bytesSent, earlier?.bytesSent))
    if (sent.jitterS !== undefined) webrtc.observe('mcpx_jitter_seconds', { type: kind }, sent.jitterS)
  }

  function measure(): void {
    for (const { figure, metric, factor } of totalMetrics) {
      const value = now.figures[figure]
      if (value !== null) webrtc.observe(metric, {}, value * factor)
    }
    const { mediaLatencyMs } = now
    if (mediaLatencyMs !== undefined) webrtc.observe('mcpx_latency_seconds', { type: 'media' }, mediaLatencyMs / 1000)
    webrtc.add('mcpx_buffer_underruns_total', {}, grown(now.underruns, before?.underruns))
  }

  /** What is known once, at the beginning. */
  function timeSetUp(): void {
    const { signalingMs, iceGatheringMs, iceConnectMs } = now
    if (signalingMs !== undefined && before?.signalingMs === undefined)
      webrtc.observe('mcpx_latency_seconds', { type: 'signaling' }, signalingMs / 1000)
    if (iceGatheringMs !== undefined && before?.iceGatheringMs === undefined)
      webrtc.observe('mcpx_ice_gathering_seconds', {}, iceGatheringMs / 1000)
    if (iceConnectMs !== undefined && before?.iceConnectMs === undefined)
      webrtc.observe('mcpx_ice_connection_seconds', {}, iceConnectMs / 1000)
  }

  function countView(): void {
    const [viewer, earlier] = [now.viewer, before?.viewer]
    if (!viewer) return
    const received = grown(viewer.framesReceived, earlier?.framesReceived)
    webrtc.add('webrtc_frames_received_total', { type: 'video', quality }, received)
    mcp.add('mcp_webrtc_bytes_received_total', {}, grown(viewer.bytesReceived, earlier?.bytesReceived))
    webrtc.add('mcpx_freezes_total', {}, grown(viewer.freezeCount, earlier?.freezeCount))
    webrtc.add('mcpx_freeze_seconds_total', {}, grown(viewer.totalFreezesDurationS, earlier?.totalFreezesDurationS))
    if (viewer.firstFrameMs !== undefined && earlier?.firstFrameMs === undefined)
      webrtc.observe('mcpx_first_frame_seconds', {}, viewer.firstFrameMs / 1000)
  }

  for (const kind of mediaKinds) countSent(kind)
  measure()
  timeSetUp()
  countView()
  if (before?.quality && now.quality && now.quality !== before.quality)
    webrtc.add('mcpx_quality_switches_total', { from_quality: before.quality, to_quality: now.quality })
}
