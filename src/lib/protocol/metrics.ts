// The metrics that are written, once: name, type, labels, buckets and help. Names and buckets are the origin's.

import { frameSizeEdges } from '../model/stats.ts'
import { pacingErrorEdgesMs, prefetchEdgesMs } from './media-plane.ts'

export interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

const iceBuckets = [50, 100, 250, 500, 1000, 2000, 5000]

/** On --metrics-path. */
export const mcpMetrics = {
  mcp_uptime_seconds: { type: 'gauge', help: 'Seconds since the server started', labels: [] },
  mcp_request_count_total: {
    type: 'counter',
    help: 'HTTP requests answered',
    labels: ['endpoint', 'method', 'status'],
  },
  mcp_request_latency_seconds: {
    type: 'histogram',
    help: 'Time from request to answer',
    labels: ['endpoint', 'method'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  mcp_webrtc_streams_count: { type: 'gauge', help: 'Streams that are open', labels: [] },
  mcp_webrtc_peer_connections: { type: 'gauge', help: 'Streams with a connected viewer', labels: [] },
  mcp_webrtc_bytes_sent_total: { type: 'counter', help: 'Media bytes sent to viewers', labels: [] },
} as const satisfies Record<string, MetricSpec>

/** On --webrtc-metrics-port. */
export const webrtcMetrics = {
  webrtc_connections_total: { type: 'counter', help: 'Viewers that connected', labels: ['server_id'] },
  webrtc_active_connections: { type: 'gauge', help: 'Viewers connected now', labels: ['server_id'] },
  webrtc_connection_duration_seconds: {
    type: 'histogram',
    help: 'How long viewers stayed',
    labels: ['server_id'],
    buckets: [5, 15, 30, 60, 120, 300, 600, 1800, 3600],
  },
  webrtc_frames_sent_total: { type: 'counter', help: 'Frames sent', labels: ['type', 'quality'] },
  webrtc_frames_received_total: {
    type: 'counter',
    help: 'Frames that viewers say they have received',
    labels: ['type', 'quality'],
  },
  webrtc_frame_size_bytes: {
    type: 'histogram',
    help: 'Size of each frame sent',
    labels: ['type', 'quality'],
    buckets: frameSizeEdges,
  },
  webrtc_frame_rate: { type: 'gauge', help: 'Frames sent a second', labels: ['connection_id', 'type'] },
  webrtc_buffer_level_frames: {
    type: 'gauge',
    help: 'Frames ready ahead of the playhead',
    labels: ['connection_id', 'type'],
  },
  webrtc_buffer_level_seconds: {
    type: 'gauge',
    help: 'Seconds of media ready ahead of the playhead',
    labels: ['connection_id', 'type'],
  },
  webrtc_buffer_underruns_total: {
    type: 'counter',
    help: 'Times a playhead waited for content',
    labels: ['connection_id', 'type'],
  },
  webrtc_bandwidth_kbps: { type: 'gauge', help: 'Media bitrate', labels: ['connection_id', 'direction'] },
  webrtc_packet_loss_percent: {
    type: 'gauge',
    help: 'Packets lost on the way since the poll before, as the viewer counts',
    labels: ['connection_id', 'direction'],
  },
  webrtc_jitter_ms: { type: 'gauge', help: 'Jitter that the viewer last reported', labels: ['connection_id', 'type'] },
  webrtc_quality_switches_total: {
    type: 'counter',
    help: 'Changes of quality',
    labels: ['connection_id', 'from_quality', 'to_quality'],
  },
  webrtc_latency_ms: {
    type: 'histogram',
    help: 'signaling: from the offer to the answer. media: half the round trip and what the viewer says its jitter buffer holds',
    labels: ['connection_id', 'type'],
    buckets: [10, 25, 50, 75, 100, 150, 200, 300, 500, 1000],
  },
  webrtc_stream_health_score: {
    type: 'gauge',
    help: 'How well the stream gets through, 0 to 100; absent while it is not known',
    labels: ['connection_id'],
  },
  webrtc_video_quality_score: {
    type: 'gauge',
    help: 'What the viewer sees, 0 to 100; absent while the viewer does not say',
    labels: ['connection_id'],
  },
  webrtc_abr_switches_total: {
    type: 'counter',
    help: 'Changes of quality that were decided here, by reason',
    labels: ['connection_id', 'reason'],
  },
  webrtc_prefetch_operations_total: {
    type: 'counter',
    help: 'Pieces of media read ahead because nobody had them',
    labels: ['server_id', 'success'],
  },
  webrtc_prefetch_latency_ms: {
    type: 'histogram',
    help: 'How long those reads took that brought something',
    labels: ['server_id'],
    buckets: prefetchEdgesMs,
  },
  webrtc_cpu_usage_percent: {
    type: 'gauge',
    help: 'CPU of the server process, 100 for each core',
    labels: ['server_id'],
  },
  webrtc_memory_usage_bytes: { type: 'gauge', help: 'Resident memory of the server', labels: ['server_id'] },
  webrtc_ice_gathering_time_ms: {
    type: 'histogram',
    help: 'Time until all candidates of the server were known',
    labels: ['connection_id'],
    buckets: iceBuckets,
  },
  webrtc_ice_connection_time_ms: {
    type: 'histogram',
    help: 'Time until ICE had connected',
    labels: ['connection_id'],
    buckets: iceBuckets,
  },

  // Ours, in base units and without a connection: these add up.
  mcpx_first_frame_seconds: {
    type: 'histogram',
    help: 'From the request to the first frame, as viewers say',
    labels: [],
    buckets: [0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2, 3, 5, 10],
  },
  mcpx_freezes_total: { type: 'counter', help: 'Freezes that viewers say they have seen', labels: [] },
  mcpx_freeze_seconds_total: { type: 'counter', help: 'How long those lasted', labels: [] },
  mcpx_viewers_reporting: { type: 'gauge', help: 'Connected viewers that say what they see', labels: [] },
  mcpx_pacing_error_seconds: {
    type: 'histogram',
    help: 'How late packets left',
    labels: ['worker'],
    buckets: pacingErrorEdgesMs.map((edgeMs) => edgeMs / 1000),
  },
  mcpx_event_loop_delay_seconds: {
    type: 'gauge',
    help: 'p99 of how late the event loop of a media worker came round, since its last report',
    labels: ['worker'],
  },
  mcpx_worker_cpu_seconds_total: { type: 'counter', help: 'CPU time of a media worker', labels: ['worker'] },
  mcpx_rendition_cache_bytes: { type: 'gauge', help: 'Media kept as packets', labels: ['worker'] },
  mcpx_rendition_cache_hits_total: { type: 'counter', help: 'Pieces of media found there', labels: ['worker'] },
  mcpx_rendition_cache_misses_total: {
    type: 'counter',
    help: 'Pieces of media that had to be read',
    labels: ['worker'],
  },
} as const satisfies Record<string, MetricSpec>
