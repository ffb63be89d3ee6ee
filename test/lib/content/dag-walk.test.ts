import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { sha256 } from 'multiformats/hashes/sha2'
import { describe, expect, it } from 'vitest'
import { CID, codecs } from '../../../src/lib/content/cid.ts'
import { walkDag } from '../../../src/lib/content/dag-walk.ts'
import { createMemoryBlocks } from '../../support/content-blocks.ts'

const blocks = createMemoryBlocks()

async function leaf(text: string): Promise<CID> {
  const bytes = Buffer.from(text)
  return blocks.put(CID.createV1(codecs.raw, await sha256.digest(bytes)), bytes)
}

async function folder(links: readonly CID[]): Promise<CID> {
  const Data = new UnixFS({ type: 'directory' }).marshal()
  const bytes = dagPb.encode(dagPb.prepare({ Data, Links: links.map((Hash, i) => ({ Hash, Name: `${i}`, Tsize: 0 })) }))
  return blocks.put(CID.createV1(codecs.dagPb, await sha256.digest(bytes)), bytes)
}

const wide = async (count: number) =>
  folder(await Promise.all(Array.from({ length: count }, (_, i) => leaf(`leaf ${i}`))))

async function walk(root: CID, limits?: Parameters<typeof walkDag>[4]): Promise<string[]> {
  const found: string[] = []
  await walkDag(root, blocks.getBlock, async (cid) => void found.push(cid.toString()), undefined, limits)
  return found
}

const limits = { blocks: 100, nodes: 100, pending: 100, leaves: 100 }
const corrupt = (message: RegExp) => ({ code: 'CONTENT_CORRUPT', message: expect.stringMatching(message) })

describe('a walk over a DAG', () => {
  it('visits every block once, though a node is reached a million times', async () => {
    let root = await wide(3)
    for (let depth = 0; depth < 20; depth++) root = await folder([root, root])
    expect(await walk(root)).toHaveLength(24)
  })

  it('is refused when it would take too much memory or time', async () => {
    const root = await folder([await wide(30), await wide(31)])
    await expect(walk(root, { ...limits, pending: 20 })).rejects.toMatchObject(corrupt(/20 blocks side by side/))
    await expect(walk(root, { ...limits, blocks: 10 })).rejects.toMatchObject(corrupt(/10 blocks/))
    await expect(walk(root, { ...limits, nodes: 2 })).rejects.toMatchObject(corrupt(/2 nodes/))
  })

  it('forgets leaves rather than growing, and still ends', async () => {
    const root = await folder([await wide(30), await wide(31)])
    const found = await walk(root, { ...limits, leaves: 5 })
    expect(new Set(found).size).toBe(3 + 31)
  })
})
