// Folders made one at a time: Node's recursive mkdir never returns where a folder exists that takes none (as in /proc).
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Makes the folder and those above it that are missing. Throws the system's error, and ENOTDIR where a file is in its place. */
export function makeFolder(path: string, mode?: number): void {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.push(at)
  for (const folder of missing.reverse()) makeOne(folder, mode)
  if (!statSync(path).isDirectory())
    throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), { code: 'ENOTDIR' })
}

function makeOne(path: string, mode: number | undefined): void {
  try {
    mkdirSync(path, mode === undefined ? {} : { mode })
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
