// Real SQLite files: made, made newer, damaged and set aside.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  isDamage,
  openCache,
  openDatabase,
  openOrSetAside,
  type Schema,
  setAside,
} from '../../../src/lib/base/database.ts'

const first: Schema = { version: 1, sql: 'CREATE TABLE pins (cid TEXT)', damageHint: 'Restore it.' }
const second: Schema = {
  version: 2,
  sql: 'CREATE TABLE pins (cid TEXT, name TEXT)',
  migrations: { 1: 'ALTER TABLE pins ADD COLUMN name TEXT' },
  damageHint: 'Restore it.',
}

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcpx-database-'))
  file = join(folder, 'pins.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Opens, does something, and closes. */
function using<T>(schema: Schema, work: (db: DatabaseSync, isNew: boolean) => T): T {
  const { db, isNew } = openDatabase(file, schema)
  try {
    return work(db, isNew)
  } finally {
    db.close()
  }
}
const versionOf = (db: DatabaseSync) => db.prepare('PRAGMA user_version').get()!.user_version
const insert = (db: DatabaseSync) => db.exec("INSERT INTO pins (cid) VALUES ('bafy')")
const cids = (db: DatabaseSync) => db.prepare('SELECT cid FROM pins').all()

describe('a database', () => {
  it('is made once, and keeps what is in it', () => {
    using(first, (db, isNew) => {
      expect(isNew).toBe(true)
      insert(db)
    })
    using(first, (db, isNew) => {
      expect(isNew).toBe(false)
      expect(cids(db)).toEqual([{ cid: 'bafy' }])
    })
  })

  it('of an older version is made newer with its rows, step by step', () => {
    using(first, insert)
    const third = { ...second, version: 3, migrations: { ...second.migrations, 2: "UPDATE pins SET name = 'old'" } }
    using(third, (db, isNew) => {
      expect([isNew, versionOf(db)]).toEqual([false, 3])
      expect(db.prepare('SELECT cid, name FROM pins').all()).toEqual([{ cid: 'bafy', name: 'old' }])
    })
  })

  it('is as it was where a step fails in the middle', () => {
    using(first, insert)
    const torn = {
      ...second,
      migrations: { 1: 'ALTER TABLE pins ADD COLUMN name TEXT; INSERT INTO nowhere VALUES (1)' },
    }
    expect(() => openDatabase(file, torn)).toThrow(/nowhere/)
    using(first, (db) => {
      expect(versionOf(db)).toBe(1)
      expect(db.prepare('SELECT * FROM pins').all()).toEqual([{ cid: 'bafy' }])
    })
  })

  it('that a newer mcpx wrote is refused, and never removed', () => {
    using(second, insert)
    for (const open of [openDatabase, openCache, openOrSetAside])
      expect(() => open(file, first)).toThrow(expect.objectContaining({ code: 'REPO_VERSION' }))
    expect(using(second, cids)).toHaveLength(1)
  })

  it('that cannot be made is no damage', () => {
    const open = () => openOrSetAside(join(folder, 'none/pins.db'), first)
    expect(open).toThrow(/unable to open/)
    expect(() => openDatabase(join(folder, 'none/pins.db'), first, () => 0)).toThrow(
      expect.objectContaining({ code: 'DISK_FULL' }),
    )
  })
})

describe('a damaged database', () => {
  const damages: [string, () => void][] = [
    ['is no database', () => writeFileSync(file, 'x'.repeat(5000))],
    [
      'lacks a table',
      () =>
        using(first, (db) => {
          db.exec('DROP TABLE pins')
        }),
    ],
    [
      'has a page of nonsense',
      () => {
        using(first, (db) => {
          for (let row = 0; row < 500; row++) insert(db)
        })
        const bytes = readFileSync(file)
        writeFileSync(file, bytes.fill(0xa5, 4096, 8192))
      },
    ],
  ]
  const checked: Schema = { ...first, isChecked: true }

  it.each(damages)('that %s is told by name, with what to do', (_what, damage) => {
    damage()
    const told = { code: 'REPO_DAMAGED', hint: 'Restore it.', message: expect.stringContaining(file) }
    expect(() => openDatabase(file, checked)).toThrow(expect.objectContaining(told))
  })

  it.each(damages)('that %s is made anew where that costs nothing', (_what, damage) => {
    damage()
    const { db, isNew } = openCache(file, checked)
    expect([isNew, cids(db)]).toEqual([true, []])
    db.close()
  })

  it.each(damages)('that %s is set aside where somebody may still want it', (_what, damage) => {
    damage()
    const before = readFileSync(file)
    const { db, isNew, setAside: aside } = openOrSetAside(file, checked)
    expect([isNew, aside]).toEqual([true, 'pins.db.damaged'])
    db.close()
    expect(readFileSync(join(folder, aside!)).equals(before)).toBe(true)
    const again = openOrSetAside(file, checked)
    expect(again.setAside).toBeUndefined()
    again.db.close()
  })

  it('goes over the one that was set aside before, with the files beside it', () => {
    for (const text of ['older', 'newer']) {
      writeFileSync(file, text)
      if (text === 'older') writeFileSync(`${file}-wal`, 'log of the older')
      setAside(file)
    }
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe('newer')
    expect([existsSync(file), existsSync(`${file}.damaged-wal`)]).toEqual([false, false])
  })

  it('is told from other failures', () => {
    const sqlite = (errcode: number) => Object.assign(new Error('x'), { code: 'ERR_SQLITE_ERROR', errcode })
    expect([11, 26, 267, 1, 5, 13].map((code) => isDamage(sqlite(code)))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
    expect([undefined, new Error('x')].map(isDamage)).toEqual([false, false])
  })
})
