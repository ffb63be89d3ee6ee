// Each file of a repo in each way that it can come to harm, and what is right then.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Content } from '../../../src/lib/content/open-store.ts'
import { collect, input, openTestContent, seededBytes } from '../../support/content.ts'
import { blockFiles, canMount, eachPage, fillUp, type Harm, harm, mountSmall } from '../../support/damage.ts'

/** `refused` with a code; otherwise it opens with every pin and every byte, and says a problem where there is one. */
type Outcome = { readonly refused: string; readonly hint: RegExp } | { readonly says: RegExp | 'nothing' }

const nothing: Outcome = { says: 'nothing' }
const says = (pattern: RegExp): Outcome => ({ says: pattern })
const refused = (code: string, hint: RegExp): Outcome => ({ refused: code, hint })
const anew = /blocks\.db was made anew from \d+ blocks[\s\S]*3 pins .* restored from the list of pins$/
const newer = refused('REPO_VERSION', /newer mcpx/)
const notOurs = refused('REPO_DAMAGED', /remove that file/)

const table: Readonly<Record<string, Partial<Record<Harm | 'garbage at each page', Outcome>>>> = {
  version: { missing: nothing, empty: nothing, garbage: notOurs, truncated: notOurs },
  'node-id': {
    missing: nothing,
    empty: says(/^node-id was damaged: this node is mcpx-/),
    garbage: says(/^node-id was damaged: this node is mcpx-/),
    truncated: nothing,
  },
  lock: { empty: nothing, garbage: nothing, truncated: nothing },
  'server.json': { empty: nothing, garbage: nothing, truncated: nothing },
  'blocks.db': {
    missing: says(anew),
    empty: says(anew),
    'garbage at each page': says(/^blocks\.db was damaged, and is now blocks\.db\.damaged\n[\s\S]*3 pins/),
    truncated: says(/^blocks\.db was damaged, and is now blocks\.db\.damaged\n[\s\S]*3 pins/),
    newer,
  },
  'blocks.db-wal': { empty: nothing, garbage: nothing, truncated: nothing },
  pins: {
    missing: nothing,
    empty: nothing,
    garbage: says(/^the file pins was damaged: it was written anew, with 3 pins$/),
    truncated: nothing,
  },
  'metadata.db': {
    missing: nothing,
    empty: nothing,
    'garbage at each page': nothing,
    truncated: nothing,
    newer,
  },
  parquet: { missing: nothing },
  'a part': { missing: nothing, empty: nothing, garbage: nothing, truncated: nothing },
}

const file = seededBytes(700_000, 1)
const folderFiles = { 'a.mp4': seededBytes(300_000, 2), 'b.mp4': seededBytes(10, 3) }
const media = { container: 'mp4', durationS: 1, rungs: [], mode: 'fixed', rotation: 0, tracks: [] } as const

let template: string
let cids: string[]
let repoPath: string
const opened: Content[] = []

async function open(): Promise<Content> {
  const content = await openTestContent({ repoPath, offline: true })
  opened.push(content)
  return content
}
const closeAll = () => Promise.all(opened.splice(0).map((content) => content.close()))
const scratch = () => mkdtempSync(join(tmpdir(), 'mcpx-test-'))

/** Three pins: a file, a folder, and one by CIDv0; a record of metadata in a part. */
async function fill(): Promise<string[]> {
  const { store, metadata } = await open()
  const folder = Object.entries(folderFiles).map(([name, bytes]) => input(`folder/${name}`, bytes))
  const added = [
    await store.add([input('a.mp4', file)]),
    await store.add(folder),
    await store.add([input('c.mp4', seededBytes(400_000, 4))], { cidVersion: 0 }),
  ]
  metadata.put(added[0]!.cid, { sizeBytes: file.length, media })
  await closeAll()
  return added.map(({ cid }) => cid)
}

beforeAll(async () => {
  template = scratch()
  repoPath = template
  cids = await fill()
})
afterAll(() => rmSync(template, { recursive: true }))
beforeEach(() => {
  repoPath = scratch()
  cpSync(template, repoPath, { recursive: true })
})
afterEach(async () => {
  await closeAll()
  rmSync(repoPath, { recursive: true })
})

async function expectWhole({ store }: Content): Promise<void> {
  expect([...(await store.pins())].sort()).toEqual([...cids].sort())
  expect((await collect(store.read(cids[0]!))).equals(file)).toBe(true)
  const entries = await store.list(cids[1]!)
  for (const { name, cid } of entries)
    expect((await collect(store.read(cid))).equals(folderFiles[name as keyof typeof folderFiles])).toBe(true)
}

/** Where the file is; those that only a running server has are made. */
function placeOf(name: string): string {
  if (name === 'a part') {
    const [part] = readdirSync(join(repoPath, 'parquet'))
    return join(repoPath, 'parquet', part!)
  }
  const path = join(repoPath, name)
  const inUse = { lock: '{"pid":1,"host":"x"}', 'server.json': '{"pid":1}', 'blocks.db-wal': seededBytes(9000, 5) }
  if (name in inUse) writeFileSync(path, inUse[name as keyof typeof inUse])
  return path
}

for (const [name, row] of Object.entries(table))
  describe(name, () => {
    for (const [how, outcome] of Object.entries(row) as [Harm | 'garbage at each page', Outcome][])
      it(how, async () => {
        const kinds: Harm[] = how === 'garbage at each page' ? eachPage(placeOf(name)) : [how]
        for (const kind of kinds) {
          rmSync(repoPath, { recursive: true })
          cpSync(template, repoPath, { recursive: true })
          harm(placeOf(name), kind)
          await expectOutcome(outcome, name)
        }
      })
  })

async function expectOutcome(outcome: Outcome, name: string): Promise<void> {
  if ('refused' in outcome) {
    const { refused: code, hint } = outcome
    const message = expect.stringContaining(name)
    await expect(open()).rejects.toMatchObject({ code, message, hint: expect.stringMatching(hint) })
    return
  }
  const content = await open()
  const said = content.problems().join('\n')
  if (outcome.says === 'nothing') expect(said).toBe('')
  else expect(said).toMatch(outcome.says)
  expect(said).not.toContain(repoPath)
  await expectWhole(content)
  // What was made good stays good, and is said once.
  await closeAll()
  const again = await open()
  expect(again.problems()).toEqual([])
  await expectWhole(again)
  await closeAll()
}

describe('in the place of', () => {
  const hint = expect.stringContaining('move that away')

  it.each(['version', 'lock', 'server.json', 'node-id', 'blocks.db', 'pins', 'metadata.db'])(
    '%s a folder: refused',
    async (name) => {
      rmSync(join(repoPath, name), { force: true })
      mkdirSync(join(repoPath, name))
      const message = `${join(repoPath, name)} is damaged: it is a folder, and should be a file`
      await expect(open()).rejects.toMatchObject({ code: 'REPO_DAMAGED', message, hint })
    },
  )

  it.each(['blocks', 'parquet', 'history'])('%s a file: refused', async (name) => {
    rmSync(join(repoPath, name), { recursive: true, force: true })
    writeFileSync(join(repoPath, name), '')
    const message = `${join(repoPath, name)} is damaged: it is a file, and should be a folder`
    await expect(open()).rejects.toMatchObject({ code: 'REPO_DAMAGED', message, hint })
  })
})

describe('more than one file', () => {
  it('index and list of pins are gone: refused, with two ways out', async () => {
    for (const name of ['blocks.db', 'pins']) harm(join(repoPath, name), 'missing')
    for (let time = 0; time < 2; time++)
      await expect(open()).rejects.toMatchObject({
        code: 'REPO_DAMAGED',
        message: expect.stringContaining('what of 15 blocks is pinned is not known'),
        hint: expect.stringContaining(`make an empty file ${join(repoPath, 'pins')}`),
      })
    writeFileSync(join(repoPath, 'pins'), '')
    const content = await open()
    expect(await content.store.pins()).toEqual([])
    expect((await collect(content.store.read(cids[0]!))).equals(file)).toBe(true)
  })

  it('the index is gone, and blocks of a pin with it: what is left stays pinned, and the rest is told', async () => {
    harm(join(repoPath, 'blocks.db'), 'missing')
    const [leaf] = blockFiles(join(repoPath, 'blocks')).sort((a, b) => readFileSync(b).length - readFileSync(a).length)
    harm(leaf!, 'missing')
    const { problems, store } = await open()
    expect(problems().at(-1)).toMatch(/; of 1 blocks are missing: (bafy|Qm)\w+$/)
    expect([...(await store.pins())].sort()).toEqual([...cids].sort())
  })

  it('the blocks are gone: the pins are known, and the loss is said', async () => {
    harm(join(repoPath, 'blocks'), 'missing')
    const { problems, store } = await open()
    expect(problems()).toEqual(['blocks/ is empty: the 15 blocks that were in it are gone'])
    expect([...(await store.pins())].sort()).toEqual([...cids].sort())
  })

  it('a pin that was removed does not come back with the list', async () => {
    const { store } = await open()
    await store.unpin(cids[0]!)
    await closeAll()
    harm(join(repoPath, 'blocks.db'), 'missing')
    const again = await open()
    expect([...(await again.store.pins())].sort()).toEqual([cids[1]!, cids[2]!].sort())
  })

  it('pins that were restored are safe from eviction', async () => {
    harm(join(repoPath, 'blocks.db'), 'empty')
    const content = await openTestContent({ repoPath, offline: true, diskCacheBytes: 0 })
    opened.push(content)
    for (let seed = 10; seed < 30; seed++)
      await content.store.add([input('x.mp4', seededBytes(2 ** 20, seed), 2 ** 20)], { pin: false })
    await expectWhole(content)
  })
})

describe('a block', () => {
  it.each(['missing', 'empty', 'garbage', 'truncated'] as const)('%s: is refused, never served', async (how) => {
    for (const block of blockFiles(join(repoPath, 'blocks'))) harm(block, how)
    const { store } = await open()
    for (const cid of cids)
      await expect(collect(store.read(cid))).rejects.toMatchObject({
        code: expect.stringMatching(/^CONTENT_(CORRUPT|NOT_FOUND)$/),
      })
  })
})

describe.skipIf(!canMount())('a disk', () => {
  let disk: ReturnType<typeof mountSmall>
  beforeEach(() => {
    rmSync(repoPath, { recursive: true })
    repoPath = scratch()
    disk = mountSmall(repoPath, 4096)
    cpSync(template, repoPath, { recursive: true })
  })
  // Before the folder is removed.
  afterEach(async () => {
    await closeAll()
    disk.unmount()
  })

  it('that is full: it opens, reads, says so, and unpinning makes room', async () => {
    fillUp(repoPath)
    const content = await open()
    expect(content.problems()).toEqual([expect.stringMatching(/^the disk is full/)])
    await expectWhole(content)
    await expect(content.store.add([input('x.mp4', seededBytes(300_000, 9))])).rejects.toMatchObject({
      code: 'DISK_FULL',
    })
    await content.store.unpin(cids[0]!)
    expect([...(await content.store.pins())].sort()).toEqual([cids[1]!, cids[2]!].sort())
    const added = await content.store.add([input('x.mp4', seededBytes(300_000, 9))])
    await closeAll()
    const again = await open()
    expect([...(await again.store.pins())].sort()).toEqual([cids[1]!, cids[2]!, added.cid].sort())
  })

  it('that was full says so no more once there is space, and keeps others out as ever', async () => {
    const empty = fillUp(repoPath)
    const content = await open()
    expect(content.problems()).toEqual([expect.stringMatching(/^the disk is full/)])
    empty()
    expect(content.problems()).toEqual([])
    expect(existsSync(join(repoPath, 'lock'))).toBe(true)
    await expect(open()).rejects.toMatchObject({ code: 'REPO_LOCKED', message: expect.stringContaining('process') })
    await closeAll()
    expect(existsSync(join(repoPath, 'lock'))).toBe(false)
  })

  it('that is full: nobody else comes in', async () => {
    fillUp(repoPath)
    await open()
    await expect(open()).rejects.toMatchObject({ code: 'REPO_LOCKED' })
  })

  it('that fills up meanwhile: unpinning works all the same', async () => {
    const content = await open()
    fillUp(repoPath)
    await content.store.unpin(cids[0]!)
    expect([...(await content.store.pins())].sort()).toEqual([cids[1]!, cids[2]!].sort())
  })

  it('that is read-only: refused, with its name', async () => {
    disk.makeReadOnly()
    await expect(open()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(new RegExp(`${basename(repoPath)}.*read-only`)),
    })
    expect(existsSync(join(repoPath, 'lock'))).toBe(false)
  })
})
