// What happens in the engine and at the doors, as Prometheus reads it. Counters grow by what snapshots say has changed.
import { collectDefaultMetrics } from 'prom-client'
import type { Clock } from '../base/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { StatsSnapshot } from '../model/stats.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { MediaKind } from '../model/track.ts'
import { mcpMetrics, webrtcMetrics } from '../protocol/metrics.ts'
import { createMetricsOf } from './registry.ts'

interface MetricsText {
  readonly contentType: string
  readonly body: string
}

export interface EngineMetrics {
  /** For --metrics-path. */
  mcp(): Promise<MetricsText>
  /** For --webrtc-metrics-port. */
  webrtc(): Promise<MetricsText>
  /** One answered HTTP request; `endpoint` must come from a bounded set. */
  answered(answer: { endpoint: string; method: string; status: number; seconds: number }): void
  close(): void
}

interface Settings {
  readonly engine: Engine
  readonly clock: Clock
  /** CPU, memory, handles and event loop of the process, on the MCP metrics. Default true. */
  readonly processMetrics?: boolean
}

const kinds: readonly MediaKind[] = ['video', 'audio']
const isConnected = ({ state }: StreamRecord) => state === 'active' || state === 'ended'

export function createMetrics({ engine, clock, processMetrics = true }: Settings): EngineMetrics {
  const server = { server_id: engine.info.nodeId }
  const mcp = createMetricsOf(mcpMetrics)
  const webrtc = createMetricsOf(webrtcMetrics)
  const last = new Map<string, StatsSnapshot>()
  const counted = new Set<string>()
  if (processMetrics) collectDefaultMetrics({ register: mcp.registry })
  webrtc.add('webrtc_connections_total', server, 0)

  function onRecord(record: StreamRecord): void {
    const { id, connectedAtMs, closedAtMs, state } = record
    if (connectedAtMs !== undefined && !counted.has(id) && state !== 'closed') {
      counted.add(id)
      webrtc.add('webrtc_connections_total', server)
    }
    if (state !== 'closed') return
    if (counted.delete(id) && connectedAtMs !== undefined)
      webrtc.observe(
        'webrtc_connection_duration_seconds',
        server,
        Math.max(0, (closedAtMs ?? connectedAtMs) - connectedAtMs) / 1000,
      )
    last.delete(id)
    void webrtc.forget('connection_id', id)
  }

  function onSnapshot(now: StatsSnapshot): void {
    const before = last.get(now.streamId)
    if (before && now.atMs <= before.atMs) return
    if ((engine.get(now.streamId)?.state ?? 'closed') === 'closed') return
    last.set(now.streamId, now)
    for (const kind of kinds) countSent(kind, now, before)
    measurePath(now)
    measureBuffer(now, before)
    if (now.iceConnectMs !== undefined && before?.iceConnectMs === undefined)
      webrtc.observe('webrtc_ice_connection_time_ms', { connection_id: now.streamId }, now.iceConnectMs)
    if (before?.quality && now.quality && now.quality !== before.quality) {
      const labels = { connection_id: now.streamId, from_quality: before.quality, to_quality: now.quality }
      webrtc.add('webrtc_quality_switches_total', labels)
    }
  }

  function countSent(kind: MediaKind, now: StatsSnapshot, before: StatsSnapshot | undefined): void {
    const sent = now[kind]
    if (!sent) return
    const frames = Math.max(0, sent.framesSent - (before?.[kind]?.framesSent ?? 0))
    webrtc.add('webrtc_frames_sent_total', { type: kind, quality: now.quality ?? 'unknown' }, frames)
    mcp.add('mcp_webrtc_bytes_sent_total', {}, Math.max(0, sent.bytesSent - (before?.[kind]?.bytesSent ?? 0)))
    if (!before) return
    const labels = { connection_id: now.streamId, type: kind }
    webrtc.set('webrtc_frame_rate', labels, (frames * 1000) / (now.atMs - before.atMs))
  }

  function measurePath(now: StatsSnapshot): void {
    const outbound = { connection_id: now.streamId, direction: 'outbound' }
    webrtc.set('webrtc_bandwidth_kbps', outbound, now.bitrateBps / 1000)
    const losses = kinds.map((kind) => now[kind]?.fractionLost).filter((loss) => loss !== undefined)
    if (losses.length > 0) webrtc.set('webrtc_packet_loss_percent', outbound, Math.max(...losses) * 100)
    for (const kind of kinds) {
      const jitterS = now[kind]?.jitterS
      if (jitterS !== undefined)
        webrtc.set('webrtc_jitter_ms', { connection_id: now.streamId, type: kind }, jitterS * 1000)
    }
  }

  function measureBuffer(now: StatsSnapshot, before: StatsSnapshot | undefined): void {
    const labels = { connection_id: now.streamId, type: now.video ? 'video' : 'audio' }
    webrtc.set('webrtc_buffer_level_frames', labels, now.bufferFrames)
    webrtc.set('webrtc_buffer_level_seconds', labels, now.bufferS)
    const underruns = Math.max(0, now.underruns - (before?.underruns ?? 0))
    webrtc.add('webrtc_buffer_underruns_total', labels, underruns)
  }

  const unsubscribe = [
    engine.events.on('stream', onRecord),
    engine.events.on('snapshots', (snapshots) => {
      for (const snapshot of snapshots) onSnapshot(snapshot)
    }),
  ]

  return {
    async mcp() {
      const open = engine.list().filter(({ state }) => state !== 'closed')
      mcp.set('mcp_uptime_seconds', {}, Math.max(0, clock.wallMs() - engine.info.startedAtMs) / 1000)
      mcp.set('mcp_webrtc_streams_count', {}, open.length)
      mcp.set('mcp_webrtc_peer_connections', {}, open.filter(isConnected).length)
      return { contentType: mcp.registry.contentType, body: await mcp.registry.metrics() }
    },
    async webrtc() {
      webrtc.set('webrtc_active_connections', server, engine.list().filter(isConnected).length)
      const rss = engine.health().map(({ rssBytes }) => rssBytes)
      if (rss.length > 0) webrtc.set('webrtc_memory_usage_bytes', server, Math.max(...rss))
      return { contentType: webrtc.registry.contentType, body: await webrtc.registry.metrics() }
    },
    answered({ endpoint, method, status, seconds }) {
      mcp.add('mcp_request_count_total', { endpoint, method, status: String(status) })
      mcp.observe('mcp_request_latency_seconds', { endpoint, method }, seconds)
    },
    close() {
      for (const off of unsubscribe) off()
      last.clear()
    },
  }
}
