import { describe, expect, it, onTestFinished } from 'vitest'
import { createMetrics } from '../../../src/lib/metrics/metrics.ts'
import { pacingErrorEdgesMs, prefetchEdgesMs, type WorkerHealth } from '../../../src/lib/protocol/media-plane.ts'
import { mcpMetrics, webrtcMetrics } from '../../../src/lib/protocol/metrics.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, snapshotOf } from '../../support/http-engine.ts'

function start() {
  const engine = createMemoryEngine()
  const clock = createStillClock(5_000)
  const cpu = { s: 0 }
  const metrics = createMetrics({ engine, clock, cpuS: () => cpu.s, processMetrics: false })
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
  return { engine, clock, metrics, cpu, read, connect }
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
    const metrics = createMetrics({ engine: createMemoryEngine(), clock: createStillClock(), cpuS: () => 0 })
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

  it('have what the viewer says, as far as it says it', async () => {
    const { engine, read, connect } = start()
    const id = await connect()
    const first = snapshotOf(engine.get(id)!, {
      signalingMs: 30,
      iceGatheringMs: 4,
      isReporting: true,
      viewer: {
        atMs: 3_000,
        framesReceived: 50,
        freezeCount: 1,
        totalFreezesDurationS: 0.5,
        firstFrameMs: 250,
        jitterBufferDelayMs: 40,
      },
      videoQuality: { value: 85, version: 1, reasons: [], unknown: [] },
    })
    const viewer = { ...first.viewer!, atMs: 5_000, framesReceived: 110, freezeCount: 3, totalFreezesDurationS: 1.5 }
    engine.events.emit('snapshots', [first])
    engine.events.emit('snapshots', [{ ...first, atMs: 5_000, viewer }])
    const mediaMs = (first.video!.roundTripTimeS! * 1000) / 2 + 40
    const connection = `connection_id="${id}"`
    expect(await read('webrtc')).toMatchObject({
      'webrtc_frames_received_total{type="video",quality="high"}': 110,
      mcpx_freezes_total: 3,
      mcpx_freeze_seconds_total: 1.5,
      mcpx_first_frame_seconds_count: 1,
      mcpx_first_frame_seconds_sum: 0.25,
      mcpx_viewers_reporting: 1,
      [`webrtc_video_quality_score{${connection}}`]: 85,
      [`webrtc_stream_health_score{${connection}}`]: 100,
      [`webrtc_latency_ms_sum{${connection},type="signaling"}`]: 30,
      [`webrtc_latency_ms_count{${connection},type="signaling"}`]: 1,
      [`webrtc_latency_ms_sum{${connection},type="media"}`]: mediaMs * 2,
      [`webrtc_ice_gathering_time_ms_count{${connection}}`]: 1,
    })
    const unknown = { version: 1 as const, reasons: [], unknown: ['freezes'] }
    engine.events.emit('snapshots', [{ ...first, atMs: 7_000, isReporting: false, videoQuality: unknown }])
    const after = await read('webrtc')
    expect(after).not.toHaveProperty([`webrtc_video_quality_score{${connection}}`])
    expect(after.mcpx_viewers_reporting).toBe(0)
  })

  it('count each frame by its size', async () => {
    const { engine, read, connect } = start()
    const id = await connect()
    const first = snapshotOf(engine.get(id)!)
    const sized = (upTo: number[], count: number, sum: number) => ({
      ...first.video!,
      frameSizes: { upTo, count, sum },
    })
    engine.events.emit('snapshots', [{ ...first, video: sized([1, 2, 2, 3, 3, 3, 3], 3, 60_000) }])
    engine.events.emit('snapshots', [{ ...first, atMs: 5_000, video: sized([2, 4, 4, 5, 5, 5, 6], 7, 3_000_000) }])
    const labels = 'type="video",quality="high"'
    expect(await read('webrtc')).toMatchObject({
      [`webrtc_frame_size_bytes_bucket{le="1024",${labels}}`]: 2,
      [`webrtc_frame_size_bytes_bucket{le="1048576",${labels}}`]: 6,
      [`webrtc_frame_size_bytes_bucket{le="+Inf",${labels}}`]: 7,
      [`webrtc_frame_size_bytes_sum{${labels}}`]: 3_000_000,
      [`webrtc_frame_size_bytes_count{${labels}}`]: 7,
    })
  })

  it('have the workers and the process beside them, and go on when a worker was started again', async () => {
    const { engine, clock, cpu, read } = start()
    const edges = (length: number, count: number) => new Array<number>(length).fill(count)
    const health = (cpuS: number, packets: number): WorkerHealth => ({
      worker: 0,
      viewers: 1,
      loopDelayMaxMs: 9,
      loopDelayP99Ms: 4,
      pacingErrors: { upTo: edges(pacingErrorEdgesMs.length, packets), count: packets, sum: packets * 2 },
      prefetches: { upTo: edges(prefetchEdgesMs.length, 3), count: 3, sum: 12 },
      failedPrefetches: 1,
      cpuS,
      rssBytes: 1,
      renditionCacheBytes: 500,
      renditionCacheHits: 10,
      renditionCacheMisses: 4,
    })
    engine.events.emit('health', health(2, 1000))
    engine.events.emit('health', health(3, 1500))
    engine.events.emit('health', health(0.5, 200))
    cpu.s = 6
    clock.advance(5_000)
    expect(await read('webrtc')).toMatchObject({
      'mcpx_worker_cpu_seconds_total{worker="0"}': 3.5,
      'mcpx_pacing_error_seconds_count{worker="0"}': 1700,
      'mcpx_pacing_error_seconds_sum{worker="0"}': 3.4,
      'mcpx_event_loop_delay_seconds{worker="0"}': 0.004,
      'mcpx_rendition_cache_hits_total{worker="0"}': 20,
      'webrtc_prefetch_operations_total{server_id="node-1",success="true"}': 6,
      'webrtc_prefetch_operations_total{server_id="node-1",success="false"}': 2,
      'webrtc_prefetch_latency_ms_sum{server_id="node-1"}': 24,
      'webrtc_cpu_usage_percent{server_id="node-1"}': 120,
    })
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
