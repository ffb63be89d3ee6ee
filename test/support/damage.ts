// Ways in which a file comes to harm, and file systems that take no more.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededBytes } from './content.ts'

const pageBytes = 4096

/** `garbage` alone is at the beginning; with a number, the page of that number. */
export type Harm = 'missing' | 'empty' | 'garbage' | 'truncated' | 'newer' | `garbage ${number}`

export function harm(file: string, how: Harm): void {
  if (how === 'missing') rmSync(file, { recursive: true })
  else if (how === 'empty') truncateSync(file, 0)
  else if (how === 'truncated') truncateSync(file, Math.floor(statSync(file).size / 2))
  else overwrite(file, how)
}

function overwrite(file: string, how: Harm): void {
  const bytes = readFileSync(file)
  // The version of an SQLite file is the big-endian number at byte 60.
  if (how === 'newer') bytes.writeUInt32BE(99, 60)
  else {
    const page = Number(how.slice('garbage '.length) || 0)
    const size = Math.min(pageBytes, bytes.length - page * pageBytes)
    bytes.set(seededBytes(size, page + 7), page * pageBytes)
  }
  writeFileSync(file, bytes)
}

/** Garbage at each page of a file, one after the other. */
export const eachPage = (file: string): Harm[] =>
  Array.from({ length: Math.ceil(statSync(file).size / pageBytes) }, (_, page): Harm => `garbage ${page}`)

/** Root may mount a small file system in memory; says aloud where that is not so. */
export function canMount(): boolean {
  const can = process.platform === 'linux' && process.getuid?.() === 0
  if (!can) process.stderr.write('SKIPPED: a full disk and a read-only one, because only root can mount them\n')
  return can
}

export function mountSmall(folder: string, sizeKb: number): { makeReadOnly(): void; unmount(): void } {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'tmpfs', folder])
  return {
    makeReadOnly: () => void execFileSync('mount', ['-o', 'remount,ro', folder]),
    unmount: () => void execFileSync('umount', [folder]),
  }
}

/** Leaves not a byte; returns what gives the space back. */
export function fillUp(folder: string): () => void {
  const file = join(folder, 'filler')
  for (let size = 2 ** 20; size >= 1; size = Math.floor(size / 2)) {
    for (;;) {
      try {
        writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
      } catch {
        break
      }
    }
  }
  return () => rmSync(file)
}

/** The file with the longest name below a folder of blocks. */
export function blockFiles(blocksPath: string): string[] {
  return readdirSync(blocksPath, { recursive: true, encoding: 'utf8' })
    .map((name) => join(blocksPath, name))
    .filter((file) => statSync(file).isFile())
}
