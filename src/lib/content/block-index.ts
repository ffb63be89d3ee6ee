// What is in the block folder and why: sizes, last use and pins, in SQLite, so that nothing ever scans the folder.
import { openOrSetAside } from '../base/database.ts'
import { toMcpxError } from '../base/errors.ts'

const schema = {
  version: 1,
  damageHint: 'Start mcpx again: it is made again from the blocks and the list of pins.',
  isChecked: true,
  opensWhenFull: true,
  sql: `
  CREATE TABLE blocks (key TEXT PRIMARY KEY, size INTEGER NOT NULL, used INTEGER NOT NULL, pins INTEGER NOT NULL)
    WITHOUT ROWID;
  CREATE INDEX blocks_by_use ON blocks (used, size) WHERE pins = 0;
  CREATE TABLE pins (id INTEGER PRIMARY KEY, cid TEXT UNIQUE, created INTEGER NOT NULL);
  CREATE TABLE pin_blocks (pin INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (pin, key)) WITHOUT ROWID;
  `,
}

export interface IndexedBlock {
  readonly key: string
  readonly sizeBytes: number
  readonly usedMs: number
}

export interface BlockIndex {
  /** What the file is called now that was found damaged: the index is empty then. */
  readonly setAside?: string | undefined
  readonly unpinnedBytes: number
  readonly totalBytes: number
  /** Blocks, pinned and not. */
  readonly count: number
  /** Records blocks that it does not know yet: all or none. */
  recordAll(blocks: readonly IndexedBlock[]): void
  /** Records a block, or that it has been used. */
  record(key: string, sizeBytes: number, nowMs: number): void
  forget(key: string): void
  /** The unpinned blocks that were used longest ago. */
  oldest(limit: number): IndexedBlock[]
  /** A pin without a CID yet: what it holds is safe from eviction, and gone after a crash. */
  beginPin(nowMs: number): number
  /** Puts a recorded block under the pin. */
  hold(pin: number, key: string): void
  release(pin: number, key: string): void
  /** The pin becomes that of the CID; one that had it already stays, and this one goes. */
  commitPin(pin: number, cid: string): void
  dropPin(pin: number): void
  /** The blocks that nothing but this pin holds. */
  heldAlone(pin: number): string[]
  pinOf(cid: string): number | undefined
  pins(): string[]
  close(): void
}

/** Opens or makes the index file; a damaged one is set aside. Throws REPO_VERSION when a newer mcpx wrote it, REPO_LOCKED, DISK_FULL. */
export function openBlockIndex(file: string): BlockIndex {
  const { db, setAside } = openOrSetAside(file, schema)
  db.exec('PRAGMA temp_store = MEMORY')
  const select = db.prepare('SELECT size, pins FROM blocks WHERE key = ?')
  const insert = db.prepare('INSERT INTO blocks (key, size, used, pins) VALUES (?, ?, ?, 0)')
  const touch = db.prepare('UPDATE blocks SET used = ? WHERE key = ?')
  const remove = db.prepare('DELETE FROM blocks WHERE key = ?')
  const addPins = db.prepare('UPDATE blocks SET pins = pins + ? WHERE key = ?')
  const selectOldest = db.prepare('SELECT key, size, used FROM blocks WHERE pins = 0 ORDER BY used LIMIT ?')
  const insertPin = db.prepare('INSERT INTO pins (cid, created) VALUES (NULL, ?)')
  const insertHeld = db.prepare('INSERT OR IGNORE INTO pin_blocks (pin, key) VALUES (?, ?)')
  const removeHeld = db.prepare('DELETE FROM pin_blocks WHERE pin = ? AND key = ?')
  const selectPin = db.prepare('SELECT id FROM pins WHERE cid = ?')
  const selectPins = db.prepare('SELECT cid FROM pins WHERE cid IS NOT NULL ORDER BY id')
  const selectAlone = db.prepare(
    'SELECT b.key AS key FROM pin_blocks h JOIN blocks b ON b.key = h.key WHERE h.pin = ? AND b.pins = 1',
  )

  const insertNew = db.prepare('INSERT OR IGNORE INTO blocks (key, size, used, pins) VALUES (?, ?, ?, 0)')
  const countRows = () => Number(db.prepare('SELECT count(*) AS n FROM blocks').get()!.n)
  const sum = (where: string) => Number(db.prepare(`SELECT coalesce(sum(size), 0) AS n FROM blocks ${where}`).get()!.n)

  function tryTransaction(run: () => void): void {
    db.exec('BEGIN')
    try {
      run()
      db.exec('COMMIT')
    } catch (error) {
      // SQLite itself has rolled back where there was no space left.
      if (db.isTransaction !== false) db.exec('ROLLBACK')
      throw error
    }
  }

  /** On a full disk once more without a log, which takes space: or nothing could be unpinned, and no space be made. */
  function transaction(run: () => void): void {
    try {
      tryTransaction(run)
    } catch (error) {
      if (toMcpxError(error).code !== 'DISK_FULL') throw error
      db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY')
      tryTransaction(run)
    }
  }

  /** The rows of the pin go first: on a full disk their place is all that there is for the rest. */
  function drop(pin: number): void {
    db.prepare('CREATE TEMP TABLE dropped AS SELECT key FROM pin_blocks WHERE pin = ?').run(pin)
    db.prepare('DELETE FROM pin_blocks WHERE pin = ?').run(pin)
    db.prepare('DELETE FROM pins WHERE id = ?').run(pin)
    db.exec('UPDATE blocks SET pins = pins - 1 WHERE key IN (SELECT key FROM temp.dropped); DROP TABLE temp.dropped')
  }

  // What a crash left half pinned.
  for (const row of db.prepare('SELECT id FROM pins WHERE cid IS NULL').all()) transaction(() => drop(Number(row.id)))
  let unpinnedBytes = sum('WHERE pins = 0')
  let totalBytes = sum('')
  let count = countRows()

  return {
    setAside,
    get unpinnedBytes() {
      return unpinnedBytes
    },
    get totalBytes() {
      return totalBytes
    },
    get count() {
      return count
    },
    recordAll(blocks) {
      transaction(() => {
        for (const { key, sizeBytes, usedMs } of blocks) insertNew.run(key, sizeBytes, usedMs)
      })
      unpinnedBytes = sum('WHERE pins = 0')
      totalBytes = sum('')
      count = countRows()
    },
    record(key, sizeBytes, nowMs) {
      if (touch.run(nowMs, key).changes > 0) return
      insert.run(key, sizeBytes, nowMs)
      unpinnedBytes += sizeBytes
      totalBytes += sizeBytes
      count++
    },
    forget(key) {
      const row = select.get(key)
      if (!row) return
      remove.run(key)
      totalBytes -= Number(row.size)
      count--
      if (row.pins === 0) unpinnedBytes -= Number(row.size)
    },
    oldest: (limit) =>
      selectOldest
        .all(limit)
        .map((row) => ({ key: String(row.key), sizeBytes: Number(row.size), usedMs: Number(row.used) })),
    beginPin: (nowMs) => Number(insertPin.run(nowMs).lastInsertRowid),
    hold(pin, key) {
      if (insertHeld.run(pin, key).changes === 0) return
      const row = select.get(key)
      addPins.run(1, key)
      if (row?.pins === 0) unpinnedBytes -= Number(row.size)
    },
    release(pin, key) {
      if (removeHeld.run(pin, key).changes === 0) return
      addPins.run(-1, key)
      const row = select.get(key)
      if (row?.pins === 0) unpinnedBytes += Number(row.size)
    },
    commitPin(pin, cid) {
      transaction(() => {
        if (selectPin.get(cid)) drop(pin)
        else db.prepare('UPDATE pins SET cid = ? WHERE id = ?').run(cid, pin)
      })
    },
    dropPin(pin) {
      transaction(() => drop(pin))
      unpinnedBytes = sum('WHERE pins = 0')
    },
    heldAlone: (pin) => selectAlone.all(pin).map((row) => String(row.key)),
    pinOf(cid) {
      const row = selectPin.get(cid)
      return row && Number(row.id)
    },
    pins: () => selectPins.all().map((row) => String(row.cid)),
    close: () => db.close(),
  }
}
