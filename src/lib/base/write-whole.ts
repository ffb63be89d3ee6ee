// Files that are there whole or not at all: who reads one meanwhile has the old one.
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'

/** Whole, or in pieces where it is too long for that. */
export type FileData = string | Uint8Array | Iterable<string>

/** Beside its place first. A link stays one. Throws the system's error; nothing is left behind then. */
export async function writeFileWhole(path: string, data: FileData): Promise<void> {
  const place = await realpath(path).catch(() => path)
  const found = await stat(place).catch(() => undefined)
  // A device or a pipe takes what comes, and nothing may take its place: think of /dev/null.
  if (found && !found.isFile()) return writeFile(place, data)
  const scratch = `${place}.${process.pid}.part`
  try {
    await writeFile(scratch, data)
    await rename(scratch, place)
  } catch (error) {
    await rm(scratch, { force: true })
    throw error
  }
}
