// A SQLite file: its tables made whole or not at all, its version checked, damage told apart from defects and set aside.
import { renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
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
  /** Every page is looked at when the file is opened: for files that are small for what depends on them. */
  readonly isChecked?: boolean
  /**
   * On a full disk the file is opened without any file beside it, so that rows can be removed: for this process alone, and what was
   * half written when it is killed damages the file.
   */
  readonly opensWhenFull?: boolean
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
/** SQLITE_BUSY. */
const busy = 5
/** What SQLite needs to open a file in WAL mode. */
const leastFreeBytes = 64 * 1024
/** How long another connection to the same file may hold it: one that recovers it after a crash, or a person who looks. */
const busyMs = 2000
/** The database, and what SQLite has beside it. */
const ends = ['', '-wal', '-shm']

const usual = 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;'
/** Exclusive before anything is read: then no index of the log is made in a file. */
const withoutSpace = 'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY;'

/**
 * Opens or makes the file. REPO_VERSION when a newer mcpx wrote it, DISK_FULL, REPO_LOCKED when another process has it for itself,
 * REPO_DAMAGED that names a damaged file.
 */
export function openDatabase(file: string, schema: Schema, freeBytes = freeBytesAt): OpenedDatabase {
  try {
    return open(file, schema, usual)
  } catch (error) {
    const known = translate(error, file, schema.damageHint, freeBytes)
    const isFull = known instanceof McpxError && known.code === 'DISK_FULL'
    if (!isFull || !schema.opensWhenFull || !hasBytes(file)) throw known
  }
  try {
    return open(file, schema, withoutSpace)
  } catch (error) {
    throw translate(error, file, schema.damageHint, freeBytes)
  }
}

function open(file: string, schema: Schema, pragmas: string): OpenedDatabase {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: busyMs })
    db.exec(pragmas)
    const version = Number(db.prepare('PRAGMA user_version').get()!.user_version)
    if (version > schema.version)
      throw new McpxError('REPO_VERSION', `${file} has version ${version}; this mcpx knows ${schema.version}`)
    const isNew = version === 0
    // In one transaction: a crash in the middle must not leave tables without a version.
    if (version < schema.version)
      db.exec(`BEGIN; ${stepsFrom(version, schema)}; PRAGMA user_version = ${schema.version}; COMMIT`)
    if (!isNew) check(db, file, schema)
    return { db, isNew }
  } catch (error) {
    db?.close()
    throw error
  }
}

function stepsFrom(version: number, { version: newest, sql, migrations = {} }: Schema): string {
  if (version === 0) return sql
  return Array.from({ length: newest - version }, (_, at) => migrations[version + at] ?? '').join(';')
}

function check(db: DatabaseSync, file: string, { sql, damageHint: hint, isChecked }: Schema): void {
  const tables = new Set(
    db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
      .all()
      .map(({ name }) => name),
  )
  for (const [, table] of sql.matchAll(/CREATE TABLE (\w+)/g))
    if (!tables.has(table!)) throw new McpxError('REPO_DAMAGED', `${file} is damaged: it has no ${table}`, { hint })
  if (!isChecked) return
  const [said] = Object.values(db.prepare('PRAGMA quick_check(1)').get()!)
  if (said !== 'ok') throw new McpxError('REPO_DAMAGED', `${file} is damaged: ${said}`, { hint })
}

/** The same for what can be made again: a damaged file is removed, and the new one is empty. */
export function openCache(file: string, schema: Schema): OpenedDatabase {
  try {
    return openDatabase(file, schema)
  } catch (error) {
    if (!isDamage(error)) throw error
    for (const end of ends) rmSync(`${file}${end}`, { force: true })
    return openDatabase(file, schema)
  }
}

/** The same for what somebody may still want to look into: a damaged file is set aside under the name that comes back. */
export function openOrSetAside(file: string, schema: Schema): OpenedDatabase & { readonly setAside?: string } {
  try {
    return openDatabase(file, schema)
  } catch (error) {
    if (!isDamage(error)) throw error
    return { setAside: setAside(file), ...openDatabase(file, schema) }
  }
}

export const damagedEnd = '.damaged'

/** Moves a database that nobody has open out of the way, over one that was set aside before. Returns its new name, without a folder. */
export function setAside(file: string): string {
  const aside = `${file}${damagedEnd}`
  for (const end of ends) {
    rmSync(`${aside}${end}`, { force: true })
    if (statSync(`${file}${end}`, { throwIfNoEntry: false })) renameSync(`${file}${end}`, `${aside}${end}`)
  }
  return basename(aside)
}

/** The primary code: the extended ones have more in the upper bits. */
const codeOf = (error: unknown) => ((error as { errcode?: number } | undefined)?.errcode ?? 0) & 0xff

/** Whether it says that the bytes of a database are not what SQLite wrote. */
export const isDamage = (error: unknown): boolean =>
  (error instanceof McpxError && error.code === 'REPO_DAMAGED') || damaged.includes(codeOf(error))

const hasBytes = (file: string): boolean => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0

/** A folder that is not there is not full: what SQLite says of it says more. */
function freeBytesAt(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

function translate(error: unknown, file: string, hint: string, freeBytes: (folder: string) => number): unknown {
  // On a full disk SQLite often cannot even make its files, and says that reading and writing fail.
  const isFull = failed.includes(codeOf(error)) && freeBytes(dirname(file)) < leastFreeBytes
  if (codeOf(error) === full || isFull) return new McpxError('DISK_FULL', `no space left for ${file}`, { cause: error })
  if (codeOf(error) === busy)
    return new McpxError('REPO_LOCKED', `${file} is in use by another process`, { cause: error })
  if (error instanceof McpxError || !isDamage(error)) return error
  return new McpxError('REPO_DAMAGED', `${file} is damaged`, { cause: error, hint })
}
