import { describe, expect, it, onTestFinished } from 'vitest'
import { createMetrics } from '../../../src/lib/metrics/metrics.ts'
import { mcpMetrics, webrtcMetrics } from '../../../src/lib/protocol/metrics.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, snapshotOf } from '../../support/http-engine.ts'

function start() {
  const engine = createMemoryEngine()
  const clock = createStillClock(5_000)
  const metrics = createMetrics({ engine, clock, processMetrics: false })
  onTestFinished(() => metrics.close())
  /** Series → value, without comments. */
  const read = async (which: 'mcp' | 'webrtc') => {
    await new Promise(setImmediate)
    const { body } = await metrics[which]()
    const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
    )
  }
  const connect = async () => {
    const { id } = await engine.open({ content: cids.film })
    engine.set(id, { state: 'active', connectedAtMs: 2_000 })
    return id
  }
  return { engine, clock, metrics, read, connect }
}

describe('MCP metrics', () => {
  it('count answers and time them', async () => {
    const { metrics, read } = start()
    const answer = { endpoint: '/ipfs/*', method: 'GET', status: 206, seconds: 0.02 }
    metrics.answered(answer)
    metrics.answered(answer)
    const series = await read('mcp')
    expect(series['mcp_request_count_total{endpoint="/ipfs/*",method="GET",status="206"}']).toBe(2)
    expect(series['mcp_request_latency_seconds_bucket{le="0.025",endpoint="/ipfs/*",method="GET"}']).toBe(2)
    expect(series['mcp_request_latency_seconds_bucket{le="0.01",endpoint="/ipfs/*",method="GET"}']).toBe(0)
    expect(series.mcp_uptime_seconds).toBe(5)
  })

  it('count streams, viewers and bytes', async () => {
    const { engine, read, connect } = start()
    const id = await connect()
    await engine.open({ content: cids.film })
    engine.events.emit('snapshots', [snapshotOf(engine.get(id)!)])
    expect(await read('mcp')).toMatchObject({
      mcp_webrtc_streams_count: 2,
      mcp_webrtc_peer_connections: 1,
      mcp_webrtc_bytes_sent_total: 300_000,
    })
  })

  it('have the process beside them', async () => {
    const metrics = createMetrics({ engine: createMemoryEngine(), clock: createStillClock() })
    onTestFinished(() => metrics.close())
    const { body, contentType } = await metrics.mcp()
    expect(contentType).toContain('text/plain')
    expect(body).toContain('process_resident_memory_bytes')
    expect(body).toContain('nodejs_eventloop_lag_seconds')
  })
})

describe('WebRTC metrics', () => {
  it('count a viewer once, from connecting to leaving', async () => {
    const { engine, read, connect } = start()
    const label = '{server_id="node-1"}'
    expect(await read('webrtc')).toMatchObject({
      [`webrtc_connections_total${label}`]: 0,
      [`webrtc_active_connections${label}`]: 0,
    })
    const id = await connect()
    engine.set(id, { state: 'ended' })
    engine.set(id, { state: 'active' })
    expect(await read('webrtc')).toMatchObject({
      [`webrtc_connections_total${label}`]: 1,
      [`webrtc_active_connections${label}`]: 1,
    })
    engine.set(id, { state: 'closed', closedAtMs: 14_000 })
    expect(await read('webrtc')).toMatchObject({
      [`webrtc_active_connections${label}`]: 0,
      [`webrtc_connection_duration_seconds_sum${label}`]: 12,
      [`webrtc_connection_duration_seconds_count${label}`]: 1,
    })
    await engine.open({ content: cids.film })
    await engine.closeAll()
    expect((await read('webrtc'))[`webrtc_connections_total${label}`]).toBe(1)
  })

  it('grow by what snapshots say has changed', async () => {
    const { engine, read, connect } = start()
    const id = await connect()
    const first = snapshotOf(engine.get(id)!, { iceConnectMs: 120, underruns: 1 })
    const video = { ...first.video!, framesSent: 120, bytesSent: 700_000 }
    const second = { ...first, atMs: 5_000, quality: 'low' as const, underruns: 3, video }
    engine.events.emit('snapshots', [first])
    engine.events.emit('snapshots', [second])
    engine.events.emit('snapshots', [second])
    const series = await read('webrtc')
    expect(series).toMatchObject({
      'webrtc_frames_sent_total{type="video",quality="high"}': 60,
      'webrtc_frames_sent_total{type="video",quality="low"}': 60,
      [`webrtc_frame_rate{connection_id="${id}",type="video"}`]: 30,
      [`webrtc_buffer_level_frames{connection_id="${id}",type="video"}`]: 45,
      [`webrtc_buffer_level_seconds{connection_id="${id}",type="video"}`]: 1.5,
      [`webrtc_buffer_underruns_total{connection_id="${id}",type="video"}`]: 3,
      [`webrtc_bandwidth_kbps{connection_id="${id}",direction="outbound"}`]: 1200,
      [`webrtc_packet_loss_percent{connection_id="${id}",direction="outbound"}`]: 1,
      [`webrtc_jitter_ms{connection_id="${id}",type="video"}`]: 4,
      [`webrtc_quality_switches_total{connection_id="${id}",from_quality="high",to_quality="low"}`]: 1,
      [`webrtc_ice_connection_time_ms_sum{connection_id="${id}"}`]: 120,
      [`webrtc_ice_connection_time_ms_count{connection_id="${id}"}`]: 1,
    })
    expect((await read('mcp')).mcp_webrtc_bytes_sent_total).toBe(700_000)
  })

  it('forget a connection when it is over, whatever comes after', async () => {
    const { engine, read, connect } = start()
    const id = await connect()
    const stay = await connect()
    const snapshot = snapshotOf(engine.get(id)!, { iceConnectMs: 120 })
    engine.events.emit('snapshots', [snapshot, { ...snapshot, streamId: stay }])
    engine.set(id, { state: 'closed', closedAtMs: 3_000 })
    engine.events.emit('snapshots', [
      { ...snapshot, atMs: 9_000 },
      { ...snapshot, streamId: 'unknown', atMs: 9_000 },
    ])
    const names = Object.keys(await read('webrtc'))
    expect(names.filter((name) => name.includes(`"${id}"`) || name.includes('unknown'))).toEqual([])
    expect(names.filter((name) => name.includes(`"${stay}"`)).length).toBeGreaterThan(5)
  })

  it('do not invent what nobody measured', async () => {
    const { engine, read, connect } = start()
    const id = await connect()
    const { video: _, ...bare } = snapshotOf(engine.get(id)!)
    engine.events.emit('snapshots', [bare])
    const names = Object.keys(await read('webrtc'))
    expect(names.filter((name) => /^webrtc_(packet_loss|jitter|frame_rate|memory)/.test(name))).toEqual([])
  })
})

it('every metric of the table has help and lower-case labels', () => {
  for (const [name, { help, labels, type }] of Object.entries({ ...mcpMetrics, ...webrtcMetrics })) {
    expect(help).not.toBe('')
    expect(labels.every((label) => /^[a-z_]+$/.test(label))).toBe(true)
    expect(name.endsWith('_total')).toBe(type === 'counter')
  }
})
