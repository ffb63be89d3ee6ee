// What is known about CIDs (the ParquetCIDCache): a hot index in SQLite, and Parquet part files that any tool can read.
import type { Clock } from '../base/clock.ts'
import { openCache, openDatabase } from '../base/database.ts'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { makeFolder } from '../base/folder.ts'
import type { Logger } from '../base/logger.ts'
import type { CidMetadataStats } from '../model/content-stats.ts'
import { type CidRecord, type MetadataRow, openMetadataParts, partsSchemaVersion } from './metadata-parts.ts'

export interface CidMetadata {
  /** By CID, or by root CID and path as in `SourceRef.id`. */
  get(cid: string): CidRecord | undefined
  put(cid: string, record: CidRecord): void
  /** Writes what is pending to a part file, and joins the parts when there are many. */
  flush(): Promise<void>
  stats(): CidMetadataStats
  /** Flushes first. */
  close(): Promise<void>
}

export interface CidMetadataOptions {
  /** The SQLite file of the hot index. */
  readonly indexFile: string
  /** Folder of the part files. */
  readonly parquetPath: string
  readonly clock: Clock
  readonly logger: Logger
  /** Records kept; beyond it those go that were used longest ago. Default 100,000. */
  readonly maxRecords?: number
  /** Pending records that cause a flush. Default 256. */
  readonly flushAt?: number
  /** Part files that are joined into one. Default 8. */
  readonly maxParts?: number
}

const maxMediaText = 64 * 1024

const schema = {
  version: 1,
  damageHint: 'Remove it: it is made again.',
  isChecked: true,
  sql: `
  CREATE TABLE cids (cid TEXT PRIMARY KEY, size INTEGER NOT NULL, media TEXT NOT NULL, written INTEGER NOT NULL,
    accessed INTEGER NOT NULL, pending INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX cids_by_use ON cids (accessed);
  CREATE INDEX cids_pending ON cids (cid) WHERE pending = 1;
  `,
}

/** Opens the cache; an index that is new or was damaged is filled from the part files. REPO_VERSION of a newer mcpx. */
export async function openCidMetadata(options: CidMetadataOptions): Promise<CidMetadata> {
  const { clock, logger, maxRecords = 100_000, flushAt = 256, maxParts = 8 } = options
  unlessFull(() => makeFolder(options.parquetPath))
  const parts = openMetadataParts(options.parquetPath, logger)
  const { db, isNew } = openIndex(options.indexFile)
  const select = db.prepare('SELECT size, media FROM cids WHERE cid = ?')
  const touch = db.prepare('UPDATE cids SET accessed = ? WHERE cid = ?')
  const upsert = db.prepare(
    `INSERT INTO cids (cid, size, media, written, accessed, pending) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (cid) DO UPDATE SET size = excluded.size, media = excluded.media, written = excluded.written,
       accessed = excluded.accessed, pending = excluded.pending WHERE excluded.written >= cids.written`,
  )
  const selectPending = db.prepare('SELECT * FROM cids WHERE pending = 1 LIMIT 10000')
  const settle = db.prepare('UPDATE cids SET pending = 0 WHERE cid = ? AND written = ?')
  const has = db.prepare('SELECT 1 FROM cids WHERE cid = ? AND written = ?')
  const trim = db.prepare('DELETE FROM cids WHERE cid IN (SELECT cid FROM cids ORDER BY accessed LIMIT ?)')

  const count = (where: string) => Number(db.prepare(`SELECT count(*) AS n FROM cids ${where}`).get()!.n)
  let hits = 0
  let misses = 0
  let flushing: Promise<void> | undefined

  if (isNew)
    for (const row of await parts.readAll())
      upsert.run(row.cid, row.sizeBytes, JSON.stringify(row.media), row.writtenMs, row.accessedMs, 0)
  let records = count('')
  let pending = count('WHERE pending = 1')

  async function flushNow(): Promise<void> {
    const rows = selectPending.all().map(toRow)
    if (rows.length > 0) await parts.write(rows)
    for (const { cid, writtenMs } of rows) settle.run(cid, writtenMs)
    pending = count('WHERE pending = 1')
    if (parts.count() > maxParts) await parts.compact(({ cid, writtenMs }) => has.get(cid, writtenMs) !== undefined)
  }

  function flush(): Promise<void> {
    flushing ??= flushNow().finally(() => {
      flushing = undefined
    })
    return flushing
  }

  return {
    get(cid) {
      const row = select.get(cid)
      if (!row) {
        misses++
        return undefined
      }
      hits++
      touch.run(clock.wallMs(), cid)
      return { sizeBytes: Number(row.size), media: JSON.parse(String(row.media)) }
    },
    put(cid, record) {
      const media = JSON.stringify(record.media)
      if (media.length > maxMediaText)
        throw new McpxError('INVALID_REQUEST', `what is known about ${cid} is larger than ${maxMediaText} bytes`)
      const nowMs = clock.wallMs()
      upsert.run(cid, record.sizeBytes, media, nowMs, nowMs, 1)
      pending++
      // The exact count only at the bound: an upsert does not say whether it replaced.
      if (++records > maxRecords) {
        records = count('')
        if (records > maxRecords) trim.run(records - Math.floor(maxRecords * 0.9))
        records = count('')
      }
      if (pending >= flushAt)
        flush().catch((error) => logger.warn({ error: String(error) }, 'CID metadata not written'))
    },
    flush,
    stats: () => ({
      records: count(''),
      pending: count('WHERE pending = 1'),
      parts: parts.count(),
      partBytes: parts.sizeBytes(),
      schemaVersion: partsSchemaVersion,
      hits,
      misses,
    }),
    async close() {
      try {
        await flushing
        await flush()
      } finally {
        db.close()
      }
    },
  }
}

/** On a full disk in memory: it is only a cache. */
const openIndex = (file: string) => unlessFull(() => openCache(file, schema)) ?? openDatabase(':memory:', schema)

function unlessFull<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch (error) {
    if (toMcpxError(error).code !== 'DISK_FULL') throw error
    return undefined
  }
}

function toRow(row: Record<string, unknown>): MetadataRow {
  return {
    cid: String(row.cid),
    sizeBytes: Number(row.size),
    media: JSON.parse(String(row.media)),
    writtenMs: Number(row.written),
    accessedMs: Number(row.accessed),
  }
}
