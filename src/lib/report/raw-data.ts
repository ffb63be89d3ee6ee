// Rows of the history as files that other programs read: Parquet, typed, and JSON Lines.
import { parquetWriteBuffer } from 'hyparquet-writer'
import { calmJson } from '../base/json-text.ts'
import type { HistoryRow } from '../model/history.ts'

/** Known by name, not by their values: a column has one type in every file, also where it is empty. */
const textColumns: ReadonlySet<string> = new Set([
  'id',
  'connection',
  'content',
  'type',
  'status',
  'details',
  'quality',
  'reasons',
  'close_reason',
  'error_code',
  'error',
  'peer',
  'codecs',
  'correlation',
  'from_value',
  'to_value',
  'reason',
  'reason_values',
  'decided_by',
  'inputs',
])
/** Milliseconds since the epoch. */
const isTime = (name: string): boolean => /(^|_)at_ms$/.test(name)

export const toJsonLines = (rows: readonly HistoryRow[]): string =>
  rows.map((row) => `${calmJson(JSON.stringify(row))}\n`).join('')

const piece = 10_000

/** The same in pieces: of a million rows the whole is longer than a string can be. */
export function* jsonLinesOf(rows: readonly HistoryRow[]): Generator<string> {
  for (let at = 0; at < rows.length; at += piece) yield toJsonLines(rows.slice(at, at + piece))
}

/** Columns are those of the first row; all rows of a table have the same. */
export function toParquet(rows: readonly HistoryRow[]): Uint8Array {
  const names = Object.keys(rows[0] ?? {})
  return new Uint8Array(parquetWriteBuffer({ columnData: names.map((name) => column(name, rows)), createdBy: 'mcpx' }))
}

function column(name: string, rows: readonly HistoryRow[]) {
  const values = rows.map((row) => row[name] ?? null)
  const common = { name, nullable: true }
  if (textColumns.has(name))
    return { ...common, type: 'STRING' as const, data: values.map((value) => (value === null ? null : String(value))) }
  if (isTime(name))
    return {
      ...common,
      type: 'INT64' as const,
      data: values.map((value) => (value === null ? null : BigInt(Math.trunc(Number(value))))),
    }
  return {
    ...common,
    type: 'DOUBLE' as const,
    data: values.map((value) => (value === null ? null : Number(value))),
  }
}
