// Log files that several threads append to. One of them turns a file over when it is large; the others notice and follow.
import { closeSync, fstatSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from './folder.ts'

/** The origin's names: the server's own lines, and those of the monitor and of the media workers. */
export const logFileNames = { server: 'enhanced_mcp_server.log', monitor: 'webrtc_monitor.log' } as const

/** How often a writer looks whether its file was turned over. */
const lookMs = 1000

/** Makes the folder. Throws the system's error; the function it returns never throws: a full disk must not end a server. */
export function openLogFile(path: string, now: () => number = performance.now.bind(performance)) {
  makeFolder(dirname(path))
  let file = openSync(path, 'a')
  let lookedMs = now()

  function follow(): void {
    if (now() - lookedMs < lookMs) return
    lookedMs = now()
    if (statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(file).ino) return
    const next = openSync(path, 'a')
    closeSync(file)
    file = next
  }

  /** Synchronous: the last line before an end is the one that matters. */
  return (line: string): void => {
    try {
      follow()
      writeSync(file, line)
    } catch {}
  }
}

export interface Rotation {
  readonly maxBytes: number
  /** Old files that stay: `x.log.1` is the newest of them. */
  readonly kept: number
}

/**
 * Turns the file over when it is larger than it may be: `x.log` → `x.log.1` → `x.log.2` …, and the oldest goes. For one thread
 * alone: who writes goes on in the old file until it looks again, so that no line is lost. Throws the system's error.
 */
export function rotateLogFile(path: string, { maxBytes, kept }: Rotation): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size <= maxBytes) return
  const nameOf = (age: number) => (age === 0 ? path : `${path}.${age}`)
  for (let age = kept - 1; age >= 0; age--)
    if (statSync(nameOf(age), { throwIfNoEntry: false })) renameSync(nameOf(age), nameOf(age + 1))
}
