// Every block of a DAG, once, in order: what a pin has to keep.
import { McpxError } from '../base/errors.ts'
import { blockKey } from './block-folder.ts'
import { type CID, cidText } from './cid.ts'
import type { GetBlock } from './dag-file.ts'
import { decodeDagNode } from './dag-node.ts'

/** 10 million blocks of 256 KiB are 2.4 TiB; what claims more is an attack on memory. */
const maxBlocks = 10_000_000
const readAhead = 4

/** Reads each block of the DAG (which fetches what is missing) and hands it on. */
export async function walkDag(
  root: CID,
  getBlock: GetBlock,
  onBlock: (cid: CID, bytes: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const seen = new Set<string>([blockKey(root)])
  const stack: CID[] = [root]
  while (stack.length > 0) {
    signal?.throwIfAborted()
    const batch = stack.splice(-readAhead)
    const blocks = await Promise.all(batch.map((cid) => getBlock(cid, signal)))
    for (const [at, cid] of batch.entries()) {
      await onBlock(cid, blocks[at]!)
      for (const child of childrenOf(cid, blocks[at]!)) {
        const key = blockKey(child)
        if (seen.has(key)) continue
        seen.add(key)
        stack.push(child)
      }
    }
    if (seen.size > maxBlocks) throw new McpxError('CONTENT_CORRUPT', `${cidText(root)} has over ${maxBlocks} blocks`)
  }
}

function childrenOf(cid: CID, bytes: Uint8Array): readonly CID[] {
  const node = decodeDagNode(cid, bytes)
  return node.type === 'directory' ? node.links : node.children.map((child) => child.cid)
}
