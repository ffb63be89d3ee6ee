// The pins once more, as a text file beside the index: what was pinned is known also when the index is lost.
//   +<cid>   pinned
//   -<cid>   no more
import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { toMcpxError } from '../base/errors.ts'

export interface PinList {
  /** As the file had them when it was opened; undefined where there was no file. */
  readonly found: readonly string[] | undefined
  /** Some lines say nothing. */
  readonly isDamaged: boolean
  /** Most lines are of pins that are gone. */
  readonly isWorn: boolean
  /** Appends; on a full disk the list has it from the next start on. */
  add(cid: string): void
  /** In place: needs no space on the disk. */
  remove(cid: string): void
  /** Writes the file anew with these; on a full disk it stays as it was. */
  replace(cids: readonly string[]): void
  close(): void
}

const line = /^([+-])([\x21-\x7e]{1,512})$/

export function openPinList(file: string): PinList {
  const text = readText(file)
  const { found, isDamaged, isWorn } = parse(text ?? '')
  let fd: number | undefined
  /** Where the line of each begins, in bytes. */
  let places = new Map<string, number>()
  let sizeBytes = 0

  function use(): void {
    if (fd !== undefined) closeSync(fd)
    fd = openSync(file, 'r+')
    const now = readFileSync(fd, 'latin1')
    places = placesIn(now)
    // What a crash left of a line is written over.
    sizeBytes = now.lastIndexOf('\n') + 1
  }
  if (text !== undefined) use()

  return {
    found: text === undefined ? undefined : found,
    isDamaged,
    isWorn,
    add(cid) {
      if (fd === undefined || places.has(cid)) return
      const bytes = Buffer.from(`+${cid}\n`, 'latin1')
      unlessFull(() => {
        if (writeSync(fd!, bytes, 0, bytes.length, sizeBytes) < bytes.length) return
        places.set(cid, sizeBytes)
        sizeBytes += bytes.length
      })
    },
    remove(cid) {
      const at = places.get(cid)
      if (fd === undefined || at === undefined) return
      unlessFull(() => writeSync(fd!, '-', at, 'latin1'))
      places.delete(cid)
    },
    replace(cids) {
      unlessFull(() => {
        writeFileSync(`${file}.part`, cids.map((cid) => `+${cid}\n`).join(''), 'latin1')
        renameSync(`${file}.part`, file)
        use()
      })
    },
    close() {
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}

function unlessFull(write: () => void): void {
  try {
    write()
  } catch (error) {
    if (toMcpxError(error).code !== 'DISK_FULL') throw error
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parse(text: string): { found: string[]; isDamaged: boolean; isWorn: boolean } {
  const pinned = new Set<string>()
  const lines = text.split('\n')
  // After the last line break there is nothing, or what a crash left of a line.
  lines.pop()
  let isDamaged = false
  for (const one of lines) {
    const [, sign, cid] = line.exec(one) ?? []
    if (sign === '+') pinned.add(cid!)
    else if (sign === '-') pinned.delete(cid!)
    else isDamaged = true
  }
  return { found: [...pinned], isDamaged, isWorn: lines.length > 2 * pinned.size + 100 }
}

function placesIn(text: string): Map<string, number> {
  const places = new Map<string, number>()
  for (const { 1: cid, index } of text.matchAll(/^\+([\x21-\x7e]{1,512})$/gm)) places.set(cid!, index)
  return places
}
