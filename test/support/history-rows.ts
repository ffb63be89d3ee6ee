// Rows of the history by hand, as a report takes them.
import type { HistoryReader, HistoryRow, HistoryTable } from '../../src/lib/model/history.ts'
import { createSampleSums, type SampleSums, sampleColumns } from '../../src/lib/report/sample-sums.ts'

export function sumsOf(
  rows: readonly HistoryRow[],
  period: { readonly fromMs: number; readonly toMs: number },
  table: 'samples' | 'minutes' = 'samples',
): SampleSums {
  const sums = createSampleSums(period)
  for (const row of rows) sums.add(sampleColumns(table).map((column) => row[column]))
  return sums
}

/** A history that has these rows of each table, whatever the range. */
export function readerOf(
  rowsOf: (table: HistoryTable) => readonly HistoryRow[],
  damaged: readonly string[] = [],
): HistoryReader {
  return {
    read: async (table) => ({ rows: rowsOf(table), damaged }),
    async scan(table, _range, columns, onRow) {
      for (const row of rowsOf(table)) onRow(columns.map((column) => row[column]))
      return { damaged }
    },
  }
}
