// The history of a node: a folder with one file a day (UTC). Old files are removed whole: deleting rows would hold everybody up.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { damagedEnd, isDamage, setAside } from '../base/database.ts'
import { makeFolder } from '../base/folder.ts'
import type { HistoryAnswer, HistoryRange, HistoryRow, HistoryTable, ScanHistory } from '../model/history.ts'
import { type DayFile, openDayFile } from './day-file.ts'
import { emptyBatch, type HistoryBatch, type OpenBatch } from './rows.ts'

export interface Retention {
  readonly maxAgeDays: number
  readonly maxBytes: number
}

export interface Written {
  /** Samples of the same days that had to go for it: a day may not be larger than `retain` was told of all. */
  readonly removed: number
  /** Days that were damaged, as their files are called now. */
  readonly setAside: readonly string[]
}

export interface HistoryStore {
  /** A day whose file is damaged is set aside, and begun anew. */
  write(batch: HistoryBatch): Written
  /** Over all days; those that cannot be read are left out and told. */
  read(table: HistoryTable, range: HistoryRange): HistoryAnswer
  /** The same, row by row. */
  scan(...args: Parameters<ScanHistory>): Awaited<ReturnType<ScanHistory>>
  /** Removes days that are too old, and the oldest while all are too large; never today's. Returns the days removed. */
  retain(nowMs: number, retention: Retention): string[]
  close(): void
}

const dayMs = 86_400_000
/** Days that stay open; a report looks at one after the other. */
const maxOpen = 4

export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10)
const dayName = /^(\d{4}-\d{2}-\d{2})\.db$/
const damagedName = /^(\d{4}-\d{2}-\d{2})\.db\.damaged$/

/** Nothing is made before the first row. */
export function openHistoryStore(folder: string): HistoryStore {
  const open = new Map<string, DayFile>()
  let maxDayBytes = Number.POSITIVE_INFINITY

  const fileOf = (day: string): string => join(folder, `${day}.db`)

  function forget(day: string): void {
    open.get(day)?.close()
    open.delete(day)
  }

  function use(day: string): DayFile {
    // Somebody may have moved the file away or removed it: what is written to it then is lost.
    if (open.has(day) && !existsSync(fileOf(day))) forget(day)
    const found = open.get(day) ?? openDayFile(fileOf(day))
    open.delete(day)
    open.set(day, found)
    for (const oldest of open.keys()) {
      if (open.size <= maxOpen) break
      forget(oldest)
    }
    return found
  }

  function writeTo(day: string, part: HistoryBatch): number {
    try {
      return use(day).write(part, maxDayBytes)
    } catch (error) {
      // The next try begins with the file as it is then.
      forget(day)
      throw error
    }
  }

  function writeDay(day: string, part: HistoryBatch): Written {
    makeFolder(folder)
    try {
      return { removed: writeTo(day, part), setAside: [] }
    } catch (error) {
      if (!isDamage(error)) throw error
      return { setAside: [setAside(fileOf(day))], removed: writeTo(day, part) }
    }
  }

  const daysIn = (name: RegExp): string[] =>
    (existsSync(folder) ? readdirSync(folder) : []).flatMap((file) => name.exec(file)?.[1] ?? []).sort()
  const days = (): string[] => [...new Set([...daysIn(dayName), ...daysIn(damagedName)])].sort()

  const filesOf = (day: string) =>
    ['', '-wal', '-shm'].flatMap((end) => [`${fileOf(day)}${end}`, `${fileOf(day)}${damagedEnd}${end}`])
  const bytesOf = (day: string): number =>
    filesOf(day).reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0)

  function remove(day: string): void {
    forget(day)
    for (const file of filesOf(day)) rmSync(file, { force: true })
  }

  /** The days that the range touches, oldest first; returns those that cannot be read, with why. */
  function eachDay({ fromMs, toMs }: HistoryRange, look: (file: DayFile) => void): string[] {
    const damaged: string[] = []
    for (const day of days()) {
      if (Date.parse(day) >= toMs || Date.parse(day) + dayMs <= fromMs) continue
      if (existsSync(fileOf(day) + damagedEnd))
        damaged.push(`${day}: was damaged, and what it had until then is in ${day}.db${damagedEnd}`)
      if (!existsSync(fileOf(day))) continue
      try {
        look(use(day))
      } catch (error) {
        damaged.push(`${day}: ${(error as Error).message.replaceAll(`${folder}${sep}`, '')}`)
      }
    }
    return damaged
  }

  return {
    write(batch) {
      const days = [...byDay(batch)].map(([day, part]) => writeDay(day, part))
      return {
        removed: days.reduce((sum, { removed }) => sum + removed, 0),
        setAside: days.flatMap((day) => day.setAside),
      }
    },
    read(table, { limit = Number.POSITIVE_INFINITY, ...range }) {
      const rows: HistoryRow[] = []
      const damaged = eachDay(range, (file) => {
        const left = limit - rows.length
        if (left <= 0) return
        for (const row of file.read(table, Number.isFinite(left) ? { ...range, limit: left } : range)) rows.push(row)
      })
      return { rows, damaged }
    },
    scan: (table, range, columns, onRow) => ({
      damaged: eachDay(range, (file) => file.scan(table, range, columns, onRow)),
    }),
    retain(nowMs, { maxAgeDays, maxBytes }) {
      maxDayBytes = maxBytes
      const today = dayOf(nowMs)
      const oldest = dayOf(nowMs - maxAgeDays * dayMs)
      const past = days().filter((day) => day < today)
      const removed = past.filter((day) => day < oldest)
      let bytes =
        days().reduce((sum, day) => sum + bytesOf(day), 0) - removed.reduce((sum, day) => sum + bytesOf(day), 0)
      for (const day of past.filter((one) => one >= oldest)) {
        if (bytes <= maxBytes) break
        bytes -= bytesOf(day)
        removed.push(day)
      }
      for (const day of removed) remove(day)
      return removed
    },
    close() {
      for (const file of open.values()) file.close()
      open.clear()
    },
  }
}

/** Each row to the day of its time; what a row says of a connection or an operation goes with the newest time of the batch. */
function byDay(batch: HistoryBatch): Map<string, HistoryBatch> {
  const parts = new Map<string, OpenBatch>()
  function partOf(atMs: number) {
    const day = dayOf(atMs)
    const part = parts.get(day) ?? emptyBatch()
    parts.set(day, part)
    return part
  }
  for (const row of batch.samples) partOf(row.atMs).samples.push(row)
  for (const row of batch.events) partOf(row.atMs).events.push(row)
  for (const row of batch.decisions) partOf(row.atMs).decisions.push(row)
  for (const row of batch.workers) partOf(row.atMs).workers.push(row)
  for (const row of batch.operations) partOf(row.startedAtMs).operations.push(row)
  // A connection stands in every day that it was seen on.
  const seen = new Map<string, Set<string>>()
  for (const { connection, atMs } of [...batch.samples, ...batch.events])
    seen.set(connection, (seen.get(connection) ?? new Set()).add(dayOf(atMs)))
  for (const row of batch.connections)
    for (const day of seen.get(row.id) ?? [dayOf(row.closedAtMs ?? row.createdAtMs)])
      partOf(Date.parse(day)).connections.push(row)
  return parts
}
