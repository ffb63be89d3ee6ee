// What every content store must do, whoever keeps the blocks.
import { beforeAll, describe, expect, it } from 'vitest'
import { createBlockReader } from '../../src/lib/content/block-reader.ts'
import type { Content } from '../../src/lib/content/open-store.ts'
import type { ContentStore } from '../../src/lib/content/store.ts'
import { collect, input, seededBytes } from '../support/content.ts'

/** A well-formed CID of bytes that nobody has. */
export const absentCid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

/** Runs the contract against the content that `open` returns; the caller closes it. */
export function describeContentStore(name: string, open: () => Promise<Content>): void {
  describe(`${name} keeps the contract of a content store`, () => {
    let content: Content
    let store: ContentStore
    beforeAll(async () => {
      content = await open()
      store = content.store
    })

    it('gives a small file the CID that Kubo gives it, in both versions', async () => {
      const v1 = await store.add([input('hello.txt', 'hello world\n')])
      const v0 = await store.add([input('hello.txt', 'hello world\n')], { cidVersion: 0 })
      expect(v1).toEqual({ cid: 'bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4', sizeBytes: 12 })
      expect(v0).toEqual({ cid: 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o', sizeBytes: 12 })
    })

    it('reads back any range of what was added, across blocks', async () => {
      const bytes = seededBytes(900_000, 7)
      const { cid, sizeBytes } = await store.add([input('a.bin', bytes)])
      expect(sizeBytes).toBe(bytes.length)
      expect((await collect(store.read(cid))).equals(bytes)).toBe(true)
      for (const [start, end] of [
        [0, 1],
        [262_143, 262_145],
        [100, 800_000],
        [899_999, 900_000],
        [5, 5],
      ] as const) {
        expect((await collect(store.read(cid, { start, end }))).equals(bytes.subarray(start, end))).toBe(true)
      }
    })

    it('refuses a range outside the file', async () => {
      const { cid } = await store.add([input('a.txt', 'abc')])
      await expect(collect(store.read(cid, { start: 2, end: 4 }))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
      await expect(collect(store.read(cid, { start: -1 }))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    })

    it('makes one directory of several files and finds them by path, in every spelling', async () => {
      const { cid } = await store.add([
        input('top/a.txt', 'a'),
        input('top/sub/b c.txt', 'bb'),
        input('top/z%41.txt', 'z'),
      ])
      const root = await store.list(cid)
      expect(root.map(({ name, type }) => [name, type])).toEqual([
        ['a.txt', 'file'],
        ['sub', 'directory'],
        ['z%41.txt', 'file'],
      ])
      expect(root[0]).toMatchObject({ sizeBytes: 1 })
      const found = await store.resolve(`ipfs://${cid}/sub/b%20c.txt`)
      expect(found).toMatchObject({ type: 'file', sizeBytes: 2, path: `${cid}/sub/b c.txt` })
      expect(await store.resolve(`/ipfs/${cid}/sub/b c.txt`)).toEqual(found)
      expect(await store.resolve(found.path)).toEqual(found)
      expect(await store.resolve(`https://gateway.example/ipfs/${cid}/sub/b%20c.txt?download=1`)).toEqual(found)
      expect(await store.resolve(`${cid}/z%41.txt`)).toMatchObject({ type: 'file', sizeBytes: 1 })
      expect(await store.resolve(cid)).toMatchObject({ type: 'directory', cid })
    })

    it('names what is missing below a directory', async () => {
      const { cid } = await store.add([input('d/a.txt', 'a'), input('d/b.txt', 'b')])
      await expect(store.resolve(`${cid}/nope.txt`)).rejects.toMatchObject({
        code: 'CONTENT_NOT_FOUND',
        message: expect.stringContaining('nope.txt'),
      })
    })

    it('pins what is added unless told not to, and unpins', async () => {
      const kept = await store.add([input('kept.txt', 'kept')])
      const loose = await store.add([input('loose.txt', 'loose')], { pin: false })
      expect(await store.pins()).toContain(kept.cid)
      expect(await store.pins()).not.toContain(loose.cid)
      await store.pin(loose.cid)
      await store.pin(loose.cid)
      expect(await store.pins()).toContain(loose.cid)
      await store.unpin(loose.cid)
      expect(await store.pins()).not.toContain(loose.cid)
      await expect(store.unpin(loose.cid)).rejects.toMatchObject({ code: 'CONTENT_NOT_FOUND' })
    })

    it('refuses to add nothing, a path that leads outside, and the same path twice', async () => {
      const invalid = { code: 'INVALID_REQUEST' }
      await expect(store.add([])).rejects.toMatchObject(invalid)
      await expect(store.add([input('../a', 'a')])).rejects.toMatchObject(invalid)
      await expect(store.add([input('a', 'a'), input('/a', 'b')])).rejects.toMatchObject(invalid)
    })

    it('passes on the failure of what it is given to add', async () => {
      async function* broken() {
        yield seededBytes(300_000)
        throw new RangeError('the disk of the sender')
      }
      const before = await store.pins()
      await expect(store.add([{ path: 'x', content: broken() }])).rejects.toThrow('the disk of the sender')
      expect(await store.pins()).toEqual(before)
    })

    it('stops adding when told to', async () => {
      const controller = new AbortController()
      async function* endless() {
        for (let seed = 1; ; seed++) {
          yield seededBytes(65_536, seed)
          if (seed === 8) controller.abort(new Error('enough'))
        }
      }
      const adding = store.add([{ path: 'x', content: endless() }], { signal: controller.signal })
      await expect(adding).rejects.toThrow('enough')
    })

    it('says so when nobody has the content', async () => {
      await expect(store.resolve(absentCid)).rejects.toMatchObject({
        code: 'CONTENT_NOT_FOUND',
        message: expect.stringContaining(absentCid),
      })
      await expect(store.resolve('not a cid')).rejects.toMatchObject({ code: 'INVALID_CID' })
    })

    it('hands a media worker what it needs to read the file by itself', async () => {
      const bytes = seededBytes(600_000, 3)
      const { cid } = await store.add([input('film/movie.mp4', bytes), input('film/readme.txt', 'r')])
      const source = await store.sourceRef(cid)
      expect(source).toMatchObject({ id: `${cid}/movie.mp4`, entry: 'movie.mp4' })
      const reader = createBlockReader({
        blocksPath: content.blocksPath,
        memoryCacheBytes: 2 ** 20,
        fetchBlock: (missing, signal) => store.ensureBlock(missing, { signal }),
      })
      const file = reader.open(source.files['movie.mp4']!)
      expect(Buffer.from(await file.read(200_000, 500_000)).equals(bytes.subarray(200_000, 500_000))).toBe(true)
      reader.close()
    })

    it('answers that a block which is here is local', async () => {
      const { cid } = await store.add([input('l.txt', 'local or soon to be')])
      await store.ensureBlock(cid)
      expect(await store.ensureBlock(cid)).toEqual({ source: 'local' })
    })

    it('gives out single blocks by CID, verified, those that are here also without asking anybody', async () => {
      const { cid } = await store.add([input('b.txt', 'a block of its own')])
      const text = async (local?: boolean) =>
        Buffer.from(await store.getBlock(cid, { ...(local && { local }) })).toString()
      expect(await text()).toBe('a block of its own')
      expect(await text(true)).toBe('a block of its own')
      await expect(store.getBlock(absentCid, { local: true })).rejects.toMatchObject({
        code: 'CONTENT_NOT_FOUND',
        message: expect.stringContaining(absentCid),
      })
      await expect(store.getBlock('no cid')).rejects.toMatchObject({ code: 'INVALID_CID' })
    })
  })
}
