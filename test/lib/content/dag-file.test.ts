import * as dagPb from '@ipld/dag-pb'
import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced, flat, trickle } from 'ipfs-unixfs-importer/layout'
import { sha256 } from 'multiformats/hashes/sha2'
import { describe, expect, it } from 'vitest'
import { CID, codecs } from '../../../src/lib/content/cid.ts'
import { dagFile, openDagFile } from '../../../src/lib/content/dag-file.ts'
import { collect, seededBytes } from '../../support/content.ts'
import { createMemoryBlocks, type MemoryBlocks } from '../../support/content-blocks.ts'

interface Layout {
  readonly chunk: number
  readonly links: number
  readonly kind: 'balanced' | 'flat' | 'trickle'
  readonly raw: boolean
  readonly v0: boolean
}

async function build(blocks: MemoryBlocks, bytes: Uint8Array, layout: Layout): Promise<CID> {
  const { chunk, links, kind, raw, v0 } = layout
  const layouts = {
    balanced: balanced({ maxChildrenPerNode: links }),
    flat: flat(),
    trickle: trickle({ maxChildrenPerNode: links, layerRepeat: 2 }),
  }
  const options = {
    chunker: fixedSize({ chunkSize: chunk }),
    layout: layouts[kind],
    rawLeaves: raw && !v0,
    cidVersion: v0 ? (0 as const) : (1 as const),
    reduceSingleLeafToSelf: kind !== 'trickle',
  }
  return blocks.add([{ path: 'f', content: bytes }], options)
}

async function pbBlock(blocks: MemoryBlocks, unixfs: UnixFS, links: readonly CID[]): Promise<CID> {
  const bytes = dagPb.encode(
    dagPb.prepare({ Data: unixfs.marshal(), Links: links.map((Hash) => ({ Hash, Name: '', Tsize: 0 })) }),
  )
  const cid = CID.createV1(codecs.dagPb, await sha256.digest(bytes))
  await blocks.put(cid, bytes)
  return cid
}

async function rawBlock(blocks: MemoryBlocks, bytes: Uint8Array): Promise<CID> {
  const cid = CID.createV1(codecs.raw, await sha256.digest(bytes))
  await blocks.put(cid, bytes)
  return cid
}

const corrupt = { code: 'CONTENT_CORRUPT' }

describe('a DAG file', () => {
  it('gives every range of every layout the bytes that went in', async () => {
    const layout = fc.record({
      chunk: fc.integer({ min: 1, max: 64 }),
      links: fc.integer({ min: 2, max: 5 }),
      kind: fc.constantFrom('balanced' as const, 'flat' as const, 'trickle' as const),
      raw: fc.boolean(),
      v0: fc.boolean(),
    })
    const ranges = fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    const sizes = fc.integer({ min: 0, max: 2000 })
    await fc.assert(
      fc.asyncProperty(layout, sizes, ranges, fc.integer({ min: 0, max: 4 }), async (how, size, wanted, readAhead) => {
        const bytes = Buffer.from(seededBytes(size, size + 1))
        const blocks = createMemoryBlocks()
        const file = await openDagFile(await build(blocks, bytes, how), blocks.getBlock, { readAhead })
        expect(file.sizeBytes).toBe(size)
        expect((await collect(file.pieces(0, size))).equals(bytes)).toBe(true)
        for (const [a, b] of wanted) {
          const [start, end] = [Math.floor(Math.min(a, b) * size), Math.floor(Math.max(a, b) * size)]
          expect(Buffer.from(await file.read(start, end)).equals(bytes.subarray(start, end))).toBe(true)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('asks for no more than what is read and a bounded amount ahead', async () => {
    const blocks = createMemoryBlocks()
    const root = await build(blocks, seededBytes(400_000), {
      chunk: 1000,
      links: 20,
      kind: 'balanced',
      raw: true,
      v0: false,
    })
    const file = await openDagFile(root, blocks.getBlock, { readAhead: 3 })
    blocks.asked.length = 0
    let seen = 0
    for await (const _piece of file.pieces(0, file.sizeBytes)) {
      seen++
      // The pieces, the read-ahead on each of three levels, and the inner nodes on the way.
      expect(blocks.asked.length).toBeLessThanOrEqual(seen + 3 * 3 + 3)
      if (seen === 10) break
    }
    expect(seen).toBe(10)
  })

  it('reads inner nodes once, so that a random read costs one block', async () => {
    const blocks = createMemoryBlocks()
    const root = await build(blocks, seededBytes(400_000), {
      chunk: 1000,
      links: 20,
      kind: 'balanced',
      raw: true,
      v0: false,
    })
    const file = await openDagFile(root, blocks.getBlock, { readAhead: 3 })
    await file.read(0, file.sizeBytes)
    blocks.asked.length = 0
    await file.read(123_456, 123_460)
    expect(blocks.asked.length).toBe(1)
  })

  it('refuses a node whose sizes do not fit its links', async () => {
    const blocks = createMemoryBlocks()
    const leaf = await rawBlock(blocks, seededBytes(10))
    const root = await pbBlock(blocks, new UnixFS({ type: 'file', blockSizes: [10n, 10n] }), [leaf])
    await expect(openDagFile(root, blocks.getBlock)).rejects.toMatchObject(corrupt)
  })

  it('refuses a child that is smaller or larger than promised', async () => {
    for (const promised of [9n, 11n]) {
      const blocks = createMemoryBlocks()
      const leaf = await rawBlock(blocks, seededBytes(10))
      const root = await pbBlock(blocks, new UnixFS({ type: 'file', blockSizes: [promised] }), [leaf])
      const file = await openDagFile(root, blocks.getBlock)
      await expect(file.read(0, 9)).rejects.toMatchObject(corrupt)
    }
  })

  it('refuses sizes beyond what a number can hold', async () => {
    const blocks = createMemoryBlocks()
    const leaf = await rawBlock(blocks, seededBytes(10))
    for (const sizes of [[2n ** 63n], [2n ** 52n, 2n ** 52n, 1n]]) {
      const root = await pbBlock(
        blocks,
        new UnixFS({ type: 'file', blockSizes: sizes }),
        sizes.map(() => leaf),
      )
      await expect(openDagFile(root, blocks.getBlock)).rejects.toMatchObject(corrupt)
    }
  })

  it('refuses a chain that is nested without end', async () => {
    const blocks = createMemoryBlocks()
    let root = await rawBlock(blocks, seededBytes(10))
    for (let depth = 0; depth < 80; depth++)
      root = await pbBlock(blocks, new UnixFS({ type: 'file', blockSizes: [10n] }), [root])
    const file = await openDagFile(root, blocks.getBlock)
    await expect(file.read(0, 10)).rejects.toMatchObject(corrupt)
  })

  it('never visits children without bytes, however many there are', async () => {
    const blocks = createMemoryBlocks()
    const missing = CID.createV1(codecs.dagPb, await sha256.digest(seededBytes(1)))
    const leaf = await rawBlock(blocks, seededBytes(10))
    const links = [...Array.from({ length: 5000 }, () => missing), leaf]
    const sizes = links.map((link) => (link === leaf ? 10n : 0n))
    const root = await pbBlock(blocks, new UnixFS({ type: 'file', blockSizes: sizes }), links)
    const file = await openDagFile(root, blocks.getBlock)
    expect(Buffer.from(await file.read(0, 10)).equals(Buffer.from(seededBytes(10)))).toBe(true)
  })

  it('refuses a root of another size than the reference said', async () => {
    const blocks = createMemoryBlocks()
    const leaf = await rawBlock(blocks, seededBytes(10))
    await expect(dagFile(leaf, 11, blocks.getBlock).read(0, 5)).rejects.toMatchObject(corrupt)
  })

  it('refuses a directory, a symlink and what is no UnixFS', async () => {
    const blocks = createMemoryBlocks()
    const open = (root: CID) => openDagFile(root, blocks.getBlock)
    const notMedia = { code: 'NOT_MEDIA' }
    await expect(open(await pbBlock(blocks, new UnixFS({ type: 'directory' }), []))).rejects.toMatchObject(notMedia)
    await expect(
      open(await pbBlock(blocks, new UnixFS({ type: 'symlink', data: seededBytes(3) }), [])),
    ).rejects.toMatchObject(notMedia)
    const junk = seededBytes(100)
    const cid = CID.createV1(codecs.dagPb, await sha256.digest(junk))
    await blocks.put(cid, junk)
    await expect(open(cid)).rejects.toMatchObject(corrupt)
    await expect(open(CID.createV1(0x71, cid.multihash))).rejects.toThrow()
  })

  it('reports any junk in a dag-pb block as a known error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (junk) => {
        const blocks = createMemoryBlocks()
        const cid = CID.createV1(codecs.dagPb, await sha256.digest(junk))
        await blocks.put(cid, junk)
        const outcome = await openDagFile(cid, blocks.getBlock).then(
          () => 'opened',
          (error) => error.code,
        )
        expect(['opened', 'CONTENT_CORRUPT', 'NOT_MEDIA']).toContain(outcome)
      }),
    )
  })

  it('stops when the signal aborts', async () => {
    const blocks = createMemoryBlocks()
    const root = await build(blocks, seededBytes(10_000), {
      chunk: 100,
      links: 10,
      kind: 'balanced',
      raw: true,
      v0: false,
    })
    const file = await openDagFile(root, blocks.getBlock)
    const controller = new AbortController()
    const reading = (async () => {
      for await (const _piece of file.pieces(0, file.sizeBytes, { signal: controller.signal }))
        controller.abort(new Error('enough'))
    })()
    await expect(reading).rejects.toThrow('enough')
  })
})
