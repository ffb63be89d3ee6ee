// Verified blocks for whoever reads: memory, then the block folder, and on a miss whoever can make the block present.
import { LRUCache } from 'lru-cache'
import { McpxError } from '../base/errors.ts'
import { createSharedWork } from '../base/shared-work.ts'
import type { BlockReaderStats } from '../model/content-stats.ts'
import type { ByteSource } from '../model/source.ts'
import type { FileRef } from '../protocol/media-plane.ts'
import { createBlockFolder } from './block-folder.ts'
import { inlineBytes, requireKnownHash } from './block-hash.ts'
import { type CID, cidText, parseCid } from './cid.ts'
import { type DagFileOptions, dagFile } from './dag-file.ts'

interface BlockReaderOptions {
  readonly blocksPath: string
  /** Bytes of blocks kept in memory; 0 keeps none. */
  readonly memoryCacheBytes: number
  /** Makes the block present in the folder; rejects with CONTENT_NOT_FOUND, CONTENT_TIMEOUT, … */
  readonly fetchBlock: (cid: string, signal?: AbortSignal) => Promise<unknown>
}

export interface BlockReader {
  /** The file behind a reference, before any block of it is here. Close it when done; closing the reader does not. */
  open(file: FileRef, options?: DagFileOptions): ByteSource
  /** One verified block. The bytes are shared: do not write to them or transfer them. */
  getBlock(cid: CID, signal?: AbortSignal): Promise<Uint8Array>
  /** The same where it is here; nobody is asked for one that is not: CONTENT_NOT_FOUND. */
  getLocalBlock(cid: CID): Promise<Uint8Array>
  stats(): BlockReaderStats
  close(): void
}

export function createBlockReader(options: BlockReaderOptions): BlockReader {
  const folder = createBlockFolder(options.blocksPath)
  const memory =
    options.memoryCacheBytes > 0
      ? new LRUCache<string, Uint8Array>({
          maxSize: options.memoryCacheBytes,
          // A few hundred bytes of bookkeeping each, so that many tiny blocks count as what they cost.
          sizeCalculation: (bytes) => bytes.length + 256,
        })
      : undefined
  const loading = createSharedWork<Uint8Array>()
  const counts = { memoryHits: 0, memoryMisses: 0, diskHits: 0, diskMisses: 0, fetched: 0, damaged: 0 }
  let isClosed = false

  async function readLocal(cid: CID): Promise<{ bytes?: Uint8Array; damage?: unknown }> {
    try {
      return { bytes: await folder.read(cid) }
    } catch (error) {
      if (!isCorrupt(error)) throw error
      counts.damaged++
      return { damage: error }
    }
  }

  async function fetch(cid: CID, damage: unknown, signal: AbortSignal): Promise<void> {
    try {
      await options.fetchBlock(cidText(cid), signal)
      counts.fetched++
    } catch (error) {
      // What was here and is damaged is the better news than that nobody else has it.
      throw damage !== undefined && isNotFound(error) ? damage : error
    }
  }

  async function load(cid: CID, signal: AbortSignal): Promise<Uint8Array> {
    const local = await readLocal(cid)
    if (local.bytes) {
      counts.diskHits++
      return local.bytes
    }
    counts.diskMisses++
    // Twice, because the disk cache may drop a block between the fetch and the read.
    for (let attempt = 0; attempt < 2; attempt++) {
      await fetch(cid, local.damage, signal)
      const fetched = await readLocal(cid)
      if (fetched.bytes) return fetched.bytes
    }
    throw new McpxError('CONTENT_NOT_FOUND', `the block ${cidText(cid)} was fetched but did not stay`)
  }

  async function getBlock(cid: CID, signal?: AbortSignal): Promise<Uint8Array> {
    if (isClosed) throw new McpxError('INTERNAL', 'the block reader is closed')
    const inline = inlineBytes(cid)
    if (inline) return inline
    const key = cidText(cid)
    const kept = memory?.get(key)
    if (kept) {
      counts.memoryHits++
      return kept
    }
    counts.memoryMisses++
    requireKnownHash(cid)
    const bytes = await loading.run(key, (shared) => load(cid, shared), signal)
    if (!isClosed) memory?.set(key, bytes)
    return bytes
  }

  async function getLocalBlock(cid: CID): Promise<Uint8Array> {
    requireKnownHash(cid)
    const { bytes, damage } = await readLocal(cid)
    const found = bytes ?? inlineBytes(cid)
    if (!found) throw damage ?? new McpxError('CONTENT_NOT_FOUND', `the block ${cidText(cid)} is not here`)
    return found
  }

  return {
    open: (file, fileOptions) => dagFile(parseCid(file.cid), file.sizeBytes, getBlock, fileOptions),
    getBlock,
    getLocalBlock,
    stats: () => ({ ...counts, memoryBytes: memory?.calculatedSize ?? 0, memoryBlocks: memory?.size ?? 0 }),
    close() {
      isClosed = true
      memory?.clear()
    },
  }
}

const isCorrupt = (error: unknown) => error instanceof McpxError && error.code === 'CONTENT_CORRUPT'
const isNotFound = (error: unknown) => error instanceof McpxError && error.code === 'CONTENT_NOT_FOUND'
