// From rows of the history to the report: pure, and once over the rows.
import type { HistoryRow } from '../model/history.ts'
import type { ConnectionMeans } from './compare.ts'
import { type Report, type ReportConnection, type ReportFigure, reportFigures, reportVersion } from './report.ts'
import { distributionOf } from './statistics.ts'

export interface ReportRows {
  readonly connections: readonly HistoryRow[]
  /** Samples, or minutes where the period is long. */
  readonly samples: readonly HistoryRow[]
  readonly events: readonly HistoryRow[]
  readonly operations: readonly HistoryRow[]
  readonly damaged: readonly string[]
}

interface Period {
  readonly fromMs: number
  readonly toMs: number
  readonly nowMs: number
}

/** Points of the charts. */
const steps = 120
const maxListed = 200
const maxReasons = 5

const sources: Readonly<Record<Exclude<ReportFigure, 'startup'>, readonly [column: string, factor: number]>> = {
  bitrate: ['bitrate_bps', 1 / 1000],
  loss: ['loss_ratio', 100],
  rtt: ['round_trip_ms', 1],
  jitter: ['jitter_ms', 1],
  buffer: ['buffer_s', 1],
  fps: ['frames_per_second', 1],
  health: ['health', 1],
  quality: ['video_quality', 1],
}
const sampled = Object.keys(sources) as (keyof typeof sources)[]

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const iso = (ms: unknown): string => new Date(numberOf(ms) ?? 0).toISOString()
const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

/** A sample has the figure itself, a minute its mean. */
function figureOf(row: HistoryRow, figure: keyof typeof sources): number | undefined {
  const [column, factor] = sources[figure]
  const value = numberOf(row[column]) ?? numberOf(row[`${column}_mean`])
  return value === undefined ? undefined : value * factor
}

export function buildReport(rows: ReportRows, { fromMs, toMs, nowMs }: Period): Report {
  const byConnection = Map.groupBy(rows.samples, (row) => textOf(row.connection))
  const connections = rows.connections
    .map((row) => connectionOf(row, byConnection.get(textOf(row.id)) ?? []))
    .toSorted((a, b) => (a.healthMean ?? 101) - (b.healthMean ?? 101))
  const told = connections.filter(({ freezes }) => freezes !== null)
  const sum = (read: (one: ReportConnection) => number | null) =>
    connections.reduce((total, one) => total + (read(one) ?? 0), 0)
  const startups = connections.flatMap(({ startupMs }) => startupMs ?? [])
  const figures: Report['figures'] = Object.fromEntries(
    (Object.keys(reportFigures) as ReportFigure[]).flatMap((figure) => {
      const values = figure === 'startup' ? startups : rows.samples.flatMap((row) => figureOf(row, figure) ?? [])
      const distribution = distributionOf(values)
      return distribution ? [[figure, distribution]] : []
    }),
  )
  return {
    version: reportVersion,
    generatedAt: iso(nowMs),
    from: iso(fromMs),
    to: iso(toMs),
    summary: {
      connections: connections.length,
      failed: connections.filter(({ error }) => error !== null).length,
      reporting: told.length,
      watchedS: rows.connections.reduce((total, row) => total + watchedS(row, { fromMs, toMs }), 0),
      freezes: sum(({ freezes }) => freezes),
      frozenS: sum(({ frozenS }) => frozenS),
      operations: rows.operations.length,
      failedOperations: rows.operations.filter(({ status }) => status === 'failed').length,
    },
    figures,
    series: seriesOf(rows.samples, { fromMs, toMs }),
    connections: connections.slice(0, maxListed),
    qualitySwitches: rows.events
      .filter(({ type }) => type === 'quality_change')
      .slice(-maxListed)
      .map((row) => {
        const { from, to } = detailsOf(row)
        return { at: iso(row.at_ms), connection: textOf(row.connection), from: textOf(from), to: textOf(to) }
      }),
    errors: rows.events
      .filter(({ type }) => type === 'error')
      .slice(-maxListed)
      .map((row) => {
        const { code, message } = detailsOf(row)
        return { at: iso(row.at_ms), connection: textOf(row.connection), code: textOf(code), message: textOf(message) }
      }),
    damaged: rows.damaged,
  }
}

/** Each connection once, by figure; the startup as the viewer said it. */
export function meansOf({ connections, samples }: ReportRows): ConnectionMeans {
  const byConnection = [...Map.groupBy(samples, (row) => textOf(row.connection)).values()]
  const startup = connections.flatMap(({ first_frame_ms }) => numberOf(first_frame_ms) ?? [])
  const measured = sampled.map((figure) => {
    const means = byConnection.flatMap((rows) => mean(rows.flatMap((row) => figureOf(row, figure) ?? [])) ?? [])
    return [figure, means] as const
  })
  return { startup, ...Object.fromEntries(measured) }
}

function connectionOf(row: HistoryRow, samples: readonly HistoryRow[]): ReportConnection {
  const last = (column: string) => samples.findLast((sample) => numberOf(sample[column]) !== undefined)?.[column]
  const meanOf = (figure: keyof typeof sources) => mean(samples.flatMap((sample) => figureOf(sample, figure) ?? []))
  return {
    id: textOf(row.id),
    content: textOf(row.content),
    startedAt: iso(row.created_at_ms),
    endedAt: numberOf(row.closed_at_ms) === undefined ? null : iso(row.closed_at_ms),
    codecs: textOf(row.codecs),
    startupMs: numberOf(row.first_frame_ms) ?? null,
    healthMean: meanOf('health'),
    qualityMean: meanOf('quality'),
    freezes: numberOf(last('freeze_count')) ?? null,
    frozenS: numberOf(last('freeze_s')) ?? null,
    underruns: numberOf(last('underruns')) ?? 0,
    closeReason: textOf(row.close_reason) || null,
    error: textOf(row.error) || null,
    reasons: frequentReasons(samples),
  }
}

/** `loss 3.1 %` and `loss 3.4 %` are one reason: figures are left out. */
function frequentReasons(samples: readonly HistoryRow[]): string[] {
  const counts = new Map<string, number>()
  for (const { reasons } of samples)
    for (const reason of textOf(reasons).split(', ').filter(Boolean)) {
      const kind = reason.replace(/^−\d+: /, '').replace(/ ?\d.*$/, '')
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, maxReasons)
    .map(([kind, count]) => `${kind} (${count} times)`)
}

function watchedS(row: HistoryRow, { fromMs, toMs }: Pick<Period, 'fromMs' | 'toMs'>): number {
  const connectedMs = numberOf(row.connected_at_ms)
  if (connectedMs === undefined) return 0
  const endMs = Math.min(toMs, numberOf(row.closed_at_ms) ?? toMs)
  return Math.max(0, endMs - Math.max(fromMs, connectedMs)) / 1000
}

function seriesOf(samples: readonly HistoryRow[], { fromMs, toMs }: Pick<Period, 'fromMs' | 'toMs'>): Report['series'] {
  const stepMs = Math.max(1000, (toMs - fromMs) / steps)
  const byStep = Map.groupBy(samples, ({ at_ms }) => Math.floor(((numberOf(at_ms) ?? fromMs) - fromMs) / stepMs))
  return [...byStep]
    .sort(([a], [b]) => a - b)
    .map(([step, rows]) => ({
      at: iso(fromMs + step * stepMs),
      viewers: new Set(rows.map(({ connection }) => connection)).size,
      ...Object.fromEntries(
        sampled.flatMap((figure) => {
          const value = mean(rows.flatMap((row) => figureOf(row, figure) ?? []))
          return value === null ? [] : [[figure, value]]
        }),
      ),
    }))
}

function detailsOf({ details }: HistoryRow): Record<string, unknown> {
  try {
    return JSON.parse(textOf(details)) as Record<string, unknown>
  } catch {
    return {}
  }
}
