// Random access to a UnixFS file, block by block: pulls what is asked for and a bounded amount ahead, never the rest.
import { LRUCache } from 'lru-cache'
import { McpxError } from '../base/errors.ts'
import type { ByteSource } from '../model/source.ts'
import { type CID, cidText, codecs } from './cid.ts'
import { decodeFileNode, type FileNode } from './dag-node.ts'

export type GetBlock = (cid: CID, signal?: AbortSignal) => Promise<Uint8Array>

export interface DagFileOptions {
  /** Blocks asked for beyond the one that is being waited for. Default 3. */
  readonly readAhead?: number
}

interface DagFile extends ByteSource {
  /** The bytes [start, end) in order, in the pieces in which they are stored. Stopping early stops the reading. */
  pieces(start: number, end: number, options?: { signal?: AbortSignal }): AsyncGenerator<Uint8Array>
}

/** A balanced layout needs 5 levels for a petabyte, a trickle layout some more. */
const maxDepth = 64
/** Most bytes that one `read` returns; larger amounts are for `pieces`. */
const maxReadBytes = 64 * 2 ** 20
/** Links of inner nodes kept decoded per file, so that a random read decodes nothing but its own block. */
const keptLinks = 16_384

/** A block in its place in the file: the bytes [start, end) of it. */
interface Span {
  readonly cid: CID
  readonly start: number
  readonly end: number
  readonly depth: number
  node?: Promise<FileNode>
}

/** Reads the root block and opens the file under it. NOT_MEDIA for a directory, CONTENT_CORRUPT for lying sizes. */
export async function openDagFile(
  root: CID,
  getBlock: GetBlock,
  options: DagFileOptions & { signal?: AbortSignal } = {},
): Promise<DagFile> {
  const node = decodeFileNode(root, await getBlock(root, options.signal))
  return dagFile(root, node.sizeBytes, getBlock, options)
}

/** The file of a known size, before any block of it is here; a root that says another size is CONTENT_CORRUPT. */
export function dagFile(root: CID, sizeBytes: number, getBlock: GetBlock, options: DagFileOptions = {}): DagFile {
  const { readAhead = 3 } = options
  const inner = new LRUCache<string, FileNode>({ maxSize: keptLinks, sizeCalculation: (node) => node.children.length })
  let isClosed = false

  async function load(span: Span, signal?: AbortSignal): Promise<FileNode> {
    if (span.depth > maxDepth) throw new McpxError('CONTENT_CORRUPT', `${cidText(root)} is nested too deeply`)
    const key = span.cid.code === codecs.dagPb ? cidText(span.cid) : ''
    const kept = key ? inner.get(key) : undefined
    const node = kept ?? decodeFileNode(span.cid, await getBlock(span.cid, signal))
    if (node.sizeBytes !== span.end - span.start)
      throw new McpxError(
        'CONTENT_CORRUPT',
        `the block ${cidText(span.cid)} holds ${node.sizeBytes} bytes where ${span.end - span.start} were promised`,
      )
    if (!kept && node.children.length > 0) inner.set(key, node)
    return node
  }

  function begin(span: Span, signal?: AbortSignal): Promise<FileNode> {
    if (!span.node) {
      span.node = load(span, signal)
      span.node.catch(() => {})
    }
    return span.node
  }

  async function* pieces(start: number, end: number, { signal }: { signal?: AbortSignal } = {}) {
    checkRange(start, end)
    let queue: Span[] = start < end ? [{ cid: root, start: 0, end: sizeBytes, depth: 0 }] : []
    for (let at = 0; at < queue.length; at++) {
      if (isClosed) throw new McpxError('INTERNAL', `${cidText(root)} is closed`)
      signal?.throwIfAborted()
      for (let ahead = at; ahead < queue.length && ahead <= at + readAhead; ahead++) begin(queue[ahead]!, signal)
      const span = queue[at]!
      const node = await begin(span, signal)
      const own = node.data.subarray(Math.max(0, start - span.start), Math.max(0, end - span.start))
      if (own.length > 0) yield own
      if (node.children.length === 0) continue
      queue = [...childrenWithin(span, node, start, end), ...queue.slice(at + 1)]
      at = -1
    }
  }

  function checkRange(start: number, end: number): void {
    if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= sizeBytes) return
    throw new McpxError('INVALID_REQUEST', `no bytes ${start} to ${end} in ${cidText(root)}, which has ${sizeBytes}`)
  }

  return {
    sizeBytes,
    pieces,
    async read(start, end, readOptions) {
      checkRange(start, end)
      if (end - start > maxReadBytes)
        throw new McpxError('INVALID_REQUEST', `${end - start} bytes at once are more than ${maxReadBytes}`)
      const result = new Uint8Array(end - start)
      let filled = 0
      for await (const piece of pieces(start, end, readOptions)) {
        result.set(piece, filled)
        filled += piece.length
      }
      if (filled !== result.length)
        throw new McpxError('CONTENT_CORRUPT', `${cidText(root)} ended ${result.length - filled} bytes early`)
      return result
    },
    close() {
      isClosed = true
      inner.clear()
    },
  }
}

/** The children that hold bytes of [start, end), in their place in the file. Empty ones are never visited. */
function childrenWithin(span: Span, node: FileNode, start: number, end: number): Span[] {
  const found: Span[] = []
  for (const child of node.children) {
    const childStart = span.start + child.start
    const childEnd = span.start + child.end
    if (childStart >= end) break
    if (childEnd <= start || childStart === childEnd) continue
    found.push({ cid: child.cid, start: childStart, end: childEnd, depth: span.depth + 1 })
  }
  return found
}
