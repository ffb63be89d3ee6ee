// Every block of a DAG, in order, each node once: what a pin has to keep.
import { McpxError } from '../base/errors.ts'
import { blockKey } from './block-folder.ts'
import { type CID, cidText, codecs } from './cid.ts'
import type { GetBlock } from './dag-file.ts'
import { decodeDagNode } from './dag-node.ts'

/** Bounds of a walk. What claims more is an attack on memory or on time. */
interface WalkLimits {
  /** 10 million leaves of 256 KiB are 2.4 TiB. */
  readonly blocks: number
  /** Blocks that may have children: all are remembered (some 100 bytes each), or a small DAG could be walked for ever. */
  readonly nodes: number
  /** Blocks that are known and not yet read. */
  readonly pending: number
  /** Leaves remembered, so that one which comes again soon is not read again; to read it twice does no harm. */
  readonly leaves: number
}

const walkLimits: WalkLimits = { blocks: 10_000_000, nodes: 1_000_000, pending: 250_000, leaves: 50_000 }
const readAhead = 4

/** Reads each block of the DAG (which fetches what is missing) and hands it on. CONTENT_CORRUPT for one beyond the limits. */
export async function walkDag(
  root: CID,
  getBlock: GetBlock,
  onBlock: (cid: CID, bytes: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
  limits = walkLimits,
): Promise<void> {
  const nodes = new Set<string>([blockKey(root)])
  const leaves = new Set<string>()
  const stack: CID[] = [root]
  let blocks = 0

  function isNew(cid: CID): boolean {
    const key = blockKey(cid)
    const known = cid.code === codecs.raw ? leaves : nodes
    if (known.has(key)) return false
    if (known === leaves && leaves.size >= limits.leaves) leaves.clear()
    known.add(key)
    return true
  }

  function check(count: number, most: number, what: string): void {
    if (count > most) throw new McpxError('CONTENT_CORRUPT', `${cidText(root)} has over ${most} ${what}`)
  }

  while (stack.length > 0) {
    signal?.throwIfAborted()
    const batch = stack.splice(-readAhead)
    const read = await Promise.all(batch.map((cid) => getBlock(cid, signal)))
    for (const [at, cid] of batch.entries()) {
      await onBlock(cid, read[at]!)
      check(++blocks, limits.blocks, 'blocks')
      for (const child of childrenOf(cid, read[at]!)) if (isNew(child)) stack.push(child)
    }
    check(nodes.size, limits.nodes, 'nodes')
    check(stack.length, limits.pending, 'blocks side by side')
  }
}

/** Throws CONTENT_CORRUPT, NOT_MEDIA. */
export function childrenOf(cid: CID, bytes: Uint8Array): readonly CID[] {
  const node = decodeDagNode(cid, bytes)
  return node.type === 'directory' ? node.links : node.children.map((child) => child.cid)
}
