import { code, encode, prepare } from '@ipld/dag-pb'
import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { describe, expect, it } from 'vitest'
import { cidText } from '../../../src/lib/content/cid.ts'
import { createDirectory } from '../../../src/lib/content/directory.ts'
import { createSourceRef } from '../../../src/lib/content/source-ref.ts'
import { createMemoryBlocks, type MemoryBlocks } from '../../support/content-blocks.ts'

const file = (path: string) => ({ path, content: Buffer.from(path) })

describe('a directory', () => {
  it.each([
    ['flat', 2 ** 20],
    ['sharded', 0],
  ])('that is %s lists its names and leads to each of them', async (_kind, shardSplitThresholdBytes) => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => !/[/\\\0]/.test(text))
    const nameSets = fc.uniqueArray(
      name.filter((text) => text !== '.' && text !== '..'),
      { minLength: 2, maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(nameSets, async (names) => {
        const blocks = createMemoryBlocks()
        const files = names.map((text) => file(`d/${text}`))
        const root = await blocks.add(files, { shardSplitThresholdBytes, wrapWithDirectory: false })
        const directory = createDirectory(blocks.getBlock)
        const entries = await directory.list(root)
        expect(entries.map((entry) => entry.name).sort()).toEqual([...names].sort())
        for (const { name: at, cid, sizeBytes } of entries) {
          expect(cidText(await directory.walk(root, [at]))).toBe(cid)
          expect(sizeBytes).toBe(Buffer.byteLength(`d/${at}`))
        }
        await expect(directory.walk(root, ['not there at all, whatever'])).rejects.toMatchObject({
          code: 'CONTENT_NOT_FOUND',
        })
      }),
      { numRuns: 15 },
    )
  })

  it('has no names below a file', async () => {
    const blocks = createMemoryBlocks()
    const root = await blocks.add([file('d/a'), file('d/b')])
    const directory = createDirectory(blocks.getBlock)
    await expect(directory.walk(root, ['a', 'x'])).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
    await expect(directory.list(await directory.walk(root, ['a']))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('a sharded directory that is a trick', () => {
  async function shard(blocks: MemoryBlocks, children: readonly CID[]): Promise<CID> {
    const links = children.map((cid, at) => ({
      Name: at.toString(16).toUpperCase().padStart(2, '0'),
      Hash: cid,
      Tsize: 1,
    }))
    const data = new UnixFS({ type: 'hamt-sharded-directory', fanout: 256n, hashType: 0x22n, data: new Uint8Array(32) })
    const bytes = encode(prepare({ Data: data.marshal(), Links: links }))
    return blocks.put(CID.createV1(code, await sha256.digest(bytes)), bytes)
  }

  it('is refused when its shards come again and again, which would never end', async () => {
    const blocks = createMemoryBlocks()
    let root = await shard(blocks, [])
    for (let level = 0; level < 3; level++) root = await shard(blocks, Array(256).fill(root))
    const directory = createDirectory(blocks.getBlock)
    await expect(directory.list(root)).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    await expect(directory.stat(root)).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    expect(blocks.asked.length).toBeLessThan(20)
  })

  it('lets timers run and ends with the signal while its shards are all at hand', async () => {
    const blocks = createMemoryBlocks()
    let root = await shard(blocks, [])
    for (let level = 0; level < 2000; level++) root = await shard(blocks, [root])
    const leaving = new AbortController()
    setImmediate(() => leaving.abort(new Error('left')))
    await expect(createDirectory(blocks.getBlock).list(root, leaving.signal)).rejects.toThrow('left')
  })
})

describe('what to play in a directory', () => {
  const content = { cid: 'root', type: 'directory' as const, sizeBytes: 0, path: 'root' }
  const files = (names: readonly string[]) => async () =>
    names.map((name) => ({ name, cid: `cid of ${name}`, type: 'file' as const, sizeBytes: 1 }))

  it.each([
    [['master.m3u8', 'other.m3u8', 'a.mp4', 'b.mp4'], 'master.m3u8', 4],
    [['only.M3U8', 'a.ts', 'b.ts'], 'only.M3U8', 3],
    [['a.txt', 'film.WebM', 'cover.jpg'], 'film.WebM', 1],
  ])('of %j is %s', async (names, entry, count) => {
    const source = await createSourceRef(content, files(names))
    expect(source.entry).toBe(entry)
    expect(Object.keys(source.files)).toHaveLength(count)
  })

  it('cannot be said of two playlists without a master', async () => {
    const choice = createSourceRef(content, files(['a.m3u8', 'b.m3u8', 'a.mp4', 'b.mp4']))
    await expect(choice).rejects.toMatchObject({ code: 'AMBIGUOUS_CONTENT' })
  })

  it('is not looked for among more than a thousand files', async () => {
    const names = Array.from({ length: 1001 }, (_, at) => `${at}.txt`)
    await expect(createSourceRef(content, files(names))).rejects.toMatchObject({ code: 'AMBIGUOUS_CONTENT' })
  })

  it('keeps names that mean something to JavaScript', async () => {
    const source = await createSourceRef(content, files(['__proto__.mp4', 'a.txt']))
    expect(source.files['__proto__.mp4']).toMatchObject({ sizeBytes: 1 })
    const ladder = await createSourceRef(content, files(['master.m3u8', '__proto__']))
    expect(Object.keys(ladder.files)).toEqual(['master.m3u8', '__proto__'])
  })
})
