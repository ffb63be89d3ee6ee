// From what the history has to the report: pure.
import type { HistoryRow } from '../model/history.ts'
import { type Report, type ReportConnection, reportFigures, reportVersion } from '../protocol/report.ts'
import type { ConnectionMeans } from './compare.ts'
import { figuresOfRow, type SampleSums } from './sample-sums.ts'
import { distributionOf } from './statistics.ts'

export interface ReportRows {
  readonly connections: readonly HistoryRow[]
  /** Samples, or minutes or hours where the period is long. */
  readonly samples: SampleSums
  readonly events: readonly HistoryRow[]
  readonly decisions: readonly HistoryRow[]
  readonly operations: readonly HistoryRow[]
  readonly damaged: readonly string[]
}

interface Period {
  readonly fromMs: number
  readonly toMs: number
  readonly nowMs: number
}

const maxListed = 200

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const iso = (ms: unknown): string => new Date(numberOf(ms) ?? 0).toISOString()
export function buildReport(all: ReportRows, { fromMs, toMs, nowMs }: Period): Report {
  const rows = { ...all, connections: all.connections.filter((row) => wasOpen(row, all.samples, fromMs)) }
  const connections = rows.connections
    .map((row) => connectionOf(row, rows.samples, fromMs))
    .toSorted((a, b) => (a.healthMean ?? 101) - (b.healthMean ?? 101))
  const told = connections.filter(({ freezes }) => freezes !== null)
  const sum = (read: (one: ReportConnection) => number | null) =>
    connections.reduce((total, one) => total + (read(one) ?? 0), 0)
  const startups = connections.flatMap(({ startupMs }) => startupMs ?? [])
  const figures: Report['figures'] = Object.fromEntries(
    reportFigures.flatMap((figure) => {
      const distribution = figure === 'startup' ? distributionOf(startups) : rows.samples.distribution(figure)
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
      watchedS: rows.connections.reduce((total, row) => total + watchedS(row, rows.samples, { fromMs, toMs }), 0),
      freezes: sum(({ freezes }) => freezes),
      frozenS: sum(({ frozenS }) => frozenS),
      operations: rows.operations.length,
      failedOperations: rows.operations.filter(({ status }) => status === 'failed').length,
    },
    figures,
    series: rows.samples.series().map(({ atMs, ...means }) => ({ at: iso(atMs), ...means })),
    connections: connections.slice(0, maxListed),
    qualitySwitches: rows.decisions
      .filter(({ type }) => type === 'quality')
      .slice(-maxListed)
      .map((row) => ({
        ...happened(row),
        from: textOf(row.from_value),
        to: textOf(row.to_value),
        why: textOf(row.reason) || null,
        known: figuresOfRow(parsed(row.inputs)),
      })),
    errors: rows.events
      .filter(({ type }) => type === 'error')
      .slice(-maxListed)
      .map((row) => {
        const { code, message } = detailsOf(row)
        return { ...happened(row), code: textOf(code), message: textOf(message) }
      }),
    damaged: rows.damaged,
  }
}

const happened = ({ at_ms, connection }: HistoryRow) => ({ at: iso(at_ms), connection: textOf(connection) })

/** Each connection once, by figure; the startup as the viewer said it. */
export function meansOf({ connections, samples }: ReportRows): ConnectionMeans {
  const startup = connections.flatMap(({ first_frame_ms }) => numberOf(first_frame_ms) ?? [])
  const measured = reportFigures.map((figure) => [figure, samples.meansOf(figure)])
  return { ...Object.fromEntries(measured), startup }
}

function connectionOf(row: HistoryRow, samples: SampleSums, fromMs: number): ReportConnection {
  const { means, reasons, grown } = samples.connection(textOf(row.id))
  const isOlder = (numberOf(row.created_at_ms) ?? fromMs) < fromMs
  /** What it counted before the period is not of it; where there are no samples, nobody knows what was when. */
  const counted = (counter: keyof typeof grown) => (isOlder ? grown[counter] : undefined) ?? numberOf(row[counter])
  return {
    id: textOf(row.id),
    content: textOf(row.content),
    startedAt: iso(row.created_at_ms),
    endedAt: numberOf(row.closed_at_ms) === undefined ? null : iso(row.closed_at_ms),
    codecs: textOf(row.codecs),
    startupMs: numberOf(row.first_frame_ms) ?? null,
    healthMean: means.health ?? null,
    qualityMean: means.quality ?? null,
    freezes: counted('freeze_count') ?? null,
    frozenS: counted('freeze_s') ?? null,
    underruns: counted('underruns') ?? 0,
    closeReason: textOf(row.close_reason) || null,
    error: textOf(row.error) || null,
    reasons,
  }
}

/** Nobody has noted the end of a connection whose server was killed: it was over when it was measured last. */
const endOf = (row: HistoryRow, samples: SampleSums): number | undefined =>
  numberOf(row.closed_at_ms) ?? samples.connection(textOf(row.id)).untilMs

const wasOpen = (row: HistoryRow, samples: SampleSums, fromMs: number): boolean =>
  (numberOf(row.created_at_ms) ?? 0) >= fromMs || endOf(row, samples) !== undefined

function watchedS(row: HistoryRow, samples: SampleSums, { fromMs, toMs }: Pick<Period, 'fromMs' | 'toMs'>): number {
  const connectedMs = numberOf(row.connected_at_ms)
  if (connectedMs === undefined) return 0
  const endMs = Math.min(toMs, endOf(row, samples) ?? connectedMs)
  return Math.max(0, endMs - Math.max(fromMs, connectedMs)) / 1000
}

const detailsOf = ({ details }: HistoryRow): HistoryRow => parsed(details)

/** What is not a JSON object is an empty one. */
function parsed(json: unknown): HistoryRow {
  try {
    return Object(JSON.parse(textOf(json))) as HistoryRow
  } catch {
    return {}
  }
}
