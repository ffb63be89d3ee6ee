// What is asked of a history, and answered, wherever it is kept.

export const historyTables = [
  'connections',
  'samples',
  'minutes',
  'hours',
  'events',
  'decisions',
  'operations',
  'workers',
] as const
export type HistoryTable = (typeof historyTables)[number]

/** What tables were called before. */
export const olderTables: Readonly<Record<string, HistoryTable>> = { nodes: 'workers' }

/** The table of this name, or of its older one. */
export const historyTable = (name: string): HistoryTable | undefined =>
  Object.hasOwn(olderTables, name) ? olderTables[name] : historyTables.find((table) => table === name)

/** From `fromMs` on and before `toMs`, of one connection where it is named. */
export interface HistoryRange {
  readonly fromMs: number
  readonly toMs: number
  readonly connection?: string
  /** Rows at most; all when absent. */
  readonly limit?: number
}

/** Column names to values. */
export type HistoryRow = Readonly<Record<string, unknown>>

export interface HistoryAnswer {
  /** Oldest first. */
  readonly rows: readonly HistoryRow[]
  /** Days that could not be read, each with the reason. */
  readonly damaged: readonly string[]
}

/**
 * Calls with the values of these columns, row by row, oldest first, and keeps none: a million rows are not to be in memory at
 * once. A column that the table does not have is null or undefined.
 */
export type ScanHistory = (
  table: HistoryTable,
  range: HistoryRange,
  columns: readonly string[],
  onRow: (values: readonly unknown[]) => void,
) => Promise<{ readonly damaged: readonly string[] }>

/** What a report is made from. */
export interface HistoryReader {
  readonly read: ReadHistory
  readonly scan: ScanHistory
}

/** The same as JSON with `success: true`, made elsewhere: to make it of many rows takes seconds. Throws MESSAGE_TOO_LARGE for more rows. */
export type ReadHistoryJson = (table: HistoryTable, range: HistoryRange, maxRows: number) => Promise<Uint8Array>

export type ReadHistory = (table: HistoryTable, range: HistoryRange) => Promise<HistoryAnswer>
