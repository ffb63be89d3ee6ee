// A real server over a repo that came to harm: it serves what is whole, and `/health` says what is not.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { canMount, fillUp, harm, mountSmall } from '../support/damage.ts'
import { until } from '../support/e2e.ts'
import { openStreams, startServer } from '../support/e2e-server.ts'
import { openHeadless, receives } from '../support/e2e-viewer.ts'

let persistencePath: string
let server: McpxServer | undefined

const start = async (sample = false) => {
  server = await startServer({ isolation: false, persistencePath, mediaWorkers: 1, pollInterval: 1, sample })
  return server
}
const stop = async () => {
  await server?.stop()
  server = undefined
}
const health = async () => (await fetch(`${server!.url}/health`)).json() as Promise<Record<string, unknown>>

beforeEach(() => {
  persistencePath = mkdtempSync(join(tmpdir(), 'mcpx-test-'))
})
afterEach(async () => {
  await stop()
  rmSync(persistencePath, { recursive: true })
})

async function plays(cid: string): Promise<void> {
  const viewer = await openHeadless(server!, { content: cid })
  await receives(viewer, 10)
  await viewer.close()
  await until('the stream is closed', () => openStreams(server!).length === 0)
}

it('a damaged index and a damaged day: both are made good and told', async () => {
  const { sample } = await start(true)
  await plays(sample!.cid)
  expect(await health()).toMatchObject({ status: 'ok', problems: [] })
  await stop()
  const day = `${new Date().toISOString().slice(0, 10)}.db`
  harm(join(persistencePath, 'blocks.db'), 'garbage 1')
  harm(join(persistencePath, 'history', day), 'garbage 0')

  const { store, warnings } = await start()
  expect(warnings.join('\n')).toContain('blocks.db.damaged')
  expect(await store.pins()).toEqual([sample!.cid])
  await plays(sample!.cid)
  const said = await until('both are told', async () => {
    const found = await health()
    return (found.problems as string[]).some((one) => one.includes(`${day}.damaged`)) && found
  })
  expect(said).toMatchObject({
    success: true,
    status: 'degraded',
    problems: expect.arrayContaining([expect.stringMatching(/^blocks\.db was damaged/)]),
  })
  expect(JSON.stringify(said)).not.toContain(persistencePath)
})

describe.skipIf(!canMount())('a full disk', () => {
  let disk: ReturnType<typeof mountSmall>
  let repo: string

  beforeEach(async () => {
    repo = persistencePath
    disk = mountSmall(repo, 20 * 1024)
    // What fills the disk is no part of the repo.
    persistencePath = join(repo, 'repo')
    mkdirSync(persistencePath)
  })
  afterEach(async () => {
    await stop()
    disk.unmount()
    persistencePath = repo
  })

  it('is served from, also the sample, and what is unpinned makes room', async () => {
    const { sample } = await start(true)
    await stop()
    const makeRoom = fillUp(repo)
    await start(true)
    await plays(sample!.cid)
    await until('the history says so too', async () =>
      ((await health()).problems as string[]).some((one) => one.includes('history is not written (DISK_FULL)')),
    )
    expect(await health()).toMatchObject({
      status: 'degraded',
      problems: expect.arrayContaining([expect.stringMatching(/^the disk is full/)]),
    })
    await server!.store.unpin(sample!.cid)
    expect(await server!.store.pins()).toEqual([])
    makeRoom()
    await until('the history is written again', async () =>
      ((await health()).problems as string[]).every((one) => !one.includes('history')),
    )
  })
})
