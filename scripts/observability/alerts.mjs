// The alert rules and their tests: written to deploy/prometheus/. Each has its section in docs/runbooks.md.
import { metricsIn } from './names.mjs'
import { toYaml } from './yaml.mjs'

const target = 'job, instance'
const perTarget = (expression) => `sum by (${target}) (${expression})`
const grows = (series) => perTarget(`rate(${series}[5m])`)
const quantile = (q, histogram, by = '') =>
  `histogram_quantile(${q}, sum by (${target}${by}, le) (rate(${histogram}[5m])))`
/** Of all that was observed, how much was no more than an edge, which Prometheus 3 writes `60.0` where 2 wrote `60`. */
const shareUpTo = (name, edge) => `${grows(`${name}_bucket{le=~"${edge}(.0)?"}`)} / ${grows(`${name}_count`)}`

const of = (percent) => ({ filter: 'humanizePercentage', shown: percent })
const time = (shown) => ({ filter: 'humanizeDuration', shown })

/**
 * `rises` are series that make the alert fire, as promtool writes them (a value a minute), `stays` those that do not; `value` is
 * how what was measured reads in the summary, and which template makes it so.
 */
const alerts = [
  {
    name: 'McpxDown',
    severity: 'critical',
    expr: 'up{job=~"mcpx.*"} == 0',
    hold: '2m',
    summary: 'Prometheus does not reach {{ $labels.instance }}',
    rises: { up: '0x40' },
    stays: { up: '1x40' },
  },
  {
    name: 'McpxSlowFirstFrame',
    severity: 'warning',
    expr: `${quantile(0.95, 'mcpx_first_frame_seconds_bucket')} > 3`,
    hold: '10m',
    summary: 'One viewer in twenty waits longer than {value} for the first frame',
    value: time('10s'),
    rises: {
      'mcpx_first_frame_seconds_bucket{le="5"}': '0x40',
      'mcpx_first_frame_seconds_bucket{le="10"}': '0+95x40',
      'mcpx_first_frame_seconds_bucket{le="+Inf"}': '0+100x40',
    },
    stays: {
      'mcpx_first_frame_seconds_bucket{le="1"}': '0+100x40',
      'mcpx_first_frame_seconds_bucket{le="+Inf"}': '0+100x40',
    },
  },
  {
    name: 'McpxFreezes',
    severity: 'warning',
    expr: `${grows('mcpx_freeze_seconds_total')} / (${perTarget('mcpx_viewers_reporting')} > 0) > 0.05`,
    hold: '5m',
    summary: 'Viewers spend {value} of the time looking at a frozen picture',
    value: of('10%'),
    rises: { mcpx_freeze_seconds_total: '0+12x40', mcpx_viewers_reporting: '2x40' },
    stays: { mcpx_freeze_seconds_total: '0+1x40', mcpx_viewers_reporting: '2x40' },
  },
  {
    name: 'McpxPacketLoss',
    severity: 'warning',
    expr: `1 - ${shareUpTo('mcpx_packet_loss_ratio', '0.05')} > 0.2`,
    hold: '5m',
    summary: 'More than 5 % of the packets are lost {value} of the time that is watched',
    value: of('50%'),
    rises: { 'mcpx_packet_loss_ratio_bucket{le="0.05"}': '0+30x40', mcpx_packet_loss_ratio_count: '0+60x40' },
    stays: { 'mcpx_packet_loss_ratio_bucket{le="0.05"}': '0+60x40', mcpx_packet_loss_ratio_count: '0+60x40' },
  },
  {
    name: 'McpxPoorHealth',
    severity: 'warning',
    expr: `${shareUpTo('mcpx_stream_health_score', '60')} > 0.25`,
    hold: '5m',
    summary: 'Streams have a health of 60 or less for {value} of the time',
    value: of('50%'),
    rises: { 'mcpx_stream_health_score_bucket{le="60"}': '0+30x40', mcpx_stream_health_score_count: '0+60x40' },
    stays: { 'mcpx_stream_health_score_bucket{le="60"}': '0+6x40', mcpx_stream_health_score_count: '0+60x40' },
  },
  {
    name: 'McpxHighLatency',
    severity: 'warning',
    expr: `${quantile(0.95, 'mcpx_latency_seconds_bucket{type="media"}')} > 0.5`,
    hold: '10m',
    summary: 'One stream in twenty is more than {value} behind',
    value: time('1s'),
    rises: {
      'mcpx_latency_seconds_bucket{le="0.5",type="media"}': '0x40',
      'mcpx_latency_seconds_bucket{le="1",type="media"}': '0+95x40',
      'mcpx_latency_seconds_bucket{le="+Inf",type="media"}': '0+100x40',
    },
    stays: {
      'mcpx_latency_seconds_bucket{le="0.1",type="media"}': '0+100x40',
      'mcpx_latency_seconds_bucket{le="+Inf",type="media"}': '0+100x40',
    },
  },
  {
    name: 'McpxBufferUnderruns',
    severity: 'warning',
    expr: `${grows('mcpx_buffer_underruns_total')} * 60 / (${perTarget('webrtc_active_connections')} > 0) > 1`,
    hold: '5m',
    summary: 'Each stream waits for content {value} times a minute',
    value: { filter: 'humanize', shown: '3' },
    rises: { mcpx_buffer_underruns_total: '0+6x40', 'webrtc_active_connections{server_id="n"}': '2x40' },
    stays: { mcpx_buffer_underruns_total: '0x40', 'webrtc_active_connections{server_id="n"}': '2x40' },
  },
  {
    name: 'McpxEventLoopDelay',
    severity: 'warning',
    expr: 'mcpx_event_loop_delay_seconds > 0.1',
    hold: '5m',
    summary: 'The event loop of media worker {{ $labels.worker }} comes round {value} late',
    value: time('250ms'),
    labels: { worker: '0' },
    rises: { 'mcpx_event_loop_delay_seconds{worker="0"}': '0.25x40' },
    stays: { 'mcpx_event_loop_delay_seconds{worker="0"}': '0.005x40' },
  },
  {
    name: 'McpxLatePackets',
    severity: 'warning',
    expr: `${quantile(0.99, 'mcpx_pacing_error_seconds_bucket', ', worker')} > 0.064`,
    hold: '5m',
    summary: 'One packet in a hundred leaves media worker {{ $labels.worker }} more than {value} late',
    value: time('128ms'),
    labels: { worker: '0' },
    rises: {
      'mcpx_pacing_error_seconds_bucket{worker="0",le="0.064"}': '0x40',
      'mcpx_pacing_error_seconds_bucket{worker="0",le="0.128"}': '0+99x40',
      'mcpx_pacing_error_seconds_bucket{worker="0",le="+Inf"}': '0+100x40',
    },
    stays: {
      'mcpx_pacing_error_seconds_bucket{worker="0",le="0.004"}': '0+100x40',
      'mcpx_pacing_error_seconds_bucket{worker="0",le="+Inf"}': '0+100x40',
    },
  },
  {
    name: 'McpxWorkerSaturated',
    severity: 'warning',
    expr: 'rate(mcpx_worker_cpu_seconds_total[5m]) > 0.9',
    hold: '10m',
    summary: 'Media worker {{ $labels.worker }} uses {value} of a core',
    value: of('100%'),
    labels: { worker: '0' },
    rises: { 'mcpx_worker_cpu_seconds_total{worker="0"}': '0+60x40' },
    stays: { 'mcpx_worker_cpu_seconds_total{worker="0"}': '0+30x40' },
  },
  {
    name: 'McpxMemoryHigh',
    severity: 'warning',
    expr: 'webrtc_memory_usage_bytes > 2 * 1024 ^ 3',
    hold: '10m',
    summary: 'The server takes {value}B of memory',
    value: { filter: 'humanize1024', shown: '3Gi' },
    labels: { server_id: 'n' },
    rises: { 'webrtc_memory_usage_bytes{server_id="n"}': `${3 * 1024 ** 3}x40` },
    stays: { 'webrtc_memory_usage_bytes{server_id="n"}': `${1024 ** 3}x40` },
  },
  {
    name: 'McpxPrefetchFailing',
    severity: 'warning',
    expr: `${grows('webrtc_prefetch_operations_total{success="false"}')} / ${grows('webrtc_prefetch_operations_total')} > 0.1`,
    hold: '5m',
    summary: '{value} of the media that is read ahead cannot be read',
    value: of('25%'),
    rises: {
      'webrtc_prefetch_operations_total{success="false"}': '0+15x40',
      'webrtc_prefetch_operations_total{success="true"}': '0+45x40',
    },
    stays: {
      'webrtc_prefetch_operations_total{success="false"}': '0x40',
      'webrtc_prefetch_operations_total{success="true"}': '0+45x40',
    },
  },
  {
    name: 'McpxContentFailing',
    severity: 'warning',
    expr: `${grows('mcp_ipfs_operation_count_total{success="false"}')} / ${grows('mcp_ipfs_operation_count_total')} > 0.1`,
    hold: '10m',
    summary: '{value} of the calls of the content store fail',
    value: of('25%'),
    rises: {
      'mcp_ipfs_operation_count_total{operation="read",success="false"}': '0+15x40',
      'mcp_ipfs_operation_count_total{operation="read",success="true"}': '0+45x40',
    },
    stays: {
      'mcp_ipfs_operation_count_total{operation="read",success="false"}': '0x40',
      'mcp_ipfs_operation_count_total{operation="read",success="true"}': '0+45x40',
    },
  },
  {
    name: 'McpxRequestErrors',
    severity: 'warning',
    expr: `${grows('mcp_request_count_total{status=~"5.."}')} / ${grows('mcp_request_count_total')} > 0.05`,
    hold: '5m',
    summary: '{value} of the requests are answered with an error of the server',
    value: of('25%'),
    rises: { 'mcp_request_count_total{status="500"}': '0+15x40', 'mcp_request_count_total{status="200"}': '0+45x40' },
    stays: { 'mcp_request_count_total{status="404"}': '0+15x40', 'mcp_request_count_total{status="200"}': '0+45x40' },
  },
  {
    name: 'McpxViewersSilent',
    severity: 'info',
    expr: `1 - ${perTarget('mcpx_viewers_reporting')} / (${perTarget('webrtc_active_connections')} > 0) > 0.5`,
    hold: '15m',
    summary: '{value} of the viewers do not say what they see',
    value: of('75%'),
    rises: { mcpx_viewers_reporting: '1x40', 'webrtc_active_connections{server_id="n"}': '4x40' },
    stays: { mcpx_viewers_reporting: '4x40', 'webrtc_active_connections{server_id="n"}': '4x40' },
  },
  {
    name: 'McpxConnectionsCapped',
    severity: 'info',
    expr: 'mcpx_connections_capped > 0',
    hold: '30m',
    summary: '{value} connections have no series of their own',
    value: { filter: 'humanize', shown: '7' },
    rises: { mcpx_connections_capped: '7x60' },
    stays: { mcpx_connections_capped: '0x60' },
  },
  {
    name: 'McpxCustomSeriesDropped',
    severity: 'info',
    expr: 'increase(mcpx_custom_series_dropped_total[15m]) > 0',
    hold: '0m',
    summary: 'The custom metric {{ $labels.metric }} has all the series it may have: values are dropped',
    labels: { metric: 'shop_orders_total' },
    rises: { 'mcpx_custom_series_dropped_total{metric="shop_orders_total"}': '0+1x60' },
    stays: { 'mcpx_custom_series_dropped_total{metric="shop_orders_total"}': '3x60' },
  },
]
for (const { expr } of alerts) metricsIn(expr)

export const alertNames = alerts.map(({ name }) => name)

const runbook = (name) => `docs/runbooks.md#${name.toLowerCase()}`
const summaryOf = ({ summary, value }) => summary.replace('{value}', `{{ $value | ${value?.filter} }}`)

const head = '# Made by scripts/docs.mjs: change scripts/observability/alerts.mjs instead.\n'

/** deploy/prometheus/alerts.yml */
export const rulesText = () =>
  `${head}${toYaml({
    groups: [
      {
        name: 'mcpx',
        rules: alerts.map((alert) => ({
          alert: alert.name,
          expr: alert.expr,
          ...(alert.hold !== '0m' && { for: alert.hold }),
          labels: { severity: alert.severity },
          annotations: { summary: summaryOf(alert), runbook_url: runbook(alert.name) },
        })),
      },
    ],
  })}\n`

const where = { job: 'mcpx-webrtc', instance: 'server:9090' }

/** `name{a="b"}` → the same with the labels of the target. */
function seriesOf(series) {
  const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(series)
  const own = Object.entries(where).map(([label, value]) => `${label}="${value}"`)
  return `${name}{${[...own, ...(labels ? [labels] : [])].join(',')}}`
}

function testOf(alert, series, fires) {
  const { name, severity, labels = {}, value, summary } = alert
  const rendered = summary
    .replace('{value}', value?.shown)
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, label) => ({ ...where, ...labels })[label])
  return {
    name: `${name} ${fires ? 'fires' : 'is quiet'}`,
    interval: '1m',
    input_series: Object.entries(series).map(([one, values]) => ({ series: seriesOf(one), values })),
    alert_rule_test: [
      {
        eval_time: '35m',
        alertname: name,
        exp_alerts: fires
          ? [
              {
                exp_labels: { severity, ...where, ...labels },
                exp_annotations: { summary: rendered, runbook_url: runbook(name) },
              },
            ]
          : [],
      },
    ],
  }
}

/** deploy/prometheus/alerts.test.yml, for `promtool test rules`. */
export const ruleTestsText = () =>
  `${head}${toYaml({
    rule_files: ['alerts.yml'],
    evaluation_interval: '1m',
    tests: alerts.flatMap((alert) => [testOf(alert, alert.rises, true), testOf(alert, alert.stays, false)]),
  })}\n`
