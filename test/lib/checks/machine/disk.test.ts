import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import type { ServerInside } from '../../../../src/lib/checks/context.ts'
import { diskCheck } from '../../../../src/lib/checks/machine/disk.ts'
import { runOne } from '../../../support/checks.ts'

const disk = vi.hoisted(() => ({
  freeBytes: undefined as number | undefined,
  refusesWith: undefined as string | undefined,
}))
// No test can fill the disk of the machine, nor forbid root anything: the answers of the system are altered.
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return {
    ...real,
    statfs: async (path: string) => {
      const found = await real.statfs(path)
      return disk.freeBytes === undefined ? found : Object.assign(found, { bsize: 1, bavail: disk.freeBytes })
    },
    open: async (...args: Parameters<typeof real.open>) => {
      if (disk.refusesWith) throw Object.assign(new Error('refused'), { code: disk.refusesWith })
      return real.open(...args)
    },
  }
})

const inside = { encoder: 'none' } as ServerInside

async function start(freeBytes?: number, refusesWith?: string) {
  Object.assign(disk, { freeBytes, refusesWith })
  onTestFinished(() => void Object.assign(disk, { freeBytes: undefined, refusesWith: undefined }))
  const repoPath = await mkdtemp(join(tmpdir(), 'mcpx-disk-'))
  onTestFinished(() => rm(repoPath, { recursive: true }))
  return { repoPath, settings: { repoPath } }
}

it('tells room and speed in a server, and leaves nothing behind', async () => {
  const { repoPath, settings } = await start()
  const found = await runOne(diskCheck, { settings, inside })
  expect(found.status).toMatch(/pass|warn/)
  expect(found.values!.writeBytesPerS).toBeGreaterThan(0)
  expect(await readdir(repoPath)).toEqual([])
})

it('only reads outside of a server, and where little is left', async () => {
  const { settings } = await start(2 ** 34)
  expect(await runOne(diskCheck, { settings })).toMatchObject({ status: 'pass', values: { freeBytes: 2 ** 34 } })
  const small = await start(200 * 2 ** 20)
  const found = await runOne(diskCheck, { settings: small.settings, inside })
  expect(found).toMatchObject({ status: 'warn', trouble: 'nearly-full' })
  expect(found.values).not.toHaveProperty('writeBytesPerS')
})

it('fails on a full disk, before and while it writes', async () => {
  const { settings } = await start(2 ** 20)
  expect(await runOne(diskCheck, { settings, inside })).toMatchObject({ status: 'fail', trouble: 'full' })
  const filling = await start(2 ** 34, 'ENOSPC')
  expect(await runOne(diskCheck, { settings: filling.settings, inside })).toMatchObject({
    status: 'fail',
    trouble: 'full',
  })
})

it('fails where nobody may write', async () => {
  const { settings } = await start(2 ** 34, 'EROFS')
  expect(await runOne(diskCheck, { settings, inside })).toMatchObject({ status: 'fail', trouble: 'not-writable' })
})

it('calls a disk slow that takes a second for 4 MiB', async () => {
  const { settings } = await start(2 ** 34)
  let nowMs = 0
  const clock = { ...systemClock, now: () => (nowMs += 1000) }
  expect(await runOne(diskCheck, { settings, inside, clock })).toMatchObject({ status: 'warn', trouble: 'slow' })
})

it('is skipped where there is no repo, as for a path through a file', async () => {
  expect(await runOne(diskCheck, { settings: { repoPath: '/nowhere/at/all' } })).toMatchObject({ status: 'skipped' })
  const { repoPath } = await start()
  await writeFile(join(repoPath, 'file'), '')
  const found = await runOne(diskCheck, { settings: { repoPath: join(repoPath, 'file', 'repo') } })
  expect(found).toMatchObject({ status: 'fail', trouble: 'error' })
})
