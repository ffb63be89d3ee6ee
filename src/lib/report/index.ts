// A report from its rows to its file.
import { resolve } from 'node:path'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { writeFileWhole } from '../base/write-whole.ts'
import type { HistoryAnswer, HistoryRange, HistoryRow, HistoryTable, ReadHistory } from '../model/history.ts'
import { buildReport } from './build-report.ts'
import { renderCsv } from './csv.ts'
import { type Look, renderHtml } from './html.ts'
import type { Report } from './report.ts'
import type { Verdict } from './threshold.ts'

export type { Look } from './html.ts'

const hourMs = 3_600_000
/** Up to here every sample is looked at, up to there every minute. */
const resolutions: readonly (readonly [table: HistoryTable, longestMs: number])[] = [
  ['samples', 6 * hourMs],
  ['minutes', 14 * 24 * hourMs],
  ['hours', Number.POSITIVE_INFINITY],
]

export async function makeReport(
  read: ReadHistory,
  { nowMs, steps, ...range }: HistoryRange & { readonly nowMs: number; readonly steps?: number },
): Promise<Report> {
  const [samples, connections, events, operations] = await Promise.all([
    readFigures(read, range),
    ...(['connections', 'events', 'operations'] as const).map((table) => read(table, range)),
  ])
  const damaged = [...new Set([samples, connections, events, operations].flatMap((one) => one!.damaged))]
  return buildReport(
    {
      connections: lastOfEach(connections!.rows),
      samples: samples.rows,
      events: events!.rows,
      operations: operations!.rows,
      damaged,
    },
    { ...range, nowMs, ...(steps !== undefined && { steps }) },
  )
}

/** As fine as the period allows and the source gives: a server does not answer with any number of rows. */
async function readFigures(read: ReadHistory, range: HistoryRange): Promise<HistoryAnswer> {
  const fitting = resolutions.filter(([, longestMs]) => range.toMs - range.fromMs <= longestMs)
  for (const [table] of fitting) {
    try {
      return await read(table, range)
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

export async function render(
  report: Report,
  verdicts: readonly Verdict[],
  format: 'html' | 'json' | 'csv',
  look?: Look,
): Promise<string> {
  if (format === 'html') return renderHtml(report, verdicts, look)
  if (format === 'csv') return renderCsv(report)
  return `${JSON.stringify(verdicts.length > 0 ? { ...report, thresholds: verdicts } : report, null, 2)}\n`
}

/** Whole or not at all. Throws INVALID_OPTION where it cannot be written. */
export async function writeWhole(path: string, cwd: string, text: string | Uint8Array): Promise<void> {
  try {
    await writeFileWhole(resolve(cwd, path), text)
  } catch (error) {
    throw new McpxError('INVALID_OPTION', `--output ${path}: ${(error as Error).message}`, { cause: error })
  }
}
