import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createMonitor } from '../../../src/lib/monitor/monitor.ts'
import { recordOperations } from '../../../src/lib/monitor/record-operations.ts'
import { startHttp } from '../../support/http-api.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, type MemoryEngine, snapshotOf } from '../../support/http-engine.ts'

async function start(options: Parameters<typeof startHttp>[0] = {}) {
  const bare = createMemoryEngine()
  const clock = createStillClock(60_000)
  const monitor = createMonitor({ engine: bare, clock, logger: silentLogger })
  onTestFinished(() => monitor.close())
  const engine = recordOperations(bare, monitor.operations) as MemoryEngine
  const http = await startHttp(options, { engine, monitor, clock })
  const json = async (path: string) => (await (await http.get(path)).json()) as Record<string, never>
  return { ...http, bare, clock, monitor, json }
}

describe('the routes of the dashboards', () => {
  it('list connections, operations and tasks with times as ISO 8601', async () => {
    const { post, bare, json } = await start()
    const { connection_id: id } = (await (await post('/api/v0/webrtc/stream', { cid: cids.film })).json()) as {
      connection_id: string
    }
    bare.events.emit('task', { id: 't1', name: 'open_content', owner: id, status: 'running', createdAtMs: 61_000 })
    await post('/api/v0/webrtc/close/nobody')
    const failed = await post('/api/v0/webrtc/stream', { cid: 'nonsense' }, { headers: { 'x-request-id': 'mine-1' } })
    expect(failed.headers.get('x-request-id')).toBe('mine-1')
    const { operations } = await json('/api/v0/webrtc/operations')
    expect(operations).toMatchObject([
      {
        operation: 'stream_content',
        success: false,
        status: 'failed',
        correlation_id: 'mine-1',
        error_code: 'INVALID_CID',
      },
      { operation: 'close_connection', success: false, connection_id: 'nobody', error_code: 'STREAM_NOT_FOUND' },
      {
        operation: 'stream_content',
        success: true,
        connection_id: id,
        timestamp: '1970-01-01T00:01:00.000Z',
        duration: 0,
        error: null,
      },
    ])
    expect(await json('/api/v0/webrtc/tasks')).toMatchObject({
      count: 1,
      tasks: [{ task_id: 't1', name: 'open_content', connection_id: id, completed: false, completed_at: null }],
    })
    expect(await json('/api/v0/webrtc/summary')).toMatchObject({
      success: true,
      backend: 'embedded',
      summary: { connection_states: { total: 1, new: 1 }, operation_stats: { total: 3, failed: 2 }, pending_tasks: 1 },
    })
  })

  it('tell all of one connection', async () => {
    const { bare, engine, json } = await start()
    const { id } = await engine.open({ content: cids.film })
    bare.tell(snapshotOf(engine.get(id)!))
    expect(await json(`/api/v0/webrtc/connection/${id}`)).toMatchObject({
      success: true,
      connection: {
        connection_id: id,
        content_cid: cids.film,
        status: 'connecting',
        ice_state: 'new',
        created_at: '1970-01-01T00:00:01.000Z',
        lifecycle_events: [{ type: 'connection_created', timestamp: '1970-01-01T00:01:00.000Z' }],
        stats: { bitrateBps: 1_200_000, health: { value: 100 } },
      },
    })
    expect(await json('/api/v0/webrtc/connection/nobody')).toEqual({
      success: false,
      error: 'Connection information not available',
    })
  })
})

describe("the origin's monitor", () => {
  it('answers by id, with times in seconds', async () => {
    const { bare, engine, json } = await start()
    const { id } = await engine.open({ content: cids.film })
    bare.events.emit('task', { id: 't1', name: 'read', owner: id, status: 'running', createdAtMs: 0 })
    expect(await json('/webrtc/monitor/connections')).toMatchObject({
      count: 1,
      timestamp: 60,
      connections: { [id]: { connection_id: id, created_at: 1, signaling_state: 'stable', async_tasks: ['t1'] } },
    })
    expect(await json(`/webrtc/monitor/connections/${id}`)).toMatchObject({ connection: { connection_id: id } })
    expect(await json('/webrtc/monitor/connections/x')).toEqual({ error: 'Connection not found', timestamp: 60 })
    expect(await json('/webrtc/monitor/tasks')).toEqual({ tasks: { [id]: ['t1'] }, count: 1, timestamp: 60 })
    expect(await json('/webrtc/monitor/operations')).toEqual({ operations: {}, count: 0, timestamp: 60 })
    expect(await json('/webrtc/monitor/summary')).toMatchObject({ event_count: 1, debug_mode: false, timestamp: 60 })
  })

  it('is for operators, and not there at all when it is off', async () => {
    const { get } = await start({ authToken: 'secret' })
    expect((await get('/webrtc/monitor/summary')).status).toBe(401)
    expect((await get('/api/v0/webrtc/operations')).status).toBe(401)
    const off = await startHttp()
    expect((await off.get('/webrtc/monitor/summary')).status).toBe(404)
  })

  it('has test routes only where they were asked for, with honest status codes', async () => {
    const off = await start()
    expect((await off.get('/webrtc/test/')).status).toBe(404)
    const { get, post, engine } = await start({ webrtcTest: true })
    expect(await (await get('/webrtc/test/')).json()).toMatchObject({ success: true, timestamp: 60 })
    const { id } = await engine.open({ content: cids.film })
    expect((await post('/webrtc/test/close/nobody')).status).toBe(404)
    expect(await (await post(`/webrtc/test/close/${id}`)).json()).toMatchObject({ success: true, connection_id: id })
    await engine.open({ content: cids.film })
    expect(await (await post('/webrtc/test/close_all')).json()).toMatchObject({ connections_closed: 1 })
  })
})
