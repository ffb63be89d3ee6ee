// One day of history in one SQLite file: rows as they came, and the samples of each minute and hour rolled up.
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { openDatabase } from '../base/database.ts'
import { columnOf, sampleFigures } from '../model/figure-table.ts'
import type { HistoryRange, HistoryRow, HistoryTable } from '../model/history.ts'
import type { HistoryBatch } from './rows.ts'

const figures = sampleFigures.map(columnOf)
const rolled = figures.flatMap((name) => [`${name}_mean`, `${name}_min`, `${name}_max`])

const tables = {
  connections:
    'id TEXT PRIMARY KEY, content TEXT, created_at_ms INTEGER, connected_at_ms INTEGER, closed_at_ms INTEGER, ' +
    'close_reason TEXT, error_code TEXT, error TEXT, peer TEXT, codecs TEXT, first_frame_ms REAL, ' +
    'freeze_count INTEGER, freeze_s REAL, underruns INTEGER',
  samples:
    'at_ms INTEGER, connection TEXT, media_time_s REAL, quality TEXT, ' +
    `${figures.map((name) => `${name} REAL`).join(', ')}, underruns INTEGER, freeze_count INTEGER, freeze_s REAL, reasons TEXT`,
  events: 'at_ms INTEGER, connection TEXT, type TEXT, details TEXT',
  decisions:
    'at_ms INTEGER, connection TEXT, type TEXT, from_value TEXT, to_value TEXT, reason TEXT, inputs TEXT, ' +
    'reason_values TEXT, decided_by TEXT, from_rung INTEGER, to_rung INTEGER',
  operations:
    'id TEXT PRIMARY KEY, type TEXT, status TEXT, started_at_ms INTEGER, ended_at_ms INTEGER, connection TEXT, ' +
    'correlation TEXT, error_code TEXT, error TEXT, details TEXT',
  workers: 'at_ms INTEGER, worker INTEGER, viewers INTEGER, cpu_s REAL, rss_bytes INTEGER, loop_delay_p99_ms REAL',
} as const
const rollUps = { minutes: 60_000, hours: 3_600_000 } as const

const createTable = (name: keyof typeof tables): string => `CREATE TABLE ${name} (${tables[name]}) STRICT`

const schema = {
  version: 4,
  migrations: {
    1: ['freeze_count INTEGER', 'freeze_s REAL', 'underruns INTEGER']
      .map((column) => `ALTER TABLE connections ADD COLUMN ${column}`)
      .join(';'),
    2:
      'CREATE TABLE decisions (at_ms INTEGER, connection TEXT, type TEXT, from_value TEXT, to_value TEXT, reason TEXT, ' +
      'inputs TEXT) STRICT',
    3: [
      'ALTER TABLE nodes RENAME TO workers',
      ...['reason_values TEXT', 'decided_by TEXT', 'from_rung INTEGER', 'to_rung INTEGER'].map(
        (column) => `ALTER TABLE decisions ADD COLUMN ${column}`,
      ),
    ].join(';'),
  },
  damageHint: 'Move it away: the other days are files of their own, and are read without it.',
  sql: [
    ...(Object.keys(tables) as (keyof typeof tables)[]).map(createTable),
    ...Object.keys(rollUps).map(
      (name) =>
        `CREATE TABLE ${name} (at_ms INTEGER, connection TEXT, samples INTEGER, ${rolled.map((one) => `${one} REAL`).join(', ')}, ` +
        'PRIMARY KEY (at_ms, connection)) STRICT, WITHOUT ROWID',
    ),
    'CREATE INDEX samples_by_time ON samples (at_ms)',
    'CREATE INDEX samples_by_connection ON samples (connection, at_ms)',
    'CREATE INDEX events_by_connection ON events (connection, at_ms)',
  ].join(';\n'),
}

/** What a row must be to belong to a range (?1 to before ?2), what it is ordered by, and the column of the connection. */
const inRange: Readonly<Record<HistoryTable, readonly [within: string, order: string, connection?: string]>> = {
  connections: ['coalesce(closed_at_ms, ?1) >= ?1 AND created_at_ms < ?2', 'created_at_ms', 'id'],
  operations: ['started_at_ms >= ?1 AND started_at_ms < ?2', 'started_at_ms', 'connection'],
  workers: ['at_ms >= ?1 AND at_ms < ?2', 'at_ms'],
  samples: ['at_ms >= ?1 AND at_ms < ?2', 'at_ms', 'connection'],
  minutes: ['at_ms >= ?1 AND at_ms < ?2', 'at_ms', 'connection'],
  hours: ['at_ms >= ?1 AND at_ms < ?2', 'at_ms', 'connection'],
  events: ['at_ms >= ?1 AND at_ms < ?2', 'at_ms', 'connection'],
  decisions: ['at_ms >= ?1 AND at_ms < ?2', 'at_ms', 'connection'],
}

export interface DayFile {
  /**
   * All of it or, where the process dies, nothing. In a file that uses more than `maxBytes` the oldest samples make room; their
   * minutes and hours stay. Returns how many went. Throws DISK_FULL.
   */
  write(batch: HistoryBatch, maxBytes?: number): number
  /** Oldest first, with snake-case columns. */
  read(table: HistoryTable, range: HistoryRange): HistoryRow[]
  /** The same without keeping them, and only these columns; those that the table does not have are null. */
  scan(
    table: HistoryTable,
    range: HistoryRange,
    columns: readonly string[],
    onRow: (values: readonly unknown[]) => void,
  ): void
  close(): void
}

/** Opens or makes the file. Throws REPO_VERSION for one of a newer mcpx, DISK_FULL, or REPO_DAMAGED that names the file. */
export function openDayFile(path: string): DayFile {
  const { db } = openDatabase(path, schema)
  try {
    return useDayFile(db)
  } catch (error) {
    db.close()
    throw error
  }
}

/** Throws where the file has not the tables that its version stands for. */
function useDayFile(db: DatabaseSync): DayFile {
  addFigures(db)
  const insert = Object.fromEntries(
    Object.entries(tables).map(([table, columns]) => [table, prepareInsert(db, table, columns)]),
  ) as Record<keyof typeof tables, (row: object) => void>
  const rollMinutes = db.prepare(minutesSql)
  const rollHours = db.prepare(hoursSql)
  const removeOldest = db.prepare(
    'DELETE FROM samples WHERE rowid IN (SELECT rowid FROM samples ORDER BY at_ms LIMIT ?)',
  )
  const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0])
  const usedBytes = () => (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')

  function write(batch: HistoryBatch, maxBytes = Number.POSITIVE_INFINITY): number {
    const count = batch.samples.length
    db.exec('BEGIN IMMEDIATE')
    try {
      for (const table of Object.keys(tables) as (keyof typeof tables)[])
        for (const row of batch[table]) insert[table](row)
      if (count > 0) rollUpFrom(Math.min(...batch.samples.map(({ atMs }) => atMs)))
      // Twice as many as come: so the file gets smaller again, and nobody waits for it.
      const removed = count > 0 && usedBytes() > maxBytes ? Number(removeOldest.run(2 * count).changes) : 0
      db.exec('COMMIT')
      return removed
    } catch (error) {
      // On a full disk SQLite has rolled back by itself, and says that there is nothing to roll back: that would hide why.
      try {
        db.exec('ROLLBACK')
      } catch {}
      throw error
    }
  }

  /** Minutes that have got new samples are worked out anew from them, hours from their minutes. */
  function rollUpFrom(firstMs: number): void {
    rollMinutes.run(Math.floor(firstMs / rollUps.minutes) * rollUps.minutes)
    rollHours.run(Math.floor(firstMs / rollUps.hours) * rollUps.hours)
  }

  function select(what: string, table: HistoryTable, { fromMs, toMs, connection, limit = -1 }: HistoryRange) {
    const [within, order, column] = inRange[table]
    const isOne = column !== undefined && connection !== undefined
    const statement = db.prepare(
      `SELECT ${what} FROM ${table} WHERE ${within}${isOne ? ` AND ${column} = ?4` : ''} ORDER BY ${order} LIMIT ?3`,
    )
    return { statement, values: [fromMs, toMs, limit, ...(isOne ? [connection] : [])] }
  }

  function read(table: HistoryTable, range: HistoryRange): HistoryRow[] {
    const { statement, values } = select('*', table, range)
    return statement.all(...values) as HistoryRow[]
  }

  function scan(
    table: HistoryTable,
    range: HistoryRange,
    columns: readonly string[],
    onRow: Parameters<DayFile['scan']>[3],
  ) {
    const known = columnsIn(db, table)
    // SQLite has no undefined; what nobody measured and what there is no column for are both null to it.
    const what = columns.map((column) => (known.has(column) ? column : 'NULL')).join(', ')
    const { statement, values } = select(what, table, range)
    statement.setReturnArrays(true)
    for (const row of statement.iterate(...values)) onRow(row as unknown as readonly unknown[])
  }

  return { write, read, scan, close: () => db.close() }
}

/** A file of an earlier day, or of this one before an update, has no columns for figures that came later. */
function addFigures(db: DatabaseSync): void {
  const wanted = { samples: figures, minutes: rolled, hours: rolled }
  for (const [table, columns] of Object.entries(wanted)) {
    const known = columnsIn(db, table)
    for (const column of columns)
      if (known.size > 0 && !known.has(column)) db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} REAL`)
  }
}

const columnsIn = (db: DatabaseSync, table: string) =>
  new Set(
    db
      .prepare(`SELECT name FROM pragma_table_info('${table}')`)
      .all()
      .map(({ name }) => name),
  )

/** Takes rows with camel-case fields; one that is there already under its key is replaced. */
function prepareInsert(db: DatabaseSync, table: string, columns: string): (row: object) => void {
  const names = columns.split(', ').map((one) => one.split(' ')[0]!)
  const fields = names.map((name) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()))
  const statement = db.prepare(
    `INSERT OR REPLACE INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
  )
  return (row) => {
    const values = row as Readonly<Record<string, SQLInputValue>>
    statement.run(...fields.map((field) => values[field] ?? null))
  }
}

const bucketOf = (spanMs: number) => `at_ms / ${spanMs} * ${spanMs} AS bucket, connection`
const rollColumns = ['at_ms', 'connection', 'samples', ...rolled].join(', ')
const overFigures = (sql: (name: string) => string) => figures.map(sql).join(', ')

const minutesSql =
  `INSERT OR REPLACE INTO minutes (${rollColumns}) SELECT ${bucketOf(rollUps.minutes)}, count(*), ` +
  `${overFigures((name) => `avg(${name}), min(${name}), max(${name})`)} ` +
  'FROM samples WHERE at_ms >= ? GROUP BY bucket, connection'

/** Each minute weighs as much as it has samples. */
const hoursSql =
  `INSERT OR REPLACE INTO hours (${rollColumns}) SELECT ${bucketOf(rollUps.hours)}, sum(samples), ` +
  overFigures(
    (name) =>
      `sum(${name}_mean * samples) / sum(iif(${name}_mean IS NULL, NULL, samples)), min(${name}_min), max(${name}_max)`,
  ) +
  ' FROM minutes WHERE at_ms >= ? GROUP BY bucket, connection'
