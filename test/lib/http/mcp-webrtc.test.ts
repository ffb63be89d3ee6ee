import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { impactOf, mcpStats } from '../../../src/lib/http/routes/mcp-stats.ts'
import { measure } from '../../../src/lib/model/figures.ts'
import { createMonitor } from '../../../src/lib/monitor/monitor.ts'
import { defaultMonitorConfig, parseMonitorConfig } from '../../../src/lib/protocol/monitor-config.ts'
import { startHttp } from '../../support/http-api.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, countersOf, createMemoryEngine, snapshotOf } from '../../support/http-engine.ts'

const prefix = '/api/v0/mcp/webrtc'

async function start(monitorConfig = () => defaultMonitorConfig) {
  const engine = createMemoryEngine()
  const clock = createStillClock(60_000)
  const monitor = createMonitor({ engine, clock, logger: silentLogger })
  onTestFinished(() => monitor.close())
  const http = await startHttp({}, { engine, monitor, monitorConfig, clock })
  const answer = async (response: Promise<Response>) => {
    const { status } = await response
    return { status, body: (await (await response).json()) as Record<string, unknown> }
  }
  return {
    ...http,
    clock,
    ask: (path: string) => answer(http.get(`${prefix}${path}`)),
    tell: (path: string, body?: unknown) => answer(http.post(`${prefix}${path}`, body)),
  }
}

describe('the MCP WebRTC controller', () => {
  it('opens a stream, whose id is the server id, and says which buffer it took of what was asked for', async () => {
    const { engine, tell } = await start()
    const { status, body } = await tell('/stream', { cid: cids.film, buffer_size: 500, prefetch_threshold: 0.01 })
    expect(status).toBe(200)
    const { server_id: id } = body as { server_id: string }
    expect(body).toMatchObject({
      success: true,
      operation_id: expect.any(String),
      url: `/player/${cids.film}?connection_id=${id}`,
      buffer_size: 60,
      prefetch_threshold: 0.2,
    })
    expect(engine.get(id)).toMatchObject({ quality: 'medium', state: 'waiting' })
    const usual = await tell('/stream', { cid: cids.film })
    expect(usual.body).toMatchObject({ buffer_size: 30, prefetch_threshold: 0.5 })
  })

  it('takes a buffer within the ranges that are configured now', async () => {
    let ranges = { buffer_size_range: [20, 40], prefetch_threshold_range: [0.3, 0.6] } as const
    const { tell } = await start(() => parseMonitorConfig({ optimization: ranges }, 'c.json'))
    const ask = async (buffer_size: number, prefetch_threshold: number) => {
      const { body } = await tell('/stream', { cid: cids.film, buffer_size, prefetch_threshold })
      return [body.buffer_size, body.prefetch_threshold]
    }
    expect(await ask(1, 0.9)).toEqual([20, 0.6])
    expect(await ask(30, 0.5)).toEqual([30, 0.5])
    ranges = { ...ranges, buffer_size_range: [5, 10] } as never
    expect(await ask(30, 0.1)).toEqual([10, 0.3])
  })

  it.each([
    [{}],
    [{ cid: cids.film, port: 0 }],
    [{ cid: cids.film, address: 'not an address' }],
    [{ cid: cids.film, quality: 'best' }],
    [{ cid: cids.film, buffer_size: 'big' }],
    [{ cid: cids.film, ice_servers: [{}] }],
  ])('refuses %j with what is wrong, in both shapes', async (request) => {
    const { tell, engine } = await start()
    const { status, body } = await tell('/stream', request)
    expect(status).toBe(400)
    expect(body).toMatchObject({
      success: false,
      code: 'INVALID_REQUEST',
      detail: { code: 'INVALID_REQUEST', message: body.error, endpoint: prefix, category: 'api' },
    })
    expect(engine.list()).toEqual([])
  })

  it('lists connections, sets their quality, says what it was before, and closes them', async () => {
    const { engine, ask, tell } = await start()
    const { id } = await engine.open({ content: cids.film, quality: 'high' })
    await engine.open({ content: cids.film })
    const listed = await ask('/connections')
    expect(listed.body.connections).toHaveLength(2)
    expect(listed.body).toMatchObject({
      connections: [
        { connection_id: id, server_id: id, cid: cids.film, quality: 'high', ice_state: 'new', peer_id: 'N/A' },
        {},
      ],
    })
    expect((await tell('/connections/quality', { connection_id: id, quality: 'low' })).body).toMatchObject({
      connection_id: id,
      previous_quality: 'high',
    })
    expect((await tell(`/connections/${id}/close`)).body).toMatchObject({ success: true, connection_id: id })
    expect((await tell('/connections/close-all')).body).toMatchObject({ connections_closed: 1, closed_count: 1 })
    expect((await ask('/connections')).body.connections).toEqual([])
  })

  it('answers 404 for what is not open', async () => {
    const { ask, tell, engine } = await start()
    const { id } = await engine.open({ content: cids.film })
    expect((await tell(`/stream/stop/${id}`)).status).toBe(200)
    for (const answer of [
      tell(`/stream/stop/${id}`),
      tell(`/connections/${id}/close`),
      ask(`/connections/${id}/stats`),
      tell('/connections/quality', { connection_id: 'nobody', quality: 'low' }),
    ])
      expect(await answer).toMatchObject({ status: 404, body: { detail: { code: 'STREAM_NOT_FOUND' } } })
  })

  it('says what it can do, and what its streams weigh', async () => {
    const { engine, clock, ask, tell } = await start()
    expect((await ask('/check')).body).toMatchObject({ webrtc_available: true, dependencies: { werift: true } })
    const { body } = await tell('/stream', { cid: cids.film, benchmark: true })
    const id = body.server_id as string
    engine.set(id, { peerStates: { ...engine.get(id)!.peerStates, connection: 'connected' } })
    clock.advance(3_541_000)
    const { body: resources } = await ask('/stats/resources')
    expect(resources).toMatchObject({
      servers: {
        count: 1,
        total_impact_score: 35,
        high_impact_count: 0,
        servers: [
          {
            id,
            cid: cids.film,
            is_benchmark: true,
            connection_count: 1,
            age_seconds: 3600,
            resource_impact: { age_impact: 10, connection_impact: 5, benchmark_impact: 20 },
            priority: 'medium',
          },
        ],
      },
      connections: { count: 1, connections: [{ id, server_id: id, has_stats: false }] },
    })
  })
})

describe('its statistics', () => {
  it('have rates between two snapshots, and null for what is not known', async () => {
    const engine = createMemoryEngine()
    const record = await engine.open({ content: cids.film })
    const before = countersOf(snapshotOf(record))
    const counted = {
      ...before,
      atMs: 5_000,
      signalingMs: 30,
      video: { ...before.video!, framesSent: 120, bytesSent: 600_000 },
    }
    expect(mcpStats(measure(counted, before))).toMatchObject({
      bandwidth: { outbound: { kbps: 1200 }, inbound: { kbps: 0 } },
      packet_loss: { outbound: { percent: 1 } },
      frames: { video: { fps: 30 }, audio: { fps: null } },
      buffer: { video: { frames: 45, seconds: 1.5, underruns: 0 }, audio: null },
      latency: { signaling: { ms: 30 }, jitter: { ms: 4 } },
      quality_metrics: { score: null, health_score: 95, unknown: ['freezes', 'picture height', 'dropped frames'] },
      is_reporting: false,
      viewer: null,
    })
    const { video: _, ...bare } = counted
    expect(mcpStats(measure(bare, undefined))).toMatchObject({
      packet_loss: { outbound: { percent: null } },
      latency: { media: { ms: null }, jitter: { ms: null } },
      frames: { video: { fps: null } },
    })
  })

  it('weigh a stream by its age up to a bound', async () => {
    const engine = createMemoryEngine()
    const stream = await engine.open({ content: cids.film })
    const one = { stream, updatedAtMs: 0, events: [], errors: [], tasks: [] }
    expect(impactOf(one, 1e12, false)).toMatchObject({ impact_score: 100, priority: 'high' })
    expect(impactOf(one, 0, false)).toMatchObject({ impact_score: 0, priority: 'low', age_seconds: 0 })
  })
})
