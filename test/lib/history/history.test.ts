import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createLogger } from '../../../src/lib/base/logger.ts'
import { createHistory, type History } from '../../../src/lib/history/history.ts'
import type { WorkerRow } from '../../../src/lib/history/rows.ts'
import { until } from '../../support/e2e.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const retention = { maxAgeDays: 30, maxBytes: 1e9 }
const worker = (atMs: number): WorkerRow => ({ atMs, worker: 0, viewers: 1, cpuS: 1, rssBytes: 1, loopDelayP99Ms: 1 })
const all = { fromMs: 0, toMs: 1e15 }

describe('the history and its thread', () => {
  let folder: string
  let history: History
  let clock: FakeClock
  const lines: string[] = []
  const logger = createLogger({ level: 'info', format: 'json', write: (line) => lines.push(line) })
  const open = (at = folder) => createHistory({ folder: at, retention, clock, logger })

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mcpx-history-'))
    clock = new FakeClock()
    lines.length = 0
    history = open()
  })
  afterEach(async () => {
    await history.close()
    rmSync(folder, { recursive: true })
  })

  it('writes once a second what was added, and the rest at the end', async () => {
    history.add('workers', worker(clock.wallMs()))
    clock.advance(1000)
    await history.flush()
    expect((await history.read('workers', all)).rows).toHaveLength(1)
    for (let i = 0; i < 10; i++) history.add('workers', worker(clock.wallMs() + i))
    await history.close()
    history = open()
    expect((await history.read('workers', all)).rows).toHaveLength(11)
    expect(history.lostRows).toBe(0)
  })

  it('goes on where it cannot write, says so once, counts what it lost, and writes again', async () => {
    const day = new Date(clock.wallMs()).toISOString().slice(0, 10)
    const file = join(folder, `${day}.db`)
    const newer = new DatabaseSync(file)
    newer.exec('PRAGMA user_version = 99')
    newer.close()
    for (let i = 0; i < 3; i++) {
      history.add('workers', worker(clock.wallMs()))
      await history.flush()
    }
    expect(history.lostRows).toBe(3)
    expect(history.problems()).toEqual(['the history is not written (REPO_VERSION), and 3 rows are lost'])
    expect(lines.filter((line) => line.includes('the history is not written'))).toHaveLength(1)
    rmSync(file)
    history.add('workers', worker(clock.wallMs()))
    await history.flush()
    expect((await history.read('workers', all)).rows).toHaveLength(1)
    expect(lines.at(-1)).toContain('written again')
    expect(history.problems()).toEqual([])
  })

  it('holds no more than it may while the thread is busy', async () => {
    for (let i = 0; i < 60_000; i++) history.add('workers', worker(clock.wallMs() + i))
    expect(history.lostRows).toBe(10_000)
    await history.flush()
    expect((await history.read('workers', all)).rows).toHaveLength(50_000)
  })

  it('gives rows as JSON, and refuses more than are wanted', async () => {
    for (let i = 0; i < 10; i++) history.add('workers', worker(clock.wallMs() + i))
    const text = Buffer.from(await history.readJson('workers', all, 10)).toString()
    expect(JSON.parse(text)).toMatchObject({ success: true, rows: Array(10).fill({ viewers: 1 }), damaged: [] })
    await expect(history.readJson('workers', all, 9)).rejects.toMatchObject({ code: 'MESSAGE_TOO_LARGE' })
  })

  it('starts its thread again when that dies, and gives up when it dies again and again', async () => {
    const said = (text: string) => lines.filter((line) => line.includes(text)).length
    // The thread of the history above is told of before that.
    await history.flush()
    await history.read('workers', all)
    let deaths = Number.POSITIVE_INFINITY
    const end = (thread: Worker) => void (deaths-- > 0 && thread.terminate())
    process.on('worker', end)
    onTestFinished(() => void process.off('worker', end))
    const never = open(join(folder, 'never'))
    await until('it is given up', () => said('not written any more') === 1)
    expect(said('is started again')).toBe(5)
    never.add('workers', worker(1))
    expect(never.lostRows).toBe(1)
    expect(never.problems()).toEqual(['the history is not written (ENDED), and 1 rows are lost'])
    await never.close()

    lines.length = 0
    deaths = 1
    const later = open(join(folder, 'later'))
    await until('it is started again', () => said('is started again') > 0)
    later.add('workers', worker(clock.wallMs()))
    await until('it writes', async () => {
      await later.flush()
      return (await later.read('workers', all).catch(() => ({ rows: [] }))).rows.length === 1
    })
    await later.close()
  })
})
