// A SQLite file: its tables made whole or not at all, its version checked, damage told apart from defects.
import { rmSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { McpxError } from './errors.ts'

export interface Schema {
  /** Bumped with every change of the tables. */
  readonly version: number
  readonly sql: string
  /** What makes the next version of each older one, where it is not begun anew. */
  readonly migrations?: Readonly<Record<number, string>>
  /** What to do when the file is damaged. */
  readonly damageHint: string
}

interface OpenedDatabase {
  readonly db: DatabaseSync
  /** Whether the tables were made just now. */
  readonly isNew: boolean
}

/** SQLITE_FULL; SQLITE_IOERR and SQLITE_CANTOPEN; SQLITE_CORRUPT and SQLITE_NOTADB (https://sqlite.org/rescode.html). */
const full = 13
const failed = [10, 14]
const damaged = [11, 26]
/** What SQLite needs to open a file in WAL mode. */
const leastFreeBytes = 64 * 1024
/** How long another connection to the same file may hold it: one that recovers it after a crash, or a person who looks. */
const busyMs = 2000

/** Opens or makes the file. REPO_VERSION when a newer mcpx wrote it, DISK_FULL, INTERNAL that names a damaged file. */
export function openDatabase(file: string, schema: Schema, freeBytes = freeBytesAt): OpenedDatabase {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: busyMs })
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    const version = Number(db.prepare('PRAGMA user_version').get()!.user_version)
    if (version > schema.version)
      throw new McpxError('REPO_VERSION', `${file} has version ${version}; this mcpx knows ${schema.version}`)
    const isNew = version === 0
    // In one transaction: a crash in the middle must not leave tables without a version.
    if (version < schema.version)
      db.exec(`BEGIN; ${stepsFrom(version, schema)}; PRAGMA user_version = ${schema.version}; COMMIT`)
    return { db, isNew }
  } catch (error) {
    db?.close()
    throw translate(error, file, schema.damageHint, freeBytes)
  }
}

function stepsFrom(version: number, { version: newest, sql, migrations = {} }: Schema): string {
  if (version === 0) return sql
  return Array.from({ length: newest - version }, (_, at) => migrations[version + at] ?? '').join(';')
}

/** The same for what can be made again: a damaged file is removed, and the new one is empty. */
export function openCache(file: string, schema: Schema): OpenedDatabase {
  try {
    return openDatabase(file, schema)
  } catch (error) {
    if (!isDamage(error instanceof McpxError ? error.cause : error)) throw error
    for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
    return openDatabase(file, schema)
  }
}

/** The primary code: the extended ones have more in the upper bits. */
const codeOf = (error: unknown) => ((error as { errcode?: number } | undefined)?.errcode ?? 0) & 0xff
const isDamage = (error: unknown) => damaged.includes(codeOf(error))

function freeBytesAt(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

function translate(error: unknown, file: string, hint: string, freeBytes: (folder: string) => number): unknown {
  // On a full disk SQLite often cannot even make its files, and says that reading and writing fail.
  const isFull = failed.includes(codeOf(error)) && freeBytes(dirname(file)) < leastFreeBytes
  if (codeOf(error) === full || isFull) return new McpxError('DISK_FULL', `no space left for ${file}`, { cause: error })
  if (!isDamage(error)) return error
  return new McpxError('INTERNAL', `${file} is damaged`, { cause: error, hint })
}
