// The metrics that are written, once: name, type, labels, buckets and help. Names and buckets are the origin's.

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
    help: 'Loss that the viewer last reported',
    labels: ['connection_id', 'direction'],
  },
  webrtc_jitter_ms: { type: 'gauge', help: 'Jitter that the viewer last reported', labels: ['connection_id', 'type'] },
  webrtc_quality_switches_total: {
    type: 'counter',
    help: 'Changes of quality',
    labels: ['connection_id', 'from_quality', 'to_quality'],
  },
  webrtc_memory_usage_bytes: { type: 'gauge', help: 'Resident memory of the server', labels: ['server_id'] },
  webrtc_ice_connection_time_ms: {
    type: 'histogram',
    help: 'Time until ICE had connected',
    labels: ['connection_id'],
    buckets: iceBuckets,
  },
} as const satisfies Record<string, MetricSpec>
