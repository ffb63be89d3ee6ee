// The file of the day in each way that it can come to harm: what is measured from then on is kept, and what happened is said.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createHistory } from '../../../src/lib/history/history.ts'
import { openHistoryStore } from '../../../src/lib/history/store.ts'
import { eachPage, type Harm, harm } from '../../support/damage.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const retention = { maxAgeDays: 30, maxBytes: 1e9 }
const all = { fromMs: 0, toMs: 1e15 }
const clock = new FakeClock()
const day = new Date(clock.wallMs()).toISOString().slice(0, 10)
const event = (connection: string) => ({ atMs: clock.wallMs(), connection, type: 'error', details: 'x'.repeat(200) })
const aside = `a day of the history was damaged, and is now ${day}.db.damaged`

let template: string
beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'mcpx-history-'))
  const history = open(template)
  for (let i = 0; i < 100; i++) history.add('events', event(`before ${i}`))
  await history.close()
})
afterAll(() => rmSync(template, { recursive: true }))

const open = (folder: string) => createHistory({ folder, retention, clock, logger: silentLogger })

/** What the history says after the file came to harm and one row more was written. */
async function after(how: Harm) {
  const folder = mkdtempSync(join(tmpdir(), 'mcpx-history-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(template, folder, { recursive: true })
  harm(join(folder, `${day}.db`), how)
  const history = open(folder)
  history.add('events', event('after'))
  await history.flush()
  const { rows, damaged } = await history.read('events', all)
  const [problems, lostRows] = [history.problems(), history.lostRows]
  await history.close()
  // A report of another process says it too.
  const store = openHistoryStore(folder)
  const told = store.read('events', all).damaged
  store.close()
  return { connections: rows.map(({ connection }) => connection), problems, lostRows, damaged, told, folder }
}

it.each(['missing', 'empty'] as const)('%s: begun anew', async (how) => {
  const { connections, problems, lostRows } = await after(how)
  expect({ connections, problems, lostRows }).toEqual({ connections: ['after'], problems: [], lostRows: 0 })
})

it('truncated: set aside, and begun anew', async () => {
  const { connections, problems, lostRows, told } = await after('truncated')
  expect({ connections, problems, lostRows }).toEqual({ connections: ['after'], problems: [aside], lostRows: 0 })
  expect(told).toEqual([`${day}: was damaged, and what it had until then is in ${day}.db.damaged`])
})

it('garbage at each page: what comes is kept, and what is not readable is said', async () => {
  const pages = eachPage(join(template, `${day}.db`))
  expect(pages.length).toBeGreaterThan(15)
  let setAside = 0
  for (const page of pages) {
    const { connections, problems, lostRows, damaged, folder } = await after(page)
    expect(lostRows).toBe(0)
    if (problems.length > 0) {
      setAside++
      expect({ connections, problems }).toEqual({ connections: ['after'], problems: [aside] })
      expect(readdirSync(folder)).toContain(`${day}.db.damaged`)
      expect(damaged).toHaveLength(1)
    } else if (damaged.length === 0) expect(connections).toHaveLength(101)
  }
  expect(setAside).toBeGreaterThan(2)
})

it('newer: left as it is, and said', async () => {
  const { problems, lostRows, damaged } = await after('newer')
  expect(problems).toEqual(['the history is not written (REPO_VERSION), and 1 rows are lost'])
  expect(lostRows).toBe(1)
  expect(damaged).toEqual([expect.stringContaining('has version 99')])
})
