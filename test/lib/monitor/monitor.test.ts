import { describe, expect, it, onTestFinished } from 'vitest'
import { createLogger, silentLogger } from '../../../src/lib/base/logger.ts'
import type { TaskRecord } from '../../../src/lib/base/tasks.ts'
import type { StreamRecord } from '../../../src/lib/model/stream.ts'
import { createMonitor } from '../../../src/lib/monitor/monitor.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, snapshotOf } from '../../support/http-engine.ts'

function setUp(logger = silentLogger) {
  const engine = createMemoryEngine()
  const clock = createStillClock(10_000)
  const monitor = createMonitor({ engine, clock, logger })
  onTestFinished(() => monitor.close())
  const open = async () => (await engine.open({ content: cids.film })).id
  const connect = (id: string, change: Partial<StreamRecord['peerStates']>) =>
    engine.set(id, { peerStates: { ...engine.get(id)!.peerStates, ...change } })
  const task = (id: string, status: TaskRecord['status'], owner?: string) =>
    engine.events.emit('task', { id, name: 'read', status, createdAtMs: 0, ...(owner !== undefined && { owner }) })
  const types = (id: string) => monitor.connection(id)!.events.map(({ type }) => type)
  return { engine, clock, monitor, open, connect, task, types }
}

describe('a connection', () => {
  it('is followed from its opening to its end, with every change of state', async () => {
    const { engine, clock, monitor, open, connect, types } = setUp()
    const id = await open()
    connect(id, { signaling: 'stable', gathering: 'complete', ice: 'checking', connection: 'connecting' })
    engine.set(id, { sent: [{ kind: 'video', codec: 'vp9', sourceCodec: 'vp9', transcoded: false }] })
    connect(id, { ice: 'connected', connection: 'connected', dataChannels: ['mcpx'] })
    engine.tell(snapshotOf(engine.get(id)!))
    clock.advance(4000)
    engine.set(id, { quality: 'low' })
    engine.set(id, {
      state: 'closed',
      closeReason: 'content_failed',
      error: { code: 'MEDIA_CORRUPT', message: 'torn', hint: '' },
      peerStates: { connection: 'closed', ice: 'closed', signaling: 'closed', gathering: 'complete', dataChannels: [] },
    })
    expect(types(id)).toEqual([
      'connection_created',
      'ice_state_change',
      'connection_state_change',
      'gathering_state_change',
      'track_added',
      'ice_state_change',
      'connection_state_change',
      'data_channel_added',
      'quality_change',
      'ice_state_change',
      'connection_state_change',
      'signaling_state_change',
      'data_channel_removed',
      'error',
      'connection_removed',
    ])
    const found = monitor.connection(id)!
    expect(found.events.at(-1)!.details).toMatchObject({ reason: 'content_failed', final_state: 'connected' })
    expect(found.errors).toEqual([{ code: 'MEDIA_CORRUPT', message: 'torn', hint: '', atMs: 14_000 }])
    expect(found.snapshot).toMatchObject({ streamId: id })
  })

  it('is counted by the state it is in, as ICE and connection both say', async () => {
    const { engine, monitor, open, connect } = setUp()
    const [one, two, three] = [await open(), await open(), await open()]
    connect(one!, { ice: 'connected', connection: 'connected' })
    connect(two!, { ice: 'checking', connection: 'connecting' })
    engine.set(three!, { state: 'closed' })
    expect(monitor.summary().connections).toEqual({
      total: 3,
      connected: 1,
      connecting: 1,
      closed: 1,
      new: 0,
      disconnected: 0,
      failed: 0,
    })
    expect(monitor.connections().map(({ stream }) => stream.id)).toEqual([one, two, three])
  })

  it('does not come back by what is said of it after its end', async () => {
    const { engine, monitor, open } = setUp()
    const id = await open()
    engine.set(id, { state: 'closed' })
    engine.events.emit('stream', { ...engine.get(id)!, state: 'active' })
    expect(monitor.connection(id)!.stream.state).toBe('closed')
  })
})

describe('tasks', () => {
  it('belong to their connection while they run', async () => {
    const { monitor, open, task } = setUp()
    const id = await open()
    task('t1', 'running', id)
    task('t2', 'running')
    expect(monitor.connection(id)!.tasks).toEqual(['t1'])
    expect(monitor.summary().pendingTasks).toBe(2)
    task('t1', 'completed', id)
    expect(monitor.connection(id)!.tasks).toEqual([])
    expect(monitor.tasks().map(({ id, status }) => [id, status])).toEqual([
      ['t1', 'completed'],
      ['t2', 'running'],
    ])
  })

  it('that outlive their connection are found, told and ended', async () => {
    const lines: string[] = []
    const logger = createLogger({ level: 'warning', format: 'json', write: (line) => lines.push(line) })
    const { engine, clock, monitor, open, task } = setUp(logger)
    const id = await open()
    task('stuck', 'running', id)
    engine.set(id, { state: 'closed' })
    clock.advance(4999)
    expect(lines).toEqual([])
    clock.advance(1)
    expect(lines.join('')).toContain('outlived')
    expect(monitor.tasks()).toMatchObject([{ id: 'stuck', status: 'failed' }])
  })
})

describe('the monitor', () => {
  it('holds no more after many than after a few', async () => {
    const { engine, monitor, open, task } = setUp()
    for (let i = 0; i < 1300; i++) {
      const id = await open()
      engine.set(id, { state: 'closed' })
      for (let step = 0; step < 4; step++) task(`${id}-${step}`, 'running', id)
      for (let step = 0; step < 4; step++) task(`${id}-${step}`, 'completed', id)
    }
    expect(monitor.connections()).toHaveLength(1000)
    expect(monitor.connections()[0]!.stream.id).toBe('stream-1300')
    expect(monitor.tasks()).toHaveLength(2000)
    const id = await open()
    for (let i = 0; i < 6000; i++) engine.set(id, { quality: i % 2 ? 'low' : 'high' })
    expect(monitor.connection(id)!.events).toHaveLength(200)
    expect(monitor.lifecycle()).toHaveLength(5000)
    expect(monitor.summary().events).toBeGreaterThan(8000)
  })
})
