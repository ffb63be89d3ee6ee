import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as Digest from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { type BlockCache, openBlockCache } from '../../../src/lib/content/block-cache.ts'
import { blockKey, createBlockFolder } from '../../../src/lib/content/block-folder.ts'
import { matches, requireKnownHash } from '../../../src/lib/content/block-hash.ts'
import { createBlockReader } from '../../../src/lib/content/block-reader.ts'
import { CID, cidText, codecs, parseCid } from '../../../src/lib/content/cid.ts'
import { seededBytes } from '../../support/content.ts'
import { createManualClock } from '../../support/content-clock.ts'

const rawCid = async (bytes: Uint8Array) => CID.createV1(codecs.raw, await sha256.digest(bytes))

let folderPath: string
beforeEach(async () => {
  folderPath = await mkdtemp(join(tmpdir(), 'mcpx-test-'))
})
afterEach(() => rm(folderPath, { recursive: true, force: true }))

const fileOf = (path: string, cid: CID) => join(path, blockKey(cid).slice(-3, -1), blockKey(cid))

describe('block hashes', () => {
  const bytes = seededBytes(1000)

  it.each([
    ['blake2b512', 0xb240],
    ['blake2s256', 0xb260],
    ['sha3-256', 0x16],
    ['sha512', 0x13],
  ])('verifies %s', (name, code) => {
    const cid = CID.createV1(codecs.raw, Digest.create(code, createHash(name).update(bytes).digest()))
    requireKnownHash(cid)
    expect(matches(cid, bytes)).toBe(true)
    expect(matches(cid, bytes.subarray(1))).toBe(false)
  })

  it('refuses hashes that cannot be verified, and truncated ones', async () => {
    const sha1 = CID.createV1(codecs.raw, Digest.create(0x11, createHash('sha1').update(bytes).digest()))
    const short = CID.createV1(codecs.raw, Digest.create(0x13, (await sha512.digest(bytes)).digest.subarray(0, 20)))
    for (const cid of [sha1, short]) {
      expect(() => requireKnownHash(cid)).toThrow(cidText(cid))
      expect(matches(cid, bytes)).toBe(false)
    }
  })
})

describe('the block folder', () => {
  it('reads back what was written, under both CID versions', async () => {
    const folder = createBlockFolder(folderPath)
    const v0 = parseCid('QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o')
    expect(blockKey(v0)).toBe(blockKey(v0.toV1()))
    const bytes = seededBytes(5000)
    const cid = await rawCid(bytes)
    expect(await folder.read(cid)).toBeUndefined()
    await folder.write(cid, bytes)
    expect(Buffer.from((await folder.read(cid))!).equals(bytes)).toBe(true)
  })

  it('leaves no half-written file behind', async () => {
    const folder = createBlockFolder(folderPath, (async (file: string) => {
      await writeFile(file, 'half')
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    }) as typeof writeFile)
    const cid = await rawCid(seededBytes(10))
    await expect(folder.write(cid, seededBytes(10))).rejects.toThrow('ENOSPC')
    expect(readdirSync(folderPath, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toEqual(
      [],
    )
  })

  it('removes a damaged block and says which', async () => {
    const folder = createBlockFolder(folderPath)
    const bytes = seededBytes(5000)
    const cid = await rawCid(bytes)
    await folder.write(cid, bytes)
    writeFileSync(fileOf(folderPath, cid), bytes.subarray(0, 4999))
    await expect(folder.read(cid)).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.stringContaining(cidText(cid)),
    })
    expect(await folder.has(cid)).toBe(false)
  })
})

describe('the block reader', () => {
  const open = (fetchBlock: (cid: string, signal?: AbortSignal) => Promise<unknown>, memoryCacheBytes = 2 ** 20) =>
    createBlockReader({ blocksPath: folderPath, memoryCacheBytes, fetchBlock })
  const nobody = async (cid: string) => {
    throw new McpxError('CONTENT_NOT_FOUND', `nobody has ${cid}`)
  }

  it('reads from the folder once, then from memory', async () => {
    const bytes = seededBytes(5000)
    const cid = await rawCid(bytes)
    await createBlockFolder(folderPath).write(cid, bytes)
    const reader = open(nobody)
    await reader.getBlock(cid)
    await reader.getBlock(cid)
    expect(reader.stats()).toMatchObject({ diskHits: 1, memoryHits: 1, fetched: 0 })
  })

  it('keeps no more bytes in memory than it may', async () => {
    const folder = createBlockFolder(folderPath)
    const reader = open(nobody, 20_000)
    for (let seed = 1; seed <= 10; seed++) {
      const bytes = seededBytes(5000, seed)
      await folder.write(await rawCid(bytes), bytes)
      await reader.getBlock(await rawCid(bytes))
      expect(reader.stats().memoryBytes).toBeLessThanOrEqual(20_000)
    }
  })

  it('asks once for a block that many miss at the same time', async () => {
    const bytes = seededBytes(5000)
    const cid = await rawCid(bytes)
    let asked = 0
    const reader = open(async (text) => {
      asked++
      expect(text).toBe(cidText(cid))
      await createBlockFolder(folderPath).write(cid, bytes)
    })
    const all = await Promise.all(Array.from({ length: 20 }, () => reader.getBlock(cid)))
    expect(asked).toBe(1)
    expect(all.every((got) => Buffer.from(got).equals(bytes))).toBe(true)
    expect(reader.stats()).toMatchObject({ fetched: 1 })
  })

  it('aborts the fetch when the last that waits has left, not before', async () => {
    const cid = await rawCid(seededBytes(10))
    let fetchSignal: AbortSignal | undefined
    const reader = open((_cid, signal) => {
      fetchSignal = signal
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    })
    const [first, second] = [new AbortController(), new AbortController()]
    const waiting = [reader.getBlock(cid, first.signal), reader.getBlock(cid, second.signal)]
    const outcomes = Promise.allSettled(waiting)
    await expect.poll(() => fetchSignal).toBeDefined()
    first.abort(new Error('first left'))
    await expect(waiting[0]).rejects.toThrow('first left')
    expect(fetchSignal?.aborted).toBe(false)
    second.abort(new Error('second left'))
    expect(fetchSignal?.aborted).toBe(true)
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  it('fetches a damaged block again, and calls it damaged when nobody has it', async () => {
    const folder = createBlockFolder(folderPath)
    const bytes = seededBytes(5000)
    const cid = await rawCid(bytes)
    await folder.write(cid, bytes)
    writeFileSync(fileOf(folderPath, cid), 'junk')
    await expect(open(nobody).getBlock(cid)).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    await folder.write(cid, bytes)
    writeFileSync(fileOf(folderPath, cid), 'junk')
    const reader = open(() => folder.write(cid, bytes))
    expect(Buffer.from(await reader.getBlock(cid)).equals(bytes)).toBe(true)
    expect(reader.stats()).toMatchObject({ damaged: 1, fetched: 1 })
  })

  it('reads what a CID carries in itself without any store', async () => {
    const cid = CID.createV1(codecs.raw, identity.digest(seededBytes(20)))
    expect(Buffer.from(await open(nobody).getBlock(cid)).equals(seededBytes(20))).toBe(true)
  })
})

describe('the block cache', () => {
  const clock = createManualClock()
  const caches: BlockCache[] = []
  const open = async (maxUnpinnedBytes: number, write?: typeof writeFile) => {
    const cache = await openBlockCache({ repoPath: folderPath, maxUnpinnedBytes, clock, writeFile: write })
    caches.push(cache)
    return cache
  }
  const close = () => Promise.all(caches.splice(0).map((cache) => cache.close()))
  afterEach(close)

  const size = 2 ** 20
  const blocks = (count: number, from = 1) =>
    Promise.all(
      Array.from({ length: count }, async (_, at) => {
        const bytes = Buffer.alloc(size, `block ${from + at} `)
        return { bytes, cid: await rawCid(bytes) }
      }),
    )

  it('drops unpinned blocks over its budget, those used longest ago first', async () => {
    const cache = await open(16 * size)
    const all = await blocks(40)
    for (const { cid, bytes } of all) {
      clock.advance(10_000_000_000)
      await cache.put(cid, bytes)
      expect(cache.unpinnedBytes).toBeLessThanOrEqual(16 * size)
    }
    expect(await cache.has(all[0]!.cid)).toBe(false)
    expect(await cache.has(all[39]!.cid)).toBe(true)
    expect(
      readdirSync(folderPath, { recursive: true, encoding: 'utf8' }).filter((name) => /\w{40}/.test(name)).length,
    ).toBe(cache.unpinnedBytes / size)
  })

  it('never drops a pinned block, and drops it once it is unpinned', async () => {
    const cache = await open(16 * size)
    const kept = await blocks(20)
    await cache.pinned(async (pin) => {
      for (const { cid, bytes } of kept) await cache.put(cid, bytes, pin)
      return { pinAs: 'kept' }
    })
    for (const { cid, bytes } of await blocks(30, 100)) await cache.put(cid, bytes)
    for (const { cid } of kept) expect(await cache.has(cid)).toBe(true)
    expect(cache.totalBytes - cache.unpinnedBytes).toBe(20 * size)
    expect(await cache.unpin('kept')).toBe(true)
    expect(cache.unpinnedBytes).toBeLessThanOrEqual(16 * size)
    expect(cache.totalBytes).toBe(cache.unpinnedBytes)
  })

  it('keeps a block that two pins share until both are gone', async () => {
    const cache = await open(0)
    const [shared] = await blocks(1)
    for (const name of ['a', 'b'])
      await cache.pinned(async (pin) => {
        await cache.put(shared!.cid, shared!.bytes, pin)
        return { pinAs: name }
      })
    await cache.unpin('a')
    expect(cache.unpinnedBytes).toBe(0)
    await cache.unpin('b')
    expect(cache.unpinnedBytes).toBe(size)
  })

  it('remembers pins and sizes over a restart, and forgets what a crash left half pinned', async () => {
    const first = await open(2 ** 30)
    const [whole, half] = await blocks(2)
    await first.pinned(async (pin) => {
      await first.put(whole!.cid, whole!.bytes, pin)
      return { pinAs: 'whole' }
    })
    // A pin that was begun and whose process ended: the index is closed in the middle of it.
    await first
      .pinned(async (pin) => {
        await first.put(half!.cid, half!.bytes, pin)
        await close()
        return { pinAs: 'half' }
      })
      .catch(() => {})
    const second = await open(2 ** 30)
    expect(second.pins()).toEqual(['whole'])
    expect(second.totalBytes).toBe(2 * size)
    expect(second.unpinnedBytes).toBe(size)
  })

  it('counts what the folder holds when the index is lost', async () => {
    const first = await open(2 ** 30)
    for (const { cid, bytes } of await blocks(3)) await first.put(cid, bytes)
    await close()
    for (const name of readdirSync(folderPath)) if (name.startsWith('blocks.db')) rmSync(join(folderPath, name))
    expect((await open(2 ** 30)).unpinnedBytes).toBe(3 * size)
  })

  it('makes room on a full disk by dropping what is not pinned, and says DISK_FULL when there is no such thing', async () => {
    let freeBlocks = 4
    const limited = (async (file: string, bytes: Uint8Array, options: object) => {
      const used = readdirSync(folderPath, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /\w{40}/.test(name),
      ).length
      if (used >= freeBlocks) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      await writeFile(file, bytes, options)
    }) as typeof writeFile
    const cache = await open(2 ** 30, limited)
    for (const { cid, bytes } of await blocks(10)) await cache.put(cid, bytes)
    expect(cache.totalBytes).toBeLessThanOrEqual(4 * size)
    freeBlocks = 0
    const [more] = await blocks(1, 50)
    await expect(cache.put(more!.cid, more!.bytes)).rejects.toMatchObject({ code: 'DISK_FULL' })
  })

  it('refuses an index that a newer version wrote', async () => {
    const cache = await open(0)
    await cache.close()
    caches.splice(0)
    const file = join(folderPath, 'blocks.db')
    const bytes = readFileSync(file)
    // user_version is the big-endian number at byte 60 of an SQLite file.
    bytes.writeUInt32BE(99, 60)
    writeFileSync(file, bytes)
    await expect(open(0)).rejects.toMatchObject({ code: 'REPO_VERSION' })
  })
})
