import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { storeCheck } from '../../../../src/lib/checks/content/store.ts'
import { runOne } from '../../../support/checks.ts'
import { input, openTestContent, seededBytes } from '../../../support/content.ts'

async function openRepo() {
  const repoPath = await mkdtemp(join(tmpdir(), 'mcpx-store-'))
  onTestFinished(() => rm(repoPath, { recursive: true }))
  const content = await openTestContent({ repoPath })
  onTestFinished(() => content.close())
  return { repoPath, content }
}

async function blockFiles(repoPath: string): Promise<string[]> {
  const names = await readdir(join(repoPath, 'blocks'), { recursive: true, withFileTypes: true })
  return names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

it('reads and verifies blocks that are here, the root of the content among them', async () => {
  const { repoPath, content } = await openRepo()
  expect(await runOne(storeCheck, { settings: { repoPath } })).toMatchObject({ status: 'skipped' })
  const { cid } = await content.store.add([input('clip.bin', seededBytes(2_000_000))])
  const found = await runOne(storeCheck, { settings: { repoPath }, content: cid })
  expect(found).toMatchObject({ status: 'pass', values: { damaged: 0 } })
  expect(found.values!.blocks).toBeGreaterThan(4)
})

it('finds a block that is not what its name says, and leaves it where it is', async () => {
  const { repoPath, content } = await openRepo()
  const { cid } = await content.store.add([input('small.bin', seededBytes(1000))])
  const [file] = await blockFiles(repoPath)
  await writeFile(file!, 'other bytes')
  const found = await runOne(storeCheck, { settings: { repoPath }, content: cid })
  expect(found).toMatchObject({ status: 'fail', trouble: 'damaged' })
  expect(await readFile(file!, 'utf8')).toBe('other bytes')
})

it('says that a repo is not there, or cannot be read', async () => {
  expect(await runOne(storeCheck, { settings: { repoPath: '/nowhere/at/all' } })).toMatchObject({ status: 'skipped' })
  const { repoPath, content } = await openRepo()
  await content.store.add([input('small.bin', seededBytes(1000))])
  const [file] = await blockFiles(repoPath)
  // Root may read everything: a folder in the place of a block is read by nobody.
  await rm(file!)
  await mkdir(file!)
  expect(await runOne(storeCheck, { settings: { repoPath } })).toMatchObject({ status: 'fail', trouble: 'unreadable' })
})
