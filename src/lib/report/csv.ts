// CSV (RFC 4180), for spreadsheets: the connections of a report, the series of a benchmark.
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

/** A text that a spreadsheet would take for a formula is kept a text. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const plain = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
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
