// Blocks as files: read and verified by every thread, written whole or not at all.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { base32 } from 'multiformats/bases/base32'
import { McpxError } from '../base/errors.ts'
import { matches, maxBlockBytes } from './block-hash.ts'
import { type CID, cidText } from './cid.ts'

export interface BlockFolder {
  /** Whether a file is there; says nothing about its bytes. */
  has(cid: CID): Promise<boolean>
  /** The verified bytes, undefined when absent. A damaged file is removed and CONTENT_CORRUPT thrown. */
  read(cid: CID): Promise<Uint8Array | undefined>
  /** Writes beside and renames, so that no reader ever sees half a block. The caller has verified the bytes. */
  write(cid: CID, bytes: Uint8Array): Promise<void>
  /** Removes by `blockKey`; absent is fine. */
  remove(key: string): Promise<void>
  /** Undefined when absent. */
  sizeBytes(key: string): Promise<number | undefined>
  /** When the file was last read, in milliseconds since the epoch, as far as the file system says. */
  usedAtMs(key: string): Promise<number | undefined>
}

/** The name of a block on disk: its multihash, so that both CID versions of the same bytes are one file. */
export function blockKey(cid: CID): string {
  return base32.baseEncode(cid.multihash.bytes)
}

export function createBlockFolder(path: string, write: typeof writeFile = writeFile): BlockFolder {
  // Sharded as Kubo does, by the two characters before the last: the first ones are the same for every block.
  const folderOf = (key: string) => join(path, key.slice(-3, -1))
  const fileOf = (key: string) => join(folderOf(key), key)

  async function writeOnce(file: string, bytes: Uint8Array): Promise<void> {
    const beside = `${file}.${randomUUID()}.tmp`
    try {
      await write(beside, bytes, { flag: 'wx' })
      await rename(beside, file)
    } catch (error) {
      await rm(beside, { force: true })
      throw error
    }
  }

  return {
    async has(cid) {
      return (await stat(fileOf(blockKey(cid))).catch(absent)) !== undefined
    },

    async read(cid) {
      const file = fileOf(blockKey(cid))
      const bytes = await readFile(file).catch(absent)
      if (bytes === undefined) return undefined
      if (bytes.length <= maxBlockBytes && matches(cid, bytes)) return bytes
      await rm(file, { force: true })
      throw new McpxError('CONTENT_CORRUPT', `the stored block ${cidText(cid)} was damaged and has been removed`)
    },

    async write(cid, bytes) {
      const key = blockKey(cid)
      try {
        await writeOnce(fileOf(key), bytes)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        await mkdir(folderOf(key), { recursive: true })
        await writeOnce(fileOf(key), bytes)
      }
    },

    async remove(key) {
      await rm(fileOf(key), { force: true })
    },

    async sizeBytes(key) {
      return (await stat(fileOf(key)).catch(absent))?.size
    },

    async usedAtMs(key) {
      return (await stat(fileOf(key)).catch(absent))?.atimeMs
    },
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
