// The metrics that are written, once: name, type, labels, buckets, help, where the figure comes from, and the switch that leaves it
// out. Names and buckets are the origin's. Dashboard, alerts and the table of docs/metrics.md are made from here.

import { frameSizeEdges } from '../model/stats.ts'
import { pacingErrorEdgesMs, prefetchEdgesMs } from './media-plane.ts'

/** What the configuration can leave out; `core` stays always. */
export const metricGroups = ['core', 'detailed', 'frame', 'resource', 'quality'] as const
export type MetricGroup = (typeof metricGroups)[number]

/** Where figures come from. */
export const metricSources = {
  engine: 'the streams that are open here',
  rtcp: 'RTCP of the viewer',
  viewer: 'the report of the viewer itself',
  playhead: 'the playhead of the stream',
  pacer: 'the pacer of the media worker',
  score: 'the scores, 0 to 100',
  content: 'content store and caches',
  http: 'HTTP server',
  process: 'the process and its threads',
} as const

type MetricSource = keyof typeof metricSources

export interface MetricSpec {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
  readonly group: MetricGroup
  readonly source: MetricSource
}

const counter = (group: MetricGroup, source: MetricSource, help: string, labels: readonly string[] = []) =>
  ({ type: 'counter', group, source, help, labels }) as const
const gauge = (group: MetricGroup, source: MetricSource, help: string, labels: readonly string[] = []) =>
  ({ type: 'gauge', group, source, help, labels }) as const
const histogram = (
  group: MetricGroup,
  source: MetricSource,
  help: string,
  buckets: readonly number[],
  labels: readonly string[] = [],
) => ({ type: 'histogram', group, source, help, buckets, labels }) as const

const iceBucketsMs = [50, 100, 250, 500, 1000, 2000, 5000]
const latencyBucketsMs = [10, 25, 50, 75, 100, 150, 200, 300, 500, 1000]
const inSeconds = (edgesMs: readonly number[]) => edgesMs.map((edgeMs) => edgeMs / 1000)
const scoreBuckets = [20, 40, 60, 80, 90, 100]

/** On --metrics-path. */
export const mcpMetrics = {
  mcp_uptime_seconds: gauge('core', 'process', 'Seconds since the server started'),
  mcp_request_count_total: counter('core', 'http', 'HTTP requests answered', ['endpoint', 'method', 'status']),
  mcp_request_latency_seconds: histogram(
    'core',
    'http',
    'Time from request to answer',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    ['endpoint', 'method'],
  ),
  mcp_webrtc_streams_count: gauge('core', 'engine', 'Streams that are open'),
  mcp_webrtc_peer_connections: gauge('core', 'engine', 'Streams with a connected viewer'),
  mcp_webrtc_bytes_sent_total: counter('core', 'playhead', 'Media bytes sent to viewers'),
  mcp_webrtc_bytes_received_total: counter('core', 'viewer', 'Media bytes that viewers say they have received'),
  mcp_active_sessions: gauge(
    'core',
    'engine',
    'webrtc: streams that are open. signalling, monitor: WebSockets that are open',
    ['controller'],
  ),
  mcp_ipfs_operation_count_total: counter(
    'core',
    'content',
    'Calls of the content store that are over; those that the caller gave up do not count',
    ['operation', 'success'],
  ),
  mcp_ipfs_operation_latency_seconds: histogram(
    'core',
    'content',
    'Duration of content store operations that succeeded; of a read, until its first bytes',
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    ['operation'],
  ),
  mcp_ipfs_bytes_transferred_total: counter(
    'core',
    'content',
    'Bytes read out of the content store, added to it, and fetched for it from outside',
    ['operation', 'direction'],
  ),
  mcp_cache_hit_count_total: counter(
    'core',
    'content',
    'Cache lookups that found something: blocks in memory and on disk, CIDs in the Parquet cache',
    ['cache_type'],
  ),
  mcp_cache_miss_count_total: counter('core', 'content', 'Cache lookups that found nothing', ['cache_type']),
  mcp_cache_size_bytes: gauge('core', 'content', 'Bytes kept in a cache', ['cache_type']),
  mcp_cache_item_count: gauge('core', 'content', 'Blocks or records kept in a cache', ['cache_type']),
  mcp_parquet_partition_count: gauge('core', 'content', 'Part files of the Parquet cache'),
  mcp_parquet_schema_version: gauge('core', 'content', 'Schema version of the part files of the Parquet cache'),

  // Ours.
  mcpx_blocks_verified_total: counter(
    'core',
    'content',
    'Blocks that were verified against their hash, by where they came from',
    ['source'],
  ),
  mcpx_custom_series_dropped_total: counter(
    'core',
    'process',
    'Values of custom metrics that were dropped because their metric has all the series it may have',
    ['metric'],
  ),
} satisfies Record<string, MetricSpec>

/** On --webrtc-metrics-port. */
export const webrtcMetrics = {
  webrtc_connections_total: counter('core', 'engine', 'Viewers that connected', ['server_id']),
  webrtc_active_connections: gauge('core', 'engine', 'Viewers connected now', ['server_id']),
  webrtc_connection_duration_seconds: histogram(
    'core',
    'engine',
    'How long viewers stayed',
    [5, 15, 30, 60, 120, 300, 600, 1800, 3600],
    ['server_id'],
  ),
  webrtc_frames_sent_total: counter('frame', 'playhead', 'Frames sent', ['type', 'quality']),
  webrtc_frames_received_total: counter('frame', 'viewer', 'Frames that viewers say they have received', [
    'type',
    'quality',
  ]),
  webrtc_frame_size_bytes: histogram('frame', 'playhead', 'Size of each frame sent', frameSizeEdges, [
    'type',
    'quality',
  ]),
  webrtc_frame_rate: gauge('frame', 'playhead', 'Frames sent a second', ['connection_id', 'type']),
  webrtc_buffer_level_frames: gauge('detailed', 'playhead', 'Frames ready ahead of the playhead', [
    'connection_id',
    'type',
  ]),
  webrtc_buffer_level_seconds: gauge('detailed', 'playhead', 'Seconds of media ready ahead of the playhead', [
    'connection_id',
    'type',
  ]),
  webrtc_buffer_underruns_total: counter('detailed', 'playhead', 'Times a playhead waited for content', [
    'connection_id',
    'type',
  ]),
  webrtc_bandwidth_kbps: gauge('core', 'playhead', 'Media bitrate', ['connection_id', 'direction']),
  webrtc_packet_loss_percent: gauge(
    'core',
    'rtcp',
    'Packets lost on the way since the poll before, as the viewer counts',
    ['connection_id', 'direction'],
  ),
  webrtc_jitter_ms: gauge('detailed', 'rtcp', 'Jitter that the viewer last reported', ['connection_id', 'type']),
  webrtc_quality_switches_total: counter('quality', 'engine', 'Changes of quality', [
    'connection_id',
    'from_quality',
    'to_quality',
  ]),
  webrtc_latency_ms: histogram(
    'detailed',
    'rtcp',
    'signaling: from the offer to the answer. media: half the round trip and what the viewer says its jitter buffer holds',
    latencyBucketsMs,
    ['connection_id', 'type'],
  ),
  webrtc_stream_health_score: gauge(
    'quality',
    'score',
    'How well the stream gets through, 0 to 100; absent while it is not known',
    ['connection_id'],
  ),
  webrtc_video_quality_score: gauge(
    'quality',
    'score',
    'What the viewer sees, 0 to 100; absent while the viewer does not say',
    ['connection_id'],
  ),
  webrtc_abr_switches_total: counter('quality', 'engine', 'Changes of quality that were decided here, by reason', [
    'connection_id',
    'reason',
  ]),
  webrtc_prefetch_operations_total: counter(
    'core',
    'content',
    'Groups of pictures read ahead of the playhead, as the rendition cache did not have them',
    ['server_id', 'success'],
  ),
  webrtc_prefetch_latency_ms: histogram(
    'detailed',
    'content',
    'Duration of read-aheads that brought something',
    prefetchEdgesMs,
    ['server_id'],
  ),
  webrtc_cpu_usage_percent: gauge('resource', 'process', 'CPU of the server process, 100 for each core', ['server_id']),
  webrtc_memory_usage_bytes: gauge('resource', 'process', 'Resident memory of the server', ['server_id']),
  webrtc_ice_gathering_time_ms: histogram(
    'detailed',
    'engine',
    'Time until all candidates of the server were known',
    iceBucketsMs,
    ['connection_id'],
  ),
  webrtc_ice_connection_time_ms: histogram('detailed', 'engine', 'Time until ICE had connected', iceBucketsMs, [
    'connection_id',
  ]),

  // Ours, in base units and without a connection: these add up.
  mcpx_first_frame_seconds: histogram(
    'core',
    'viewer',
    'From the request to the first frame, as viewers say',
    [0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2, 3, 5, 10],
  ),
  mcpx_freezes_total: counter('core', 'viewer', 'Freezes reported by viewers'),
  mcpx_freeze_seconds_total: counter('core', 'viewer', 'Total duration of freezes reported by viewers, in seconds'),
  mcpx_viewers_reporting: gauge('core', 'viewer', 'Connected viewers that say what they see'),
  mcpx_pacing_error_seconds: histogram(
    'resource',
    'pacer',
    'How late media packets left the server',
    inSeconds(pacingErrorEdgesMs),
    ['worker'],
  ),
  mcpx_event_loop_delay_seconds: gauge(
    'resource',
    'process',
    'p99 of how late the event loop of a media worker came round, since its last report',
    ['worker'],
  ),
  mcpx_worker_cpu_seconds_total: counter('resource', 'process', 'CPU time of a media worker', ['worker']),
  mcpx_rendition_cache_bytes: gauge('resource', 'content', 'Bytes of media kept as packets in the rendition cache', [
    'worker',
  ]),
  mcpx_rendition_cache_hits_total: counter('resource', 'content', 'Groups of pictures found in the rendition cache', [
    'worker',
  ]),
  mcpx_rendition_cache_misses_total: counter(
    'resource',
    'content',
    'Groups of pictures that were not in the rendition cache and had to be read',
    ['worker'],
  ),

  // What stands above for each connection, without one: these always exist, however many are watching.
  mcpx_connections_capped: gauge(
    'core',
    'engine',
    'Connections without series of their own, because there are more than --metrics-max-connections',
  ),
  mcpx_bitrate_bps: gauge('core', 'playhead', 'Media bitrate of all streams together'),
  mcpx_packet_loss_ratio: histogram(
    'core',
    'rtcp',
    'Packets lost on the way since the poll before, 0 to 1; one value for each stream and poll',
    [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
  ),
  mcpx_jitter_seconds: histogram(
    'detailed',
    'rtcp',
    'Jitter that viewers last reported; one value for each track and poll',
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2],
    ['type'],
  ),
  mcpx_latency_seconds: histogram(
    'detailed',
    'rtcp',
    'webrtc_latency_ms of all streams together',
    inSeconds(latencyBucketsMs),
    ['type'],
  ),
  mcpx_buffer_seconds: histogram(
    'detailed',
    'playhead',
    'Seconds of media ready ahead of the playheads; one value for each stream and poll',
    [0, 0.1, 0.25, 0.5, 1, 2, 5, 10],
  ),
  mcpx_buffer_underruns_total: counter('detailed', 'playhead', 'Times playheads waited for content'),
  mcpx_stream_health_score: histogram(
    'quality',
    'score',
    'Health of the streams where it is known, 0 to 100; one value for each stream and poll',
    scoreBuckets,
  ),
  mcpx_video_quality_score: histogram(
    'quality',
    'score',
    'What viewers see where it is known, 0 to 100; one value for each stream and poll',
    scoreBuckets,
  ),
  mcpx_quality_switches_total: counter('quality', 'engine', 'Changes of quality', ['from_quality', 'to_quality']),
  mcpx_ice_gathering_seconds: histogram(
    'detailed',
    'engine',
    'Time until all candidates of the server were known',
    inSeconds(iceBucketsMs),
  ),
  mcpx_ice_connection_seconds: histogram('detailed', 'engine', 'Time until ICE had connected', inSeconds(iceBucketsMs)),
} satisfies Record<string, MetricSpec>

/** Every metric by name, whichever port it is on. */
export const allMetrics: Readonly<Record<string, MetricSpec>> = { ...mcpMetrics, ...webrtcMetrics }
