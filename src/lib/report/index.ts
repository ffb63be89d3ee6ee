// A report from its rows to its file.
import { McpxError, toMcpxError } from '../base/errors.ts'
import { calmJson } from '../base/json-text.ts'
import type { HistoryRange, HistoryReader, HistoryRow } from '../model/history.ts'
import type { Comparison, Report, Verdict } from '../protocol/report.ts'
import { buildReport, meansOf, type ReportRows } from './build-report.ts'
import { compare } from './compare.ts'
import { renderComparisonHtml } from './compare-html.ts'
import { renderCsv } from './csv.ts'
import { renderHtml } from './html.ts'
import type { Look } from './page.ts'
import { createSampleSums, sampleColumns } from './sample-sums.ts'

export type { Look } from './page.ts'
export { writeWhole } from './write-output.ts'

const hourMs = 3_600_000
/** Up to here every sample is looked at, up to there every minute. */
const resolutions: readonly (readonly [table: 'samples' | 'minutes' | 'hours', longestMs: number, rowMs: number])[] = [
  ['samples', 6 * hourMs, 0],
  ['minutes', 14 * 24 * hourMs, 60_000],
  ['hours', Number.POSITIVE_INFINITY, hourMs],
]

interface Settings {
  readonly nowMs: number
  /** Points of the charts. */
  readonly steps?: number
}

export async function makeReport(
  history: HistoryReader,
  { nowMs, steps, ...range }: HistoryRange & Settings,
): Promise<Report> {
  return buildReport(await readRows(history, range, steps), { ...range, nowMs })
}

/** `b` against `a`. */
export async function makeComparison(
  history: HistoryReader,
  [a, b]: readonly [HistoryRange, HistoryRange],
  { nowMs }: Settings,
): Promise<Comparison> {
  const [rowsOfA, rowsOfB] = await Promise.all([readRows(history, a), readRows(history, b)])
  return compare(
    { report: buildReport(rowsOfA, { ...a, nowMs }), means: meansOf(rowsOfA) },
    { report: buildReport(rowsOfB, { ...b, nowMs }), means: meansOf(rowsOfB) },
  )
}

async function readRows(history: HistoryReader, range: HistoryRange, steps?: number): Promise<ReportRows> {
  const [samples, connections, events, decisions, operations] = await Promise.all([
    sumSamples(history, range, steps),
    ...(['connections', 'events', 'decisions', 'operations'] as const).map((table) => history.read(table, range)),
  ])
  return {
    connections: lastOfEach(connections!.rows),
    samples: samples.sums,
    events: events!.rows,
    decisions: decisions!.rows,
    operations: operations!.rows,
    damaged: [...new Set([samples, connections, events, decisions, operations].flatMap((one) => one!.damaged))],
  }
}

/** As fine as the period allows and the source gives: a server does not answer with any number of rows. */
async function sumSamples({ scan }: HistoryReader, range: HistoryRange, steps?: number) {
  const fitting = resolutions.filter(([, longestMs]) => range.toMs - range.fromMs <= longestMs)
  for (const [table, , rowMs] of fitting) {
    const sums = createSampleSums(range, steps, rowMs)
    try {
      return { sums, ...(await scan(table, range, sampleColumns(table), sums.add)) }
    } catch (error) {
      if (toMcpxError(error).code !== 'MESSAGE_TOO_LARGE' || table === 'hours') throw error
    }
  }
  throw new McpxError('INTERNAL', 'no resolution of the history fits')
}

/** A connection stands in every day that it was seen on: the last one knows most. */
const lastOfEach = (rows: readonly HistoryRow[]): HistoryRow[] => [
  ...new Map(rows.map((row) => [row.id, row])).values(),
]

export type ReportFormat = 'html' | 'json' | 'csv'

export async function render(
  report: Report,
  verdicts: readonly Verdict[],
  format: ReportFormat,
  look?: Look,
): Promise<string> {
  if (format === 'html') return renderHtml(report, verdicts, look)
  if (format === 'csv') return renderCsv(report)
  return asJson(report, verdicts)
}

/** Throws INVALID_OPTION for CSV, which is a list of connections. */
export async function renderComparison(
  comparison: Comparison,
  verdicts: readonly Verdict[],
  format: ReportFormat,
): Promise<string> {
  if (format === 'csv')
    throw new McpxError('INVALID_OPTION', '--compare has no CSV form', { hint: 'Use --format html or json.' })
  return format === 'html' ? renderComparisonHtml(comparison, verdicts) : asJson(comparison, verdicts)
}

const asJson = (data: object, verdicts: readonly Verdict[]): string =>
  `${calmJson(JSON.stringify(verdicts.length > 0 ? { ...data, thresholds: verdicts } : data, null, 2))}\n`
