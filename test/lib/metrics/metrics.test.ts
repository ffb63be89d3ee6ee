import { describe, expect, it, onTestFinished } from 'vitest'
import { Events } from '../../../src/lib/base/events.ts'
import { createMetrics } from '../../../src/lib/metrics/metrics.ts'
import type { ContentEvents, ContentStats } from '../../../src/lib/model/content-stats.ts'
import { pacingErrorEdgesMs, prefetchEdgesMs, type WorkerHealth } from '../../../src/lib/protocol/media-plane.ts'
import { type MetricGroup, mcpMetrics, webrtcMetrics } from '../../../src/lib/protocol/metrics.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, snapshotOf } from '../../support/http-engine.ts'

const noReads = {
  memoryHits: 0,
  memoryMisses: 0,
  diskHits: 0,
  diskMisses: 0,
  fetched: 0,
  damaged: 0,
  memoryBytes: 0,
  memoryBlocks: 0,
}

const contentStats = (change: Partial<ContentStats> = {}): ContentStats => ({
  blocksBySource: {},
  fetchedBytes: 0,
  reader: noReads,
  diskBytes: 0,
  diskUnpinnedBytes: 0,
  diskBlocks: 0,
  metadata: { records: 0, pending: 0, parts: 0, partBytes: 0, schemaVersion: 1, hits: 0, misses: 0 },
  ...change,
})

const noCounts = { upTo: [], count: 0, sum: 0 }
const idle: WorkerHealth = {
  worker: 0,
  viewers: 0,
  loopDelayMaxMs: 0,
  loopDelayP99Ms: 0,
  pacingErrors: { ...noCounts, upTo: pacingErrorEdgesMs.map(() => 0) },
  prefetches: { ...noCounts, upTo: prefetchEdgesMs.map(() => 0) },
  failedPrefetches: 0,
  cpuS: 1,
  rssBytes: 1,
  renditionCacheBytes: 0,
  renditionCacheHits: 0,
  renditionCacheMisses: 0,
  blocks: noReads,
}

function start(
  settings: { maxConnections?: number; disabledGroups?: readonly MetricGroup[]; processMetrics?: boolean } = {},
) {
  const engine = createMemoryEngine()
  const clock = createStillClock(5_000)
  const cpu = { s: 0 }
  const content = { events: new Events<ContentEvents>(), now: contentStats(), stats: () => content.now }
  const metrics = createMetrics({ engine, clock, content, cpuS: () => cpu.s, processMetrics: false, ...settings })
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
  return { engine, clock, content, metrics, cpu, read, connect }
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
    engine.tell(snapshotOf(engine.get(id)!))
    expect(await read('mcp')).toMatchObject({
      mcp_webrtc_streams_count: 2,
      mcp_webrtc_peer_connections: 1,
      mcp_webrtc_bytes_sent_total: 300_000,
    })
  })

  it('have what the content store does and keeps', async () => {
    const { engine, content, read } = start()
    content.events.emit('operation', { operation: 'read', success: true, seconds: 0.02 })
    content.events.emit('operation', { operation: 'read', success: false, seconds: 30 })
    content.events.emit('bytes', { operation: 'read', direction: 'out', bytes: 300 })
    const reader = {
      ...noReads,
      memoryHits: 9,
      memoryMisses: 5,
      diskHits: 4,
      diskMisses: 1,
      memoryBytes: 70,
      memoryBlocks: 2,
    }
    const metadata = { records: 3, pending: 1, parts: 2, partBytes: 900, schemaVersion: 1, hits: 6, misses: 2 }
    content.now = contentStats({
      reader,
      metadata,
      blocksBySource: { kubo: 2 },
      fetchedBytes: 500,
      diskBytes: 800,
      diskBlocks: 7,
    })
    await read('mcp')
    content.now = { ...content.now, blocksBySource: { kubo: 2, 'gateway:ipfs.io': 1 }, fetchedBytes: 700 }
    expect(await read('mcp')).toMatchObject({
      'mcp_ipfs_operation_count_total{operation="read",success="true"}': 1,
      'mcp_ipfs_operation_count_total{operation="read",success="false"}': 1,
      'mcp_ipfs_operation_latency_seconds_count{operation="read"}': 1,
      'mcp_ipfs_bytes_transferred_total{operation="read",direction="out"}': 300,
      'mcp_ipfs_bytes_transferred_total{operation="fetch_block",direction="in"}': 700,
      'mcp_cache_hit_count_total{cache_type="memory"}': 9,
      'mcp_cache_miss_count_total{cache_type="memory"}': 5,
      'mcp_cache_hit_count_total{cache_type="disk"}': 4,
      'mcp_cache_miss_count_total{cache_type="disk"}': 1,
      'mcp_cache_hit_count_total{cache_type="parquet"}': 6,
      'mcp_cache_miss_count_total{cache_type="parquet"}': 2,
      'mcp_cache_size_bytes{cache_type="memory"}': 70,
      'mcp_cache_item_count{cache_type="disk"}': 7,
      'mcp_cache_size_bytes{cache_type="parquet"}': 900,
      mcp_parquet_partition_count: 2,
      mcp_parquet_schema_version: 1,
      'mcpx_blocks_verified_total{source="embedded"}': 4,
      'mcpx_blocks_verified_total{source="kubo"}': 2,
      'mcpx_blocks_verified_total{source="gateway:ipfs.io"}': 1,
    })
    const blocks = { ...noReads, memoryHits: 10, memoryMisses: 3, diskHits: 3, memoryBytes: 30, memoryBlocks: 1 }
    engine.events.emit('health', { ...idle, blocks })
    engine.events.emit('health', { ...idle, blocks: { ...blocks, memoryMisses: 2, memoryHits: 1 } })
    expect(await read('mcp')).toMatchObject({
      'mcp_cache_hit_count_total{cache_type="memory"}': 20,
      'mcp_cache_miss_count_total{cache_type="memory"}': 10,
      'mcp_cache_size_bytes{cache_type="memory"}': 100,
    })
  })

  it('count sessions by what they are for', async () => {
    const { engine, metrics, read } = start()
    await engine.open({ content: cids.film })
    metrics.session('signalling', 1)
    metrics.session('signalling', 1)
    metrics.session('signalling', -1)
    expect(await read('mcp')).toMatchObject({
      'mcp_active_sessions{controller="webrtc"}': 1,
      'mcp_active_sessions{controller="signalling"}': 1,
      'mcp_active_sessions{controller="monitor"}': 0,
    })
  })

  it('have the metrics of the program that embeds the server beside them', async () => {
    const { metrics, read } = start()
    metrics.custom.counter({ name: 'shop_orders_total', help: 'Orders' }).add({}, 3)
    expect(() => metrics.custom.gauge({ name: 'mcp_uptime_seconds', help: 'Mine' })).toThrow('those of mcpx')
    expect(await read('mcp')).toMatchObject({ shop_orders_total: 3 })
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
    engine.tell(first)
    engine.tell(second)
    engine.tell(second)
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

  it('go on when the clock is set back', async () => {
    const { engine, read, connect } = start()
    const id = await connect()
    const first = snapshotOf(engine.get(id)!, { atMs: 3_600_000 })
    const sent = (framesSent: number, atMs: number) => ({ ...first, atMs, video: { ...first.video!, framesSent } })
    engine.tell(sent(60, 3_600_000))
    engine.tell(sent(90, 1_000))
    engine.tell(sent(150, 3_000))
    const series = await read('webrtc')
    expect(series['webrtc_frames_sent_total{type="video",quality="high"}']).toBe(150)
    expect(series[`webrtc_frame_rate{connection_id="${id}",type="video"}`]).toBe(30)
  })

  it('forget a connection when it is over, whatever comes after', async () => {
    const { engine, read, connect } = start()
    const id = await connect()
    const stay = await connect()
    const snapshot = snapshotOf(engine.get(id)!, { iceConnectMs: 120 })
    engine.tell(snapshot, { ...snapshot, streamId: stay })
    engine.set(id, { state: 'closed', closedAtMs: 3_000 })
    engine.tell({ ...snapshot, atMs: 9_000 }, { ...snapshot, streamId: 'unknown', atMs: 9_000 })
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
    engine.tell(first)
    engine.tell({ ...first, atMs: 5_000, viewer })
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
    const unknown = { version: 1 as const, reasons: [], unknown: ['frozen' as const] }
    engine.tell({ ...first, atMs: 7_000, isReporting: false, videoQuality: unknown })
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
    engine.tell({ ...first, video: sized([1, 2, 2, 3, 3, 3, 3], 3, 60_000) })
    engine.tell({ ...first, atMs: 5_000, video: sized([2, 4, 4, 5, 5, 5, 6], 7, 3_000_000) })
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
      blocks: noReads,
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
    engine.tell(bare)
    const names = Object.keys(await read('webrtc'))
    expect(names.filter((name) => /^webrtc_(packet_loss|jitter|frame_rate|memory)/.test(name))).toEqual([])
  })
})

describe('with more connections than may have series', () => {
  const own = (series: Record<string, number>) =>
    new Set(Object.keys(series).flatMap((name) => /connection_id="([^"]+)"/.exec(name)?.[1] ?? []))

  it('keep the worst, and what they add up to', async () => {
    const { engine, clock, read, connect } = start({ maxConnections: 2 })
    const ids = [await connect(), await connect(), await connect()]
    const tell = (atMs: number) =>
      engine.tell(
        ...ids.map((id, index) => {
          const health = { value: 100 - index * 30, version: 1 as const, reasons: [], unknown: [] }
          return snapshotOf(engine.get(id)!, { atMs, health, underruns: 4, iceConnectMs: 120 })
        }),
      )
    tell(3_000)
    const early = await read('webrtc')
    expect(own(early)).toEqual(new Set([ids[0], ids[1]]))
    expect(early).toMatchObject({
      mcpx_connections_capped: 1,
      mcpx_bitrate_bps: 3_600_000,
      mcpx_buffer_underruns_total: 12,
      mcpx_ice_connection_seconds_count: 3,
      mcpx_packet_loss_ratio_count: 3,
      'mcpx_packet_loss_ratio_bucket{le="0.005"}': 0,
      'mcpx_packet_loss_ratio_bucket{le="0.01"}': 3,
      'mcpx_stream_health_score_bucket{le="40"}': 1,
    })
    clock.advance(30_000)
    tell(5_000)
    const later = await read('webrtc')
    expect(own(later)).toEqual(new Set([ids[1], ids[2]]))
    expect(later).toMatchObject({
      [`webrtc_buffer_underruns_total{connection_id="${ids[2]}",type="video"}`]: 4,
      [`webrtc_ice_connection_time_ms_count{connection_id="${ids[2]}"}`]: 1,
      mcpx_buffer_underruns_total: 12,
      mcpx_connections_capped: 1,
    })
    engine.set(ids[1]!, { state: 'closed', closedAtMs: 3_000 })
    tell(7_000)
    const last = await read('webrtc')
    expect(own(last)).toEqual(new Set([ids[0], ids[2]]))
    expect(last.mcpx_connections_capped).toBe(0)
  })
})

it('a disabled group is not there, and only it', async () => {
  const all = { ...mcpMetrics, ...webrtcMetrics }
  for (const group of ['detailed', 'frame', 'resource', 'quality'] as const) {
    const { engine, metrics, connect } = start({ disabledGroups: [group] })
    const id = await connect()
    engine.tell(snapshotOf(engine.get(id)!, { iceConnectMs: 120 }))
    engine.events.emit('health', idle)
    await new Promise(setImmediate)
    const text = (await metrics.mcp()).body + (await metrics.webrtc()).body
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!)
    const expected = Object.entries(all).flatMap(([name, spec]) => (spec.group === group ? [] : [name]))
    expect(names.toSorted()).toEqual(expected.toSorted())
  }
})

it('groups are left out and taken back while the server runs, and are counted on meanwhile', async () => {
  const { engine, metrics, connect } = start({ processMetrics: true })
  const id = await connect()
  const frames = async () =>
    /^webrtc_frames_sent_total\{.*type="video".*\} (\d+)$/m.exec((await metrics.webrtc()).body)?.[1]
  const tell = (atMs: number, framesSent: number) => {
    const now = snapshotOf(engine.get(id)!)
    engine.tell({ ...now, atMs, video: { ...now.video!, framesSent } })
  }
  tell(1000, 10)
  expect(await frames()).toBe('10')
  expect((await metrics.mcp()).body).toContain('process_cpu_seconds_total')
  metrics.disable(['frame', 'resource'])
  tell(3000, 25)
  expect(await frames()).toBeUndefined()
  const without = await metrics.mcp()
  expect(without.body).not.toMatch(/^(process|nodejs)_/m)
  metrics.disable([])
  expect(await frames()).toBe('25')
  expect((await metrics.mcp()).body).toContain('process_cpu_seconds_total')
})

it('every metric of the table has help and lower-case labels', () => {
  for (const [name, { help, labels, type }] of Object.entries({ ...mcpMetrics, ...webrtcMetrics })) {
    expect(help).not.toBe('')
    expect(labels.every((label) => /^[a-z_]+$/.test(label))).toBe(true)
    expect(name.endsWith('_total')).toBe(type === 'counter')
  }
})
