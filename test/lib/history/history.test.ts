import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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
    writeFileSync(file, Buffer.alloc(8192, 'garbage'))
    for (let i = 0; i < 3; i++) {
      history.add('workers', worker(clock.wallMs()))
      await history.flush()
    }
    expect(history.lostRows).toBe(3)
    expect(lines.filter((line) => line.includes('the history is not written'))).toHaveLength(1)
    rmSync(file)
    history.add('workers', worker(clock.wallMs()))
    await history.flush()
    expect((await history.read('workers', all)).rows).toHaveLength(1)
    expect(lines.at(-1)).toContain('written again')
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
    const blocked = join(folder, 'file')
    writeFileSync(blocked, '')
    const never = open(join(blocked, 'below'))
    await until('it is given up', () => said('not written any more') === 1)
    expect(said('is started again')).toBe(5)
    never.add('workers', worker(1))
    expect(never.lostRows).toBe(1)
    await never.close()

    lines.length = 0
    const later = open(join(blocked, 'below'))
    await until('it is started again', () => said('is started again') > 0)
    rmSync(blocked)
    later.add('workers', worker(clock.wallMs()))
    await until('it writes', async () => {
      await later.flush()
      return (await later.read('workers', all).catch(() => ({ rows: [] }))).rows.length === 1
    })
    await later.close()
  })
})
