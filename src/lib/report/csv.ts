// CSV (RFC 4180), for spreadsheets: the connections of a report, the series of a benchmark.
import { plainText } from '../base/plain-text.ts'
import type { Report, ReportConnection } from '../protocol/report.ts'

const columns: readonly (keyof ReportConnection)[] = [
  'id',
  'content',
  'startedAt',
  'endedAt',
  'codecs',
  'startupMs',
  'healthMean',
  'qualityMean',
  'freezes',
  'frozenS',
  'underruns',
  'closeReason',
  'error',
]

/**
 * A text that a spreadsheet would take for a formula is kept a text. Content and errors come from anybody: what would
 * move the cursor of the terminal that shows the file, turn its direction or end a line of it is taken out.
 */
function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const shown = plainText(String(value))
  const plain = typeof value === 'string' && /^\s*[=+\-@＝＋－＠]/.test(shown) ? `'${shown}` : shown
  return /[",]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** With a line of names first. */
export const csvOf = (names: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string =>
  [names.join(','), ...rows.map((row) => names.map((name) => cell(row[name])).join(','))]
    .map((line) => `${line}\r\n`)
    .join('')

export const renderCsv = ({ connections }: Report): string =>
  csvOf(
    columns,
    connections.map((row) => ({ ...row })),
  )
