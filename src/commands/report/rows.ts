// `mcpx report --format jsonl|parquet`: the rows of the history as they are, for other programs.
import { McpxError } from '../../lib/base/errors.ts'
import type { Io } from '../../lib/base/io.ts'
import { plain } from '../../lib/base/plain-text.ts'
import type { HistoryRange, HistoryReader, HistoryTable } from '../../lib/model/history.ts'

export type RowFormat = 'jsonl' | 'parquet'

interface Wanted {
  readonly format: RowFormat
  readonly table: HistoryTable
  readonly output: string | undefined
}

/** What is held in memory at once. */
const maxRows = 1_000_000

/** Throws MESSAGE_TOO_LARGE, and INVALID_OPTION for Parquet without a file. */
export async function writeRows(source: HistoryReader, range: HistoryRange, wanted: Wanted, io: Io): Promise<void> {
  const { format, table, output } = wanted
  if (format === 'parquet' && !output)
    throw new McpxError('INVALID_OPTION', '--format parquet needs --output: it is binary', {
      hint: 'Name a file, or use --format jsonl.',
    })
  const [{ jsonLinesOf, toParquet }, { writeWhole }] = await Promise.all([
    import('../../lib/report/raw-data.ts'),
    import('../../lib/report/index.ts'),
  ])
  const { rows, damaged } = await source.read(table, { ...range, limit: maxRows + 1 })
  if (rows.length > maxRows)
    throw new McpxError('MESSAGE_TOO_LARGE', `more than ${maxRows} rows of ${table} in that time`, {
      hint: 'Name a shorter time with --since and --until, or --table minutes.',
    })
  for (const day of damaged) io.err(plain`not read: ${day}\n`)
  if (output) await writeWhole(output, io.cwd, format === 'parquet' ? toParquet(rows) : jsonLinesOf(rows))
  else for (const lines of jsonLinesOf(rows)) io.out(lines)
}
