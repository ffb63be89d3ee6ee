// A folder of files that come one after the other, kept within a number, a size and an age: the oldest go first.
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from './clock.ts'
import { makeFolder } from './folder.ts'
import { writeFileWhole } from './write-whole.ts'

export interface FolderLimits {
  /** An entry is all files of one key. */
  readonly maxEntries: number
  readonly maxBytes: number
  readonly maxAgeMs: number
}

export interface BoundedFolder {
  /**
   * Writes a file `<key><ending>` for each part, each whole or not at all, and removes what is too much then. A key has no dot,
   * and keys sort by time. One call at a time. Throws the system's error.
   */
  write(key: string, parts: Readonly<Record<string, string | Uint8Array>>): Promise<void>
}

interface BoundedFolderOptions {
  readonly folder: string
  /** Keys of ours: other files are never touched. */
  readonly keys: RegExp
  readonly limits: FolderLimits
  readonly clock: Pick<Clock, 'wallMs'>
}

interface Entry {
  /** Name → bytes. */
  readonly files: Map<string, number>
  atMs: number
}

/** Finds what earlier runs left, and removes what is too much of it. The folder is made at the first write. Never rejects. */
export async function openBoundedFolder(options: BoundedFolderOptions): Promise<BoundedFolder> {
  const { folder, keys, limits, clock } = options
  /** Oldest first. */
  const entries = await findEntries(folder, keys)
  let bytes = [...entries.values()].reduce((sum, entry) => sum + bytesOf(entry), 0)

  /** The newest stays, however large it is. */
  const isTooMuch = (): boolean => entries.size > limits.maxEntries || (bytes > limits.maxBytes && entries.size > 1)

  async function trim(): Promise<void> {
    const oldestMs = clock.wallMs() - limits.maxAgeMs
    for (const [key, entry] of entries) {
      if (!isTooMuch() && entry.atMs >= oldestMs) return
      for (const file of entry.files.keys()) await rm(join(folder, file), { force: true })
      entries.delete(key)
      bytes -= bytesOf(entry)
    }
  }

  // What cannot be removed now is told by the next write.
  await trim().catch(() => {})
  return {
    async write(key, parts) {
      makeFolder(folder)
      const entry = entries.get(key) ?? { files: new Map(), atMs: 0 }
      entry.atMs = clock.wallMs()
      entries.set(key, entry)
      for (const [ending, data] of Object.entries(parts)) {
        await writeFileWhole(join(folder, `${key}${ending}`), data)
        const file = `${key}${ending}`
        // It may have been written before.
        bytes += Buffer.byteLength(data) - (entry.files.get(file) ?? 0)
        entry.files.set(file, Buffer.byteLength(data))
      }
      await trim()
    },
  }
}

const bytesOf = ({ files }: Entry): number => [...files.values()].reduce((sum, bytes) => sum + bytes, 0)

/** A scratch file of a run that was killed belongs to its entry, and goes with it. */
async function findEntries(folder: string, keys: RegExp): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  const names = await readdir(folder).catch(() => [])
  for (const name of names.sort()) {
    const key = name.split('.')[0]!
    if (!keys.test(key)) continue
    const found = await stat(join(folder, name)).catch(() => undefined)
    if (!found?.isFile()) continue
    const entry = entries.get(key) ?? { files: new Map(), atMs: 0 }
    entry.files.set(name, found.size)
    entry.atMs = Math.max(entry.atMs, found.mtimeMs)
    entries.set(key, entry)
  }
  return entries
}

/** 2026-05-04T12:00:00Z → `20260504_120000` (UTC): sorts by time, and is the origin's form. */
export const fileStamp = (atMs: number): string =>
  new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_')
