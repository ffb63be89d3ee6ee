// The Grafana dashboard: the origin's panels, and ours. Written to deploy/grafana/webrtc_dashboard.json.
import { describe } from './names.mjs'

const server = '{server_id=~"$server_id"}'
/** Series that do not say their server: those of targets that one of the chosen servers answers. */
const ofServer = `and on (job, instance) webrtc_active_connections${server}`
const rate = (name) => `rate(${name}[$__rate_interval])`
const quantile = (q, name, by = '') =>
  `histogram_quantile(${q}, sum by (le${by}) (${rate(`${name}_bucket`)} ${ofServer}))`
const one = (expr, legend) => [{ expr, legend }]
const average = (name, by) =>
  one(`avg by (${by.join(', ')}) (${name} ${ofServer})`, by.map((label) => `{{${label}}}`).join(' '))

const connections = [
  {
    title: 'Active Connections',
    type: 'gauge',
    targets: one(`sum(webrtc_active_connections${server})`, 'viewers'),
    steps: [
      [null, 'green'],
      [5, 'blue'],
      [10, 'red'],
    ],
  },
  {
    title: 'Connections by Server',
    targets: one(`sum by (server_id) (webrtc_connections_total${server})`, '{{server_id}}'),
  },
  {
    title: 'Stream Health Scores',
    type: 'bargauge',
    targets: average('webrtc_stream_health_score', ['connection_id']),
    range: [0, 100],
    steps: [
      [null, 'red'],
      [60, 'yellow'],
      [80, 'green'],
    ],
  },
  {
    title: 'Average Connection Duration',
    unit: 's',
    targets: one(
      ['sum', 'count']
        .map(
          (part) =>
            `sum by (server_id) (${rate(`webrtc_connection_duration_seconds_${part}`).replace('[', `${server}[`)})`,
        )
        .join(' / '),
      '{{server_id}}',
    ),
  },
]

const path = [
  {
    title: '95th Percentile Latency',
    type: 'stat',
    unit: 'ms',
    targets: one(quantile(0.95, 'webrtc_latency_ms', ', type'), '{{type}}'),
    steps: [
      [null, 'green'],
      [100, 'yellow'],
      [500, 'red'],
    ],
  },
  {
    title: 'Bandwidth Usage',
    unit: 'Kbits',
    targets: average('webrtc_bandwidth_kbps', ['connection_id', 'direction']),
  },
  {
    title: 'Packet Loss',
    unit: 'percent',
    targets: average('webrtc_packet_loss_percent', ['connection_id', 'direction']),
  },
  { title: 'Frame Rates', unit: 'fps', targets: average('webrtc_frame_rate', ['connection_id', 'type']) },
  { title: 'Jitter', unit: 'ms', targets: average('webrtc_jitter_ms', ['connection_id', 'type']) },
]

const media = [
  { title: 'Buffer Level (Frames)', targets: average('webrtc_buffer_level_frames', ['connection_id', 'type']) },
  {
    title: 'Buffer Level (Seconds)',
    unit: 's',
    targets: average('webrtc_buffer_level_seconds', ['connection_id', 'type']),
  },
  {
    title: 'Buffer Underruns Rate',
    unit: 'ops',
    targets: one(
      `sum by (connection_id, type) (${rate('webrtc_buffer_underruns_total')} ${ofServer})`,
      '{{connection_id}} {{type}}',
    ),
  },
  { title: 'Video Quality Score', range: [0, 100], targets: average('webrtc_video_quality_score', ['connection_id']) },
]

const resources = [
  {
    title: 'CPU Usage',
    unit: 'percent',
    targets: one(`avg by (server_id) (webrtc_cpu_usage_percent${server})`, '{{server_id}}'),
  },
  {
    title: 'Memory Usage',
    unit: 'bytes',
    targets: one(`avg by (server_id) (webrtc_memory_usage_bytes${server})`, '{{server_id}}'),
  },
]

const experience = [
  {
    title: 'First Frame',
    unit: 's',
    targets: [0.5, 0.95].map((q) => ({ expr: quantile(q, 'mcpx_first_frame_seconds'), legend: `p${q * 100}` })),
  },
  {
    title: 'Time Frozen, by Viewer',
    unit: 'percentunit',
    targets: one(
      `sum(${rate('mcpx_freeze_seconds_total')} ${ofServer}) / (sum(mcpx_viewers_reporting ${ofServer}) > 0)`,
      'frozen',
    ),
  },
  { title: 'Freezes', unit: 'ops', targets: one(`sum(${rate('mcpx_freezes_total')} ${ofServer})`, 'freezes') },
  {
    title: 'Viewers That Say What They See',
    targets: [
      { expr: `sum(webrtc_active_connections${server})`, legend: 'connected' },
      { expr: `sum(mcpx_viewers_reporting ${ofServer})`, legend: 'reporting' },
      { expr: `sum(mcpx_connections_capped ${ofServer})`, legend: 'without series of their own' },
    ],
  },
  {
    title: 'Packet Loss of All Streams',
    unit: 'percentunit',
    targets: [0.5, 0.95].map((q) => ({ expr: quantile(q, 'mcpx_packet_loss_ratio'), legend: `p${q * 100}` })),
  },
  {
    title: 'Health of All Streams',
    range: [0, 100],
    targets: [0.05, 0.5].map((q) => ({ expr: quantile(q, 'mcpx_stream_health_score'), legend: `p${q * 100}` })),
  },
  {
    title: 'Bitrate of All Streams',
    unit: 'bps',
    targets: one(`sum by (instance) (mcpx_bitrate_bps ${ofServer})`, '{{instance}}'),
  },
  {
    title: 'Quality Switches',
    unit: 'ops',
    targets: one(
      `sum by (from_quality, to_quality) (${rate('mcpx_quality_switches_total')} ${ofServer})`,
      '{{from_quality}} to {{to_quality}}',
    ),
  },
]

const inside = [
  {
    title: 'Pacing Error (p99)',
    unit: 's',
    targets: one(quantile(0.99, 'mcpx_pacing_error_seconds', ', instance, worker'), '{{instance}} worker {{worker}}'),
  },
  {
    title: 'Event Loop Delay (p99)',
    unit: 's',
    targets: one(
      `max by (instance, worker) (mcpx_event_loop_delay_seconds ${ofServer})`,
      '{{instance}} worker {{worker}}',
    ),
  },
  {
    title: 'CPU by Media Worker',
    unit: 'percentunit',
    targets: one(
      `sum by (instance, worker) (${rate('mcpx_worker_cpu_seconds_total')} ${ofServer})`,
      '{{instance}} worker {{worker}}',
    ),
  },
  {
    title: 'Media Kept as Packets: Hits',
    unit: 'percentunit',
    targets: one(
      `sum by (instance) (${rate('mcpx_rendition_cache_hits_total')} ${ofServer}) / (sum by (instance) (${rate('mcpx_rendition_cache_hits_total')} ${ofServer}) + sum by (instance) (${rate('mcpx_rendition_cache_misses_total')} ${ofServer}))`,
      '{{instance}}',
    ),
  },
  {
    title: 'Prefetch (p95)',
    unit: 'ms',
    targets: one(
      `histogram_quantile(0.95, sum by (le, server_id) (rate(webrtc_prefetch_latency_ms_bucket${server}[$__rate_interval])))`,
      '{{server_id}}',
    ),
  },
]

/** From --metrics-path, where nothing says the server: of all that are scraped. */
const content = [
  {
    title: 'Cache Hits',
    unit: 'percentunit',
    targets: one(
      `sum by (cache_type) (${rate('mcp_cache_hit_count_total')}) / (sum by (cache_type) (${rate('mcp_cache_hit_count_total')}) + sum by (cache_type) (${rate('mcp_cache_miss_count_total')}))`,
      '{{cache_type}}',
    ),
  },
  { title: 'Cache Size', unit: 'bytes', targets: one('sum by (cache_type) (mcp_cache_size_bytes)', '{{cache_type}}') },
  {
    title: 'Verified Blocks',
    unit: 'ops',
    targets: one(`sum by (source) (${rate('mcpx_blocks_verified_total')})`, '{{source}}'),
  },
  {
    title: 'Content Operations',
    unit: 'ops',
    targets: one(
      `sum by (operation, success) (${rate('mcp_ipfs_operation_count_total')})`,
      '{{operation}} {{success}}',
    ),
  },
  {
    title: 'Content Latency (p95)',
    unit: 's',
    targets: one(
      `histogram_quantile(0.95, sum by (le, operation) (${rate('mcp_ipfs_operation_latency_seconds_bucket')}))`,
      '{{operation}}',
    ),
  },
  {
    title: 'Requests',
    unit: 'reqps',
    targets: one(`sum by (status) (${rate('mcp_request_count_total')})`, '{{status}}'),
  },
]

const rows = [
  ['Connections', connections, 6],
  ['Path', path, 8],
  ['Media', media, 6],
  ['Resources', resources, 12],
  ['What viewers see', experience, 6],
  ['Inside the server', inside, 8],
  ['Content', content, 8],
]

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts its variable in
const datasource = { type: 'prometheus', uid: '${datasource}' }
const height = 8

function panelOf({ title, type = 'timeseries', unit = 'short', targets, range, steps }, id, gridPos) {
  const [min, max] = range ?? [0]
  return {
    id,
    type,
    title,
    description: describe(targets.map(({ expr }) => expr)),
    datasource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        min,
        ...(max !== undefined && { max }),
        color: { mode: steps ? 'thresholds' : 'palette-classic' },
        ...(steps && { thresholds: { mode: 'absolute', steps: steps.map(([value, color]) => ({ color, value })) } }),
      },
      overrides: [],
    },
    options: optionsOf(type),
    targets: targets.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      legendFormat: legend,
      editorMode: 'code',
      range: true,
    })),
  }
}

function optionsOf(type) {
  const reduceOptions = { calcs: ['lastNotNull'], fields: '', values: false }
  if (type === 'timeseries')
    return {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    }
  if (type === 'bargauge') return { reduceOptions, orientation: 'horizontal', displayMode: 'gradient' }
  if (type === 'gauge')
    return { reduceOptions, orientation: 'auto', showThresholdLabels: false, showThresholdMarkers: true }
  return { reduceOptions, orientation: 'auto', colorMode: 'value', graphMode: 'area', textMode: 'auto' }
}

function layOut() {
  const panels = []
  let y = 0
  for (const [title, content, width] of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    })
    y++
    let x = 0
    for (const panel of content) {
      if (x + width > 24) {
        x = 0
        y += height
      }
      panels.push(panelOf(panel, panels.length + 1, { x, y, w: width, h: height }))
      x += width
    }
    y += height
  }
  return panels
}

const variables = [
  {
    name: 'datasource',
    label: 'Prometheus',
    type: 'datasource',
    query: 'prometheus',
    hide: 0,
    refresh: 1,
    includeAll: false,
    multi: false,
    options: [],
  },
  {
    name: 'server_id',
    label: 'Server',
    type: 'query',
    datasource,
    query: { query: 'label_values(webrtc_active_connections, server_id)', refId: 'servers' },
    hide: 0,
    refresh: 2,
    sort: 1,
    includeAll: true,
    multi: true,
    options: [],
    current: { text: ['All'], value: ['$__all'] },
  },
]

/** The text of the file. */
export const dashboardText = () =>
  `${JSON.stringify(
    {
      id: null,
      uid: 'webrtc-monitoring',
      title: 'WebRTC Monitoring Dashboard',
      description: 'How well streams play, and what the server does for it.',
      tags: ['webrtc', 'streaming', 'ipfs'],
      schemaVersion: 42,
      version: 1,
      editable: true,
      graphTooltip: 1,
      timezone: 'browser',
      refresh: '10s',
      time: { from: 'now-15m', to: 'now' },
      timepicker: {},
      annotations: { list: [] },
      links: [],
      templating: { list: variables },
      panels: layOut(),
    },
    null,
    2,
  )}\n`
