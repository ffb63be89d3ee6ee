import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { silentLogger } from '../../../../src/lib/base/logger.ts'
import type { ServerInside } from '../../../../src/lib/checks/context.ts'
import { historyCheck } from '../../../../src/lib/checks/machine/history.ts'
import { createHistory } from '../../../../src/lib/history/history.ts'
import { runOne } from '../../../support/checks.ts'

const dayMs = 86_400_000

async function start(retention = { maxAgeDays: 30, maxBytes: 2 ** 30 }) {
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-history-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const history = createHistory({ folder, retention, clock: systemClock, logger: silentLogger })
  onTestFinished(() => history.close())
  const write = (atMs: number) => {
    history.add('workers', { atMs, worker: 0, viewers: 0, cpuS: 1, rssBytes: 1, loopDelayP99Ms: 1 })
    return history.flush()
  }
  const inside = {
    encoder: 'none',
    startedAtMs: Date.now() - 3_600_000,
    history: { read: history.read, problems: () => history.problems(), folder, ...retention },
  } as unknown as ServerInside
  return { folder, inside, write }
}

it('passes one that was written just now', async () => {
  const { inside, write } = await start()
  await write(Date.now())
  const found = await runOne(historyCheck, { inside })
  expect(found).toMatchObject({ status: 'pass', detail: expect.stringMatching(/^1 day, .*written \d+ s ago$/) })
  expect(found.values!.lastWriteAgeMs).toBeLessThan(60_000)
})

it('fails where nothing was written for a minute, but not in the first one', async () => {
  const { inside } = await start()
  expect(await runOne(historyCheck, { inside })).toMatchObject({ status: 'fail', trouble: 'not-written' })
  const young = { ...inside, startedAtMs: Date.now() - 5000 }
  expect(await runOne(historyCheck, { inside: young })).toMatchObject({ status: 'pass' })
})

it('tells of a day that was damaged', async () => {
  const { folder, inside, write } = await start()
  await writeFile(join(folder, `${new Date().toISOString().slice(0, 10)}.db`), 'no database '.repeat(1000))
  await write(Date.now())
  expect(await runOne(historyCheck, { inside })).toMatchObject({ status: 'warn', trouble: 'problems' })
})

it('sees more than was to be kept', async () => {
  const { folder, inside, write } = await start({ maxAgeDays: 7, maxBytes: 2 ** 30 })
  await write(Date.now())
  await writeFile(join(folder, `${new Date(Date.now() - 20 * dayMs).toISOString().slice(0, 10)}.db`), '')
  expect(await runOne(historyCheck, { inside })).toMatchObject({ status: 'warn', trouble: 'retention' })
})

it('is skipped where none is kept', async () => {
  const inside = { encoder: 'none', startedAtMs: 0 } as ServerInside
  expect(await runOne(historyCheck, { inside })).toMatchObject({ status: 'skipped' })
})
