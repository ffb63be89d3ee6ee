// Files that are there whole or not at all: who reads one meanwhile has the old one.
import { rename, rm, writeFile } from 'node:fs/promises'

/** Beside its place first. Throws the system's error; nothing is left behind then. */
export async function writeFileWhole(path: string, data: string | Uint8Array): Promise<void> {
  const scratch = `${path}.${process.pid}.part`
  try {
    await writeFile(scratch, data)
    await rename(scratch, path)
  } catch (error) {
    await rm(scratch, { force: true })
    throw error
  }
}
