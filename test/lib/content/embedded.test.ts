import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Content } from '../../../src/lib/content/open-store.ts'
import { collect, input, openTestContent, seededBytes } from '../../support/content.ts'

let repoPath: string
const opened: Content[] = []
const open = async (overrides = {}) => {
  const content = await openTestContent({ repoPath, ...overrides })
  opened.push(content)
  return content
}
beforeEach(async () => {
  repoPath = await mkdtemp(join(tmpdir(), 'mcpx-test-'))
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((content) => content.close()))
  await rm(repoPath, { recursive: true, force: true })
})

describe('the embedded store', () => {
  it('keeps content, pins and its node id over a restart', async () => {
    const bytes = seededBytes(700_000)
    const first = await open()
    const { cid } = await first.store.add([input('a.mp4', bytes)])
    await first.close()
    const second = await open()
    expect(second.repo.nodeId).toBe(first.repo.nodeId)
    expect(await second.store.pins()).toEqual([cid])
    expect((await collect(second.store.read(cid))).equals(bytes)).toBe(true)
  })

  it('lets one process use a repo at a time', async () => {
    await open()
    await expect(open()).rejects.toMatchObject({ code: 'REPO_LOCKED', message: expect.stringContaining(repoPath) })
  })

  it('removes a throw-away repo at close', async () => {
    const content = await openTestContent()
    const { path } = content.repo
    await content.store.add([input('a', 'a')])
    await content.close()
    await expect(rm(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('leaves neither pin nor blocks of an add that failed', async () => {
    const { store, stats } = await open()
    async function* broken() {
      yield seededBytes(2_000_000)
      throw new RangeError('gone')
    }
    await expect(store.add([{ path: 'x', content: broken() }])).rejects.toThrow('gone')
    expect(await store.pins()).toEqual([])
    expect(stats().diskBytes).toBe(0)
  })

  it('pins a directory with everything below it', async () => {
    const { store, stats } = await open()
    const files = [input('d/a', seededBytes(600_000)), input('d/s/b', seededBytes(300_000, 2))]
    const { cid } = await store.add(files, { pin: false })
    const before = stats()
    expect(before.diskUnpinnedBytes).toBe(before.diskBytes)
    await store.pin(cid)
    expect(stats().diskBytes - stats().diskUnpinnedBytes).toBeGreaterThan(900_000)
    await store.unpin(cid)
    expect(stats().diskUnpinnedBytes).toBe(before.diskBytes)
  })

  it('agrees with `ipfs add` about a file of several levels, in both versions', async () => {
    // Made with Kubo 0.42: ipfs add --only-hash [--cid-version=1] of the same bytes.
    const bytes = seededBytes(2_000_000, 42)
    const { store } = await open()
    const v1 = await store.add([input('f', bytes)])
    const v0 = await store.add([input('f', bytes)], { cidVersion: 0 })
    expect([v1.cid, v0.cid]).toEqual([
      'bafybeiedfhoosru7zn6kx2d5uv3obfk44bu7jr4ge6o3ccfsu36liz2ib4',
      'QmVBhsnYyB9LBTVpdNTVJpj26TkQFoaP1S5HMPJQrzt2Ag',
    ])
  })

  it('finds the files to play', async () => {
    const { store } = await open()
    const ladder = await store.add([
      input('l/master.m3u8', 'm'),
      input('l/v0/video.m3u8', 'p'),
      input('l/v0/video.mp4', 'v'),
    ])
    expect(await store.sourceRef(ladder.cid)).toMatchObject({ id: ladder.cid, entry: 'master.m3u8' })
    expect(Object.keys((await store.sourceRef(ladder.cid)).files).sort()).toEqual([
      'master.m3u8',
      'v0/video.m3u8',
      'v0/video.mp4',
    ])
    const named = await store.sourceRef(`${ladder.cid}/master.m3u8`)
    expect(named).toMatchObject({ id: `${ladder.cid}/master.m3u8`, entry: 'master.m3u8' })
    expect(named.files).toEqual((await store.sourceRef(ladder.cid)).files)
    const single = await store.sourceRef(`${ladder.cid}/v0/video.mp4`)
    expect(single).toMatchObject({ id: `${ladder.cid}/v0/video.mp4`, entry: 'video.mp4' })

    const several = await store.add(Array.from({ length: 30 }, (_, at) => input(`s/${at}.MP4`, `${at}`)))
    const ambiguous = await store.sourceRef(several.cid).catch((error) => error)
    expect(ambiguous).toMatchObject({
      code: 'AMBIGUOUS_CONTENT',
      message: expect.stringContaining(`${several.cid}/0.MP4`),
    })
    expect(ambiguous.message.split('\n')).toHaveLength(22)

    const none = await store.add([input('n/a.txt', 'a'), input('n/b.txt', 'b')])
    await expect(store.sourceRef(none.cid)).rejects.toMatchObject({ code: 'NOT_MEDIA' })
  })
})
