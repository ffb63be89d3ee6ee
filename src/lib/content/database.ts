// A SQLite file of the repo: its tables made whole or not at all, its version checked, damage told apart from defects.
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { McpxError } from '../base/errors.ts'

interface Schema {
  /** Bumped with every change of the tables. */
  readonly version: number
  readonly sql: string
}

interface OpenedDatabase {
  readonly db: DatabaseSync
  /** Whether the tables were made just now. */
  readonly isNew: boolean
}

/** SQLITE_FULL, SQLITE_CORRUPT and SQLITE_NOTADB (https://sqlite.org/rescode.html). */
const full = 13
const damaged = [11, 26]

/** Opens or makes the file. REPO_VERSION when a newer mcpx wrote it, DISK_FULL, INTERNAL that names a damaged file. */
export function openDatabase(file: string, schema: Schema): OpenedDatabase {
  const db = new DatabaseSync(file)
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
    const version = Number(db.prepare('PRAGMA user_version').get()!.user_version)
    if (version > schema.version)
      throw new McpxError('REPO_VERSION', `${file} has version ${version}; this mcpx knows ${schema.version}`)
    const isNew = version < schema.version
    // In one transaction: a crash in the middle must not leave tables without a version.
    if (isNew) db.exec(`BEGIN; ${schema.sql}; PRAGMA user_version = ${schema.version}; COMMIT`)
    return { db, isNew }
  } catch (error) {
    db.close()
    throw translate(error, file)
  }
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

const codeOf = (error: unknown) => (error as { errcode?: number } | undefined)?.errcode
const isDamage = (error: unknown) => damaged.includes(codeOf(error) ?? 0)

function translate(error: unknown, file: string): unknown {
  if (codeOf(error) === full) return new McpxError('DISK_FULL', `no space left for ${file}`, { cause: error })
  if (!isDamage(error)) return error
  const hint =
    'Restore it from a backup, or remove it: then the content that is here stays, and nothing of it is pinned.'
  return new McpxError('INTERNAL', `${file} is damaged`, { cause: error, hint })
}
