import { afterEach, beforeEach, expect, it } from 'vitest'
import { recordHistory } from '../../../src/lib/app/record-history.ts'
import { Events } from '../../../src/lib/base/events.ts'
import type { EngineEvents } from '../../../src/lib/engine/engine.ts'
import type { ConnectionRow } from '../../../src/lib/history/rows.ts'
import { openHistoryStore } from '../../../src/lib/history/store.ts'
import { type MeasuredSnapshot, measure } from '../../../src/lib/model/figures.ts'
import type { StatsSnapshot } from '../../../src/lib/model/stats.ts'
import type { Monitor } from '../../../src/lib/monitor/monitor.ts'
import { until } from '../../support/e2e.ts'
import { scratchFolder, startServer } from '../../support/e2e-server.ts'
import { openHeadless, receives } from '../../support/e2e-viewer.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { counted } from '../../support/stats.ts'

let path: string
let remove: () => Promise<void>
beforeEach(async () => {
  ;({ path, remove } = await scratchFolder())
})
afterEach(() => remove())

it('what was watched can be read after the server has stopped: connections, samples, events, decisions, operations, workers', async () => {
  const server = await startServer({ isolation: false, persistencePath: path, sample: true, pollInterval: 0.2 })
  const { cid } = server.sample!
  const viewer = await openHeadless(server, { content: cid })
  await receives(viewer, 60)
  viewer.command({ type: 'quality', quality: 'low' })
  const { id } = server.engine.list()[0]!
  await until('the quality is low', () => server.engine.get(id)?.quality === 'low')
  expect(server.engine.get(id)).toMatchObject({ rung: { index: 1, name: 'medium', height: 360 } })
  await server.engine.command(id, { type: 'quality', quality: 'medium' })
  await until('the quality is medium', () => server.engine.get(id)?.quality === 'medium')
  await server.engine.open({ content: 'nonsense' }).catch(() => {})
  await viewer.close()
  await until('the stream is closed', () => server.engine.list().every(({ state }) => state === 'closed'))
  await server.stop()

  const store = openHistoryStore(`${path}/history`)
  const all = { fromMs: 0, toMs: Number.POSITIVE_INFINITY }
  const rows = (table: Parameters<typeof store.read>[0]) => store.read(table, all).rows
  const [connection] = rows('connections')
  expect(connection).toMatchObject({ content: cid, close_reason: 'viewer_left', codecs: 'vp9,opus' })
  expect(connection!.closed_at_ms).toBeGreaterThan(connection!.connected_at_ms as number)
  const samples = rows('samples')
  expect(samples.length).toBeGreaterThan(2)
  // Of the first of them nobody knew the quality yet, where the stream was slow to begin.
  expect(samples).toContainEqual(expect.objectContaining({ connection: connection!.id, quality: 'very_high' }))
  expect(samples.some(({ bitrate_bps }) => (bitrate_bps as number) > 1e5)).toBe(true)
  const types = rows('events').map(({ type }) => type)
  expect([types[0], types.at(-1)]).toEqual(['connection_created', 'connection_removed'])
  const decisions = rows('decisions')
  const byFixed = { type: 'rung', decided_by: 'fixed' }
  expect(decisions).toMatchObject([
    { ...byFixed, from_value: null, to_value: 'very_high', reason: 'best', from_rung: null, to_rung: 2, inputs: null },
    { type: 'quality', decided_by: 'viewer', from_value: 'auto', to_value: 'low', reason: 'viewer', to_rung: null },
    { ...byFixed, from_value: 'very_high', to_value: 'medium', reason: 'named', from_rung: 2, to_rung: 1 },
    { type: 'quality', decided_by: 'request', from_value: 'low', to_value: 'medium', reason: 'request' },
  ])
  expect(JSON.parse(decisions[2]!.reason_values as string)).toEqual({ quality: 'low' })
  expect(JSON.parse(decisions[1]!.inputs as string).bitrate_bps).toBeGreaterThan(0)
  expect(rows('operations')).toMatchObject([
    { type: 'stream_content', status: 'completed', connection: connection!.id },
    { type: 'accept_offer', status: 'completed' },
    { type: 'set_quality', status: 'completed' },
    { type: 'stream_content', status: 'failed', error_code: 'INVALID_CID' },
    { type: 'close_connection', status: 'completed' },
  ])
  // A run that begins late in a minute ends in the next one.
  expect(rows('minutes').reduce((sum, minute) => sum + Number(minute.samples), 0)).toBe(samples.length)
  expect(rows('workers').length).toBeGreaterThan(0)
  store.close()
})

it('a freeze that goes on is longer in the row of its connection as well, and one that is over writes nothing', () => {
  const events = new Events<EngineEvents>()
  let snapshot: MeasuredSnapshot | undefined
  const stream = { id: 'a', content: 'bafy', createdAtMs: 0, sent: [] }
  const monitor = { events: new Events(), connection: () => ({ stream, snapshot }), connections: () => [] }
  const rows: ConnectionRow[] = []
  const add = (table: string, row: object) => table === 'connections' && rows.push(row as ConnectionRow)
  recordHistory({ engine: { events }, monitor: monitor as unknown as Monitor, clock: new FakeClock() }, {
    add,
  } as never)
  let before: StatsSnapshot | undefined
  for (const [at, frozenS] of [0.8, 6.1, 6.1].entries()) {
    const viewer = { atMs: at * 2000, freezeCount: 1, totalFreezesDurationS: frozenS }
    const now = counted({ atMs: at * 2000, viewer })
    snapshot = measure(now, before)
    before = now
    events.emit('snapshots', [snapshot])
  }
  expect(rows.map(({ freezeS }) => freezeS)).toEqual([0.8, 6.1])
})
