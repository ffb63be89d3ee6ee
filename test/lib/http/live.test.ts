import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createMonitor } from '../../../src/lib/monitor/monitor.ts'
import { recordOperations } from '../../../src/lib/monitor/record-operations.ts'
import { applyLive, type LiveMessage, type LiveState } from '../../../src/lib/protocol/live.ts'
import { startHttp, token } from '../../support/http-api.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, type MemoryEngine, snapshotOf } from '../../support/http-engine.ts'

async function start(options: Parameters<typeof startHttp>[0] = {}) {
  const bare = createMemoryEngine()
  const clock = createStillClock(60_000)
  const monitor = createMonitor({ engine: bare, clock, logger: silentLogger })
  onTestFinished(() => monitor.close())
  const engine = recordOperations(bare, monitor.operations) as MemoryEngine
  const http = await startHttp(options, { engine, monitor, clock })
  return { ...http, bare, clock, monitor }
}

function idleMonitor() {
  const monitor = createMonitor({ engine: createMemoryEngine(), clock: createStillClock(), logger: silentLogger })
  onTestFinished(() => monitor.close())
  return monitor
}

/** Follows the feed as a page does. */
async function watch(port: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v0/webrtc/live`)
  const messages: LiveMessage[] = []
  const waiting: ((message: LiveMessage) => void)[] = []
  let state: LiveState | undefined
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data) as LiveMessage
    state = applyLive(state, message)
    messages.push(message)
    waiting.shift()?.(message)
  })
  const next = () => new Promise<LiveMessage>((resolve) => waiting.push(resolve))
  await next()
  return { messages, next, state: () => state! }
}

describe('the live feed', () => {
  it('tells everything at once, then what changes, gathered', async () => {
    const { port, engine, bare, clock } = await start()
    const { id } = await engine.open({ content: cids.film })
    const watcher = await watch(port)
    expect(watcher.messages[0]).toMatchObject({
      type: 'state',
      version: 1,
      server: { pollIntervalS: 2 },
      connections: [{ id, content: cids.film, state: 'waiting', underruns: 0, isReporting: false }],
      operations: [{ type: 'stream_content', status: 'completed', connectionId: id }],
      events: [{ type: 'connection_created', connectionId: id }],
    })
    const changed = watcher.next()
    bare.tell(snapshotOf(bare.get(id)!, { atMs: 1000 }))
    bare.tell(snapshotOf(bare.get(id)!, { atMs: 3000 }))
    await engine.close(id)
    clock.advance(250)
    expect(await changed).toMatchObject({
      type: 'change',
      connections: [{ id, state: 'closed', sample: { atMs: 3000, bitrateBps: 1_200_000, health: 100 } }],
      gone: [],
      operations: [{ type: 'close_connection', status: 'completed' }],
    })
    expect(watcher.state()).toMatchObject({
      connections: [{ id, state: 'closed' }],
      operations: [{ type: 'stream_content' }, { type: 'close_connection' }],
    })
  })

  it('is a session as long as somebody watches', async () => {
    const sessions: string[] = []
    const changes: (() => void)[] = []
    const onSession = (controller: string, change: 1 | -1) => {
      sessions.push(`${controller} ${change}`)
      changes.shift()?.()
    }
    const { port } = await startHttp({}, { engine: createMemoryEngine(), monitor: idleMonitor(), onSession })
    const changed = () => new Promise<void>((resolve) => changes.push(resolve))
    const opened = changed()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v0/webrtc/live`)
    await opened
    const closed = changed()
    socket.close()
    await closed
    expect(sessions).toEqual(['monitor 1', 'monitor -1'])
  })

  it('answers a plain request with the same', async () => {
    const { get, engine } = await start()
    const { id } = await engine.open({ content: cids.film })
    expect(await (await get('/api/v0/webrtc/live')).json()).toMatchObject({ type: 'state', connections: [{ id }] })
  })

  it('tells one that comes later what was told before it, once', async () => {
    const { port, engine, clock } = await start()
    const first = await watch(port)
    const changed = first.next()
    const { id } = await engine.open({ content: cids.film })
    const second = await watch(port)
    expect((await changed).connections).toMatchObject([{ id }])
    expect(second.state().connections).toMatchObject([{ id }])
    clock.advance(1000)
    expect(second.messages).toHaveLength(1)
  })

  it('is not for a viewer', async () => {
    const { get, post } = await start({ authToken: token })
    expect((await get('/api/v0/webrtc/live')).status).toBe(401)
    const headers = { authorization: `Bearer ${token}` }
    const minted = await post('/api/v0/tokens', { role: 'viewer', expires_in: 3600 }, { headers })
    const viewer = ((await minted.json()) as { token: string }).token
    expect((await get('/api/v0/webrtc/live', { headers: { authorization: `Bearer ${viewer}` } })).status).toBe(403)
    expect((await get('/api/v0/webrtc/live', { headers })).status).toBe(200)
  })
})

describe('a state and its changes', () => {
  it('keep a bounded number of what is over', async () => {
    const { monitor, bare, get } = await start()
    for (let at = 0; at < 250; at++) await bare.close((await bare.open({ content: cids.film })).id)
    for (let at = 0; at < 250; at++)
      bare.events.emit('task', { id: `t${at}`, name: 'x', status: 'completed', createdAtMs: at, endedAtMs: at })
    expect(monitor.connections().length).toBe(250)
    const state = (await (await get('/api/v0/webrtc/live')).json()) as LiveState
    expect([state.connections.length, state.tasks.length, state.events.length]).toEqual([200, 200, 200])
    const change = {
      ...state,
      type: 'change' as const,
      gone: [state.connections[0]!.id],
      tasks: [{ ...state.tasks[0]!, id: 'new' }],
    }
    const next = applyLive(state, { ...change, connections: [] })!
    expect(next.connections).toHaveLength(199)
    expect(next.tasks).toHaveLength(200)
    expect(next.tasks.at(-1)!.id).toBe('new')
    expect(applyLive(undefined, change)).toBeUndefined()
  })
})
