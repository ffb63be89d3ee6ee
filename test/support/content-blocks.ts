// UnixFS blocks in memory, for tests of what reads them.
import { type ImporterOptions, importer } from 'ipfs-unixfs-importer'
import type { CID } from '../../src/lib/content/cid.ts'

export interface MemoryBlocks {
  readonly blocks: Map<string, Uint8Array>
  /** The CIDs that were asked for, in order. */
  readonly asked: string[]
  put(cid: CID, bytes: unknown): Promise<CID>
  getBlock(cid: CID): Promise<Uint8Array>
  /** Adds files and returns the root. */
  add(files: readonly { path: string; content: Uint8Array }[], options?: ImporterOptions): Promise<CID>
}

export function createMemoryBlocks(): MemoryBlocks {
  const blocks = new Map<string, Uint8Array>()
  const asked: string[] = []
  const put = async (cid: CID, bytes: unknown) => {
    blocks.set(cid.toString(), bytes as Uint8Array)
    return cid
  }
  return {
    blocks,
    asked,
    put,
    async getBlock(cid) {
      asked.push(cid.toString())
      const bytes = blocks.get(cid.toString())
      if (!bytes) throw new Error(`no ${cid}`)
      return bytes
    },
    async add(files, options) {
      let root: CID | undefined
      for await (const entry of importer(files as never, { put } as never, options)) root = entry.cid
      return root!
    },
  }
}
