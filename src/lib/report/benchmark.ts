// A benchmark as a file, with the origin's names: a summary, a series and what happened, as JSON, CSV or a page.
import { calmJson } from '../base/json-text.ts'
import type { BenchmarkFormat, BenchmarkRun, BenchmarkSample } from '../model/benchmark.ts'
import { drawChart } from './chart.ts'
import { csvOf } from './csv.ts'
import { number, page, section, table, text, tiles } from './page.ts'
import { distributionOf } from './statistics.ts'

export interface BenchmarkReport {
  readonly summary: Readonly<Record<string, string | number | null | Readonly<Record<string, number>>>>
  readonly time_series: readonly Readonly<Record<Series, number | null>>[]
  readonly events: readonly { readonly event: string; readonly time_ms: number }[]
  readonly config: object
}

const inPercent = (ratio: number | null) => (ratio === null ? null : ratio * 100)
const perSecond = (total: number, durationMs: number) => (durationMs > 0 ? (total * 1000) / durationMs : 0)

export function benchmarkReport(run: BenchmarkRun, config: object): BenchmarkReport {
  return {
    summary: summaryOf(run),
    time_series: run.samples.map(seriesPoint),
    events: run.events.map(({ event, timeMs }) => ({ event, time_ms: timeMs })),
    config,
  }
}

const series = {
  time_ms: ({ timeMs }) => timeMs,
  rtt_ms: ({ roundTripMs }) => roundTripMs,
  jitter_ms: ({ jitterMs }) => jitterMs,
  packet_loss_percent: ({ lossRatio }) => inPercent(lossRatio),
  bitrate_kbps: ({ bitrateBps }) => bitrateBps / 1000,
  frames_per_second: ({ framesPerSecond }) => framesPerSecond,
  resolution_width: ({ width }) => width,
  resolution_height: ({ height }) => height,
  cpu_percent: ({ cpuRatio }) => inPercent(cpuRatio),
  quality_score: ({ videoQuality }) => videoQuality,
  health_score: ({ health }) => health,
} as const satisfies Record<string, (sample: BenchmarkSample) => number | null>
type Series = keyof typeof series
const seriesNames = Object.keys(series) as Series[]

const seriesPoint = (sample: BenchmarkSample): Record<Series, number | null> =>
  Object.fromEntries(seriesNames.map((name) => [name, series[name](sample)])) as Record<Series, number | null>

function summaryOf(run: BenchmarkRun): BenchmarkReport['summary'] {
  const points = run.samples.map(seriesPoint)
  const mean = (name: Series) =>
    distributionOf(points.map((point) => point[name]).filter((value) => value !== null))?.mean ?? null
  const latency = distributionOf(run.latenciesMs)
  const expected = run.packetsReceived + run.packetsLost
  const bytesPerSecond = perSecond(run.bytesReceived, run.durationMs)
  return {
    connection_id: run.connectionId,
    cid: run.content,
    duration_sec: run.durationMs / 1000,
    ice_gathering_time_ms: run.iceGatheringMs,
    ice_connection_time_ms: run.iceConnectMs,
    dtls_setup_time_ms: run.dtlsConnectMs,
    first_frame_time_ms: run.firstFrameMs,
    avg_rtt_ms: mean('rtt_ms'),
    avg_jitter_ms: mean('jitter_ms'),
    avg_packet_loss_percent: mean('packet_loss_percent'),
    avg_bitrate_kbps: mean('bitrate_kbps'),
    avg_frames_per_second: mean('frames_per_second'),
    total_frames: run.framesReceived,
    keyframe_ratio: run.framesReceived > 0 ? run.keyFramesReceived / run.framesReceived : null,
    freeze_count: run.freezeCount,
    freeze_ms: run.freezeMs,
    avg_end_to_end_latency_ms: latency?.mean ?? null,
    p50_latency_ms: latency?.p50 ?? null,
    p95_latency_ms: latency?.p95 ?? null,
    throughput_bytes_per_sec: bytesPerSecond,
    throughput_mbps: (bytesPerSecond * 8) / 1e6,
    packet_loss_rate: expected > 0 ? run.packetsLost / expected : null,
    video_codec: run.videoCodec,
    audio_codec: run.audioCodec,
    avg_quality_score: mean('quality_score'),
    avg_health_score: mean('health_score'),
    avg_cpu_percent: mean('cpu_percent'),
    ice_candidates: run.candidates,
  }
}

export async function renderBenchmark(run: BenchmarkRun, config: object, format: BenchmarkFormat): Promise<string> {
  const report = benchmarkReport(run, config)
  if (format === 'csv') return csvOf(seriesNames, report.time_series)
  if (format === 'html') return renderHtml(run, report)
  return `${calmJson(JSON.stringify(report, null, 2))}\n`
}

const charted = [
  ['bitrate_kbps', 'Bitrate', 'kbps'],
  ['packet_loss_percent', 'Packet loss', '%'],
  ['rtt_ms', 'Round trip time', 'ms'],
  ['jitter_ms', 'Jitter', 'ms'],
  ['frames_per_second', 'Frame rate', 'fps'],
  ['quality_score', 'Video quality', ''],
  ['health_score', 'Stream health', ''],
  ['cpu_percent', 'CPU of the server', '%'],
] as const satisfies readonly (readonly [Series, string, string])[]

async function renderHtml(run: BenchmarkRun, report: BenchmarkReport): Promise<string> {
  const at = (timeMs: number) => new Date(run.startedAtMs + timeMs).toISOString()
  const charts: string[] = []
  for (const [name, title, unit] of charted) {
    const points = report.time_series.map((point) => ({ at: at(point.time_ms ?? 0), value: point[name] ?? undefined }))
    if (points.every(({ value }) => value === undefined)) continue
    charts.push(`<figure><figcaption>${text(title)}</figcaption>${await drawChart([points], unit)}</figure>`)
  }
  const latency = distributionOf(run.latenciesMs)
  const cells = Object.entries(report.summary).map(([name, value]) => [
    `<code>${text(name)}</code>`,
    typeof value === 'number' || value === null ? number(value) : text(plain(value)),
  ])
  return page(
    'mcpx benchmark',
    [
      `<h1>How it played</h1><p class="quiet"><code>${text(run.content)}</code> · ${text(at(0).replace('T', ' ').slice(0, 19))} UTC</p>`,
      tiles([
        ['First frame', number(run.firstFrameMs, 'ms')],
        ['Bitrate', number(report.summary.avg_bitrate_kbps as number | null, 'kbps')],
        ['Packets lost', number(run.packetsLost)],
        ['Freezes', number(run.freezeCount)],
        ['Delay, p95', number(latency?.p95, 'ms')],
      ]),
      charts.length > 0 ? section('Over time', `<div class="charts">${charts.join('')}</div>`) : '',
      section('In numbers', table(['Figure', 'Value'], cells)),
      section(
        'What happened',
        table(
          ['Event', 'After'],
          run.events.map(({ event, timeMs }) => [text(event), number(timeMs, 'ms')]),
        ),
      ),
    ],
    report,
  )
}

const plain = (value: string | object): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')
