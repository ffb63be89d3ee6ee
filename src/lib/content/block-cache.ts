// The block folder with a budget: pinned blocks stay, the others go by last use when their bytes exceed it.
import type { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { makeFolder } from '../base/folder.ts'
import { blockKey, createBlockFolder } from './block-folder.ts'
import { inlineBytes, maxBlockBytes } from './block-hash.ts'
import { openBlockIndex } from './block-index.ts'
import { type CID, cidText } from './cid.ts'
import { openPinList } from './pin-list.ts'
import { recover } from './recover.ts'

interface BlockCacheOptions {
  readonly repoPath: string
  /** Bytes of unpinned blocks to keep; at least 16 MiB are, so that what was just fetched can be read. */
  readonly maxUnpinnedBytes: number
  readonly clock: Clock
  /** How a file is written; for tests of a full disk. */
  readonly writeFile?: typeof writeFile
}

export interface BlockCache {
  readonly blocksPath: string
  /** What was damaged or lost when it was opened, and what became of it. */
  readonly problems: readonly string[]
  readonly totalBytes: number
  readonly unpinnedBytes: number
  /** Blocks, pinned and not. */
  readonly count: number
  has(cid: CID): Promise<boolean>
  /** Stores verified bytes, under a pin that was begun where given. Throws DISK_FULL when eviction makes no room. */
  put(cid: CID, bytes: Uint8Array, pin?: number): Promise<void>
  /**
   * Runs `fill` with a new pin. It becomes the pin of the CID that comes back; of nothing when that is undefined. When
   * `fill` fails there is no pin, and what only it held goes with `removeOnFailure`.
   */
  pinned<T extends { readonly pinAs?: string }>(
    fill: (pin: number) => Promise<T>,
    options?: { removeOnFailure?: boolean },
  ): Promise<T>
  /** Puts a block under a pin, and on disk where it is not. */
  hold(pin: number, cid: CID, bytes: Uint8Array): Promise<void>
  release(pin: number, cid: CID): void
  unpin(cid: string): Promise<boolean>
  isPinned(cid: string): boolean
  pins(): string[]
  close(): Promise<void>
}

const leastUnpinnedBytes = 16 * 2 ** 20
/** What is made free at once on a full disk. */
const roomBytes = 64 * 2 ** 20
const evictionBatch = 64

/** What can be made again is, and said in `problems`. Throws REPO_DAMAGED for what cannot, REPO_VERSION, REPO_LOCKED, DISK_FULL. */
export async function openBlockCache(options: BlockCacheOptions): Promise<BlockCache> {
  const { clock } = options
  const blocksPath = join(options.repoPath, 'blocks')
  makeFolder(blocksPath)
  const folder = createBlockFolder(blocksPath, options.writeFile)
  const index = openBlockIndex(join(options.repoPath, 'blocks.db'))
  const list = openPinList(join(options.repoPath, 'pins'))
  const problems = await recover({ ...options, blocksPath, folder, index, list }).catch((error) => {
    list.close()
    index.close()
    throw error
  })
  const budget = Math.max(leastUnpinnedBytes, options.maxUnpinnedBytes)
  let evicting: Promise<void> | undefined

  async function removeBlock(key: string): Promise<void> {
    index.forget(key)
    await folder.remove(key)
  }

  /** Workers read files without telling, so the file system's access time gives a block its second chance. */
  async function shrinkTo(bytes: number): Promise<void> {
    while (index.unpinnedBytes > bytes) {
      const batch = index.oldest(evictionBatch)
      if (batch.length === 0) return
      for (const { key, sizeBytes, usedMs } of batch) {
        if (index.unpinnedBytes <= bytes) return
        const readMs = Math.floor((await folder.usedAtMs(key)) ?? 0)
        if (readMs > usedMs + 1000) index.record(key, sizeBytes, readMs)
        else await removeBlock(key)
      }
    }
  }

  function evict(bytes: number): Promise<void> {
    evicting ??= shrinkTo(bytes).finally(() => {
      evicting = undefined
    })
    return evicting
  }

  async function write(cid: CID, bytes: Uint8Array): Promise<void> {
    try {
      await folder.write(cid, bytes)
    } catch (error) {
      if (toMcpxError(error).code !== 'DISK_FULL' || index.unpinnedBytes === 0) throw toMcpxError(error)
      await evict(Math.max(0, index.unpinnedBytes - roomBytes))
      await folder.write(cid, bytes).catch((again) => Promise.reject(toMcpxError(again)))
    }
  }

  async function evictIfOver(): Promise<void> {
    if (index.unpinnedBytes > budget) await evict(budget * 0.9)
  }

  async function put(cid: CID, bytes: Uint8Array, pin?: number): Promise<void> {
    if (inlineBytes(cid)) return
    if (bytes.length > maxBlockBytes)
      throw new McpxError('CONTENT_CORRUPT', `the block ${cidText(cid)} has ${bytes.length} bytes, over 4 MiB`)
    await write(cid, bytes)
    const key = blockKey(cid)
    index.record(key, bytes.length, clock.wallMs())
    if (pin !== undefined) index.hold(pin, key)
    await evictIfOver()
  }

  /** Undoes a pin that was begun, and removes what only it held. Files first: a full disk has no room for the index either. */
  async function abandon(pin: number): Promise<void> {
    const keys = index.heldAlone(pin)
    for (const key of keys) await folder.remove(key)
    index.dropPin(pin)
    for (const key of keys) index.forget(key)
  }

  return {
    blocksPath,
    problems,
    get totalBytes() {
      return index.totalBytes
    },
    get unpinnedBytes() {
      return index.unpinnedBytes
    },
    get count() {
      return index.count
    },
    has: async (cid) => inlineBytes(cid) !== undefined || (await folder.has(cid)),
    put,
    async pinned(fill, { removeOnFailure = false } = {}) {
      const pin = index.beginPin(clock.wallMs())
      try {
        const result = await fill(pin)
        if (result.pinAs === undefined) index.dropPin(pin)
        else {
          index.commitPin(pin, result.pinAs)
          list.add(result.pinAs)
        }
        await evictIfOver()
        return result
      } catch (error) {
        try {
          if (removeOnFailure) await abandon(pin)
          else index.dropPin(pin)
        } catch {
          // What failed first is what went wrong; a pin that is left half begun goes at the next start.
        }
        throw toMcpxError(error)
      }
    },
    async hold(pin, cid, bytes) {
      if (inlineBytes(cid)) return
      const key = blockKey(cid)
      index.record(key, bytes.length, clock.wallMs())
      index.hold(pin, key)
      // Held first, looked for after: from here on nothing evicts it.
      if (!(await folder.has(cid))) await put(cid, bytes, pin)
    },
    release: (pin, cid) => index.release(pin, blockKey(cid)),
    async unpin(cid) {
      const pin = index.pinOf(cid)
      if (pin === undefined) return false
      // First here: what the list has and the index has not would be pinned again.
      list.remove(cid)
      index.dropPin(pin)
      await evictIfOver()
      return true
    },
    isPinned: (cid) => index.pinOf(cid) !== undefined,
    pins: () => index.pins(),
    async close() {
      await evicting
      list.close()
      index.close()
    },
  }
}
