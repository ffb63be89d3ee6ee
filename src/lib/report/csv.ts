// The connections of a report as CSV (RFC 4180), for spreadsheets.
import type { Report, ReportConnection } from './report.ts'

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

export const renderCsv = ({ connections }: Report): string =>
  [columns.join(','), ...connections.map((row) => columns.map((column) => cell(row[column])).join(','))]
    .map((line) => `${line}\r\n`)
    .join('')
