// Names, not bytes: what a path leads to and what a directory holds, flat or sharded (HAMT).
import { setImmediate } from 'node:timers/promises'
import { exporter, walkPath } from 'ipfs-unixfs-exporter'
import { McpxError } from '../base/errors.ts'
import { type CID, cidText, codecs } from './cid.ts'
import type { GetBlock } from './dag-file.ts'
import { decodeDagNode } from './dag-node.ts'
import type { ContentStat, DirectoryEntry } from './store.ts'

/** More names than this are refused: nobody lists them, and each costs a block. */
const maxEntries = 10_000
const statsAtOnce = 8
/** Shards or names of a listing before other work gets a turn: blocks that are in memory come without one. */
const turnEvery = 16

interface Directory {
  stat(cid: CID, signal?: AbortSignal): Promise<ContentStat>
  /** The CID behind a path below a root; CONTENT_NOT_FOUND names what is missing. */
  walk(root: CID, path: readonly string[], signal?: AbortSignal): Promise<CID>
  list(cid: CID, signal?: AbortSignal): Promise<DirectoryEntry[]>
}

interface Name {
  readonly name: string
  readonly cid: CID
  /** The size of the link: of everything beneath it, with its own overhead. */
  readonly linkBytes: number
}

export function createDirectory(getBlock: GetBlock): Directory {
  // The exporter sees blocks only through this, verified; it is never asked for the content of a file.
  const blockstore = {
    async *get(cid: CID, options?: { signal?: AbortSignal }) {
      yield await getBlock(cid, options?.signal)
    },
  }

  async function child(parent: CID, name: string, signal?: AbortSignal): Promise<CID> {
    let found: CID | undefined
    try {
      for await (const step of walkPath(`${cidText(parent)}/${name}`, blockstore, { signal })) found = step.cid
    } catch (error) {
      throw translate(error, `there is no "${name}" in ${cidText(parent)}`, signal)
    }
    if (!found || found.equals(parent))
      throw new McpxError('CONTENT_NOT_FOUND', `there is no "${name}" in ${cidText(parent)}`)
    return found
  }

  /** The same for one listing: a shard that comes twice is a trick, which 256 links a level make endless. */
  function listing() {
    const seen = new Set<string>()
    let isOpen = false
    return {
      async *get(cid: CID, options?: { signal?: AbortSignal }) {
        const key = cidText(cid)
        if (isOpen && (seen.has(key) || seen.size === maxEntries))
          throw new McpxError('CONTENT_CORRUPT', `the shard ${key} of a directory comes again, or one too many`)
        // The exporter reads the root once to see what it is, and again to list it.
        if (isOpen) seen.add(key)
        isOpen = true
        if (seen.size % turnEvery === 0) await setImmediate()
        options?.signal?.throwIfAborted()
        yield await getBlock(cid, options?.signal)
      },
    }
  }

  async function names(cid: CID, signal?: AbortSignal): Promise<Name[]> {
    const found: Name[] = []
    try {
      const entry = await exporter(cid, listing(), { signal })
      if (entry.type !== 'directory') throw new McpxError('INVALID_REQUEST', `${cidText(cid)} is not a directory`)
      for await (const { name, cid: at, size } of entry.entries({ signal })) {
        if (found.length === maxEntries)
          throw new McpxError('INVALID_REQUEST', `${cidText(cid)} has more than ${maxEntries} entries`)
        found.push({ name, cid: at, linkBytes: Number(size) })
        if (found.length % turnEvery === 0) await setImmediate()
      }
    } catch (error) {
      throw translate(error, `${cidText(cid)} cannot be listed`, signal)
    }
    return found
  }

  async function stat(cid: CID, signal?: AbortSignal): Promise<ContentStat> {
    const node = decodeDagNode(cid, await getBlock(cid, signal))
    if (node.type === 'file') return { cid: cidText(cid), type: 'file', sizeBytes: node.sizeBytes }
    const sizeBytes = (await names(cid, signal)).reduce((sum, { linkBytes }) => sum + linkBytes, 0)
    return { cid: cidText(cid), type: 'directory', sizeBytes }
  }

  async function describe({ name, cid, linkBytes }: Name, signal?: AbortSignal): Promise<DirectoryEntry> {
    if (cid.code === codecs.raw) return { name, cid: cidText(cid), type: 'file', sizeBytes: linkBytes }
    const node = decodeDagNode(cid, await getBlock(cid, signal))
    const sizeBytes = node.type === 'file' ? node.sizeBytes : linkBytes
    return { name, cid: cidText(cid), type: node.type, sizeBytes }
  }

  return {
    stat,
    async walk(root, path, signal) {
      let at = root
      for (const name of path) at = await child(at, name, signal)
      return at
    },
    async list(cid, signal) {
      const all = await names(cid, signal)
      const entries: DirectoryEntry[] = []
      for (let at = 0; at < all.length; at += statsAtOnce) {
        const batch = all.slice(at, at + statsAtOnce)
        entries.push(...(await Promise.all(batch.map((name) => describe(name, signal)))))
        await setImmediate()
        signal?.throwIfAborted()
      }
      return entries
    },
  }
}

function translate(error: unknown, what: string, signal?: AbortSignal): unknown {
  if (error instanceof McpxError || signal?.aborted) return error
  const code = (error as Error).name === 'NotFoundError' ? 'CONTENT_NOT_FOUND' : 'CONTENT_CORRUPT'
  return new McpxError(code, what, { cause: error })
}
