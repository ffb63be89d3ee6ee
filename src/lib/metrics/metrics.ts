// What happens in the engine and at the doors, as Prometheus reads it.
import { collectDefaultMetrics, Registry } from 'prom-client'
import { type Clock, every } from '../base/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { CustomMetrics } from '../model/custom-metrics.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import type { StreamRecord } from '../model/stream.ts'
import { type MetricGroup, mcpMetrics, webrtcMetrics } from '../protocol/metrics.ts'
import { writeConnection } from './connection-metrics.ts'
import { createConnectionRanking } from './connection-ranking.ts'
import { createContentMetrics, type MeasuredContent } from './content-metrics.ts'
import { createCustomMetrics } from './custom-metrics.ts'
import { createMetricsOf } from './registry.ts'
import { writeStream } from './stream-metrics.ts'
import { createWorkerMetrics } from './worker-metrics.ts'

interface MetricsText {
  readonly contentType: string
  readonly body: string
}

type SessionController = 'signalling' | 'monitor'

export interface EngineMetrics {
  /** For --metrics-path. */
  mcp(): Promise<MetricsText>
  /** For --webrtc-metrics-port. */
  webrtc(): Promise<MetricsText>
  /** One answered HTTP request; `endpoint` must come from a bounded set. */
  answered(answer: { endpoint: string; method: string; status: number; seconds: number }): void
  /** From now on these groups are not read; what they count is counted on. With `resource` neither are those of the process. */
  disable(groups: readonly MetricGroup[]): void
  /** A WebSocket was opened (1) or closed (-1). */
  session(controller: SessionController, change: 1 | -1): void
  /** Of the program that embeds the server; at --metrics-path. */
  readonly custom: CustomMetrics
  close(): void
}

interface Settings {
  readonly engine: Engine
  readonly clock: Clock
  readonly content?: MeasuredContent
  /** So many connections have series of their own at most. Default: all. */
  readonly maxConnections?: number
  /** CPU seconds that the process has used. */
  readonly cpuS: () => number
  /** CPU, memory, handles and event loop of the process, on the MCP metrics. Default true. */
  readonly processMetrics?: boolean
  /** As `disable`, from the beginning. */
  readonly disabledGroups?: readonly MetricGroup[]
}

/** Over which CPU usage is taken. */
const cpuIntervalMs = 5000

/** Connections get and lose series of their own no more often. */
const rankIntervalMs = 30_000

const isConnected = ({ state }: StreamRecord) => state === 'active' || state === 'ended'

/** Without the three gauges that are named as counters are; by type they are there besides. */
function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`)
}

export function createMetrics(settings: Settings): EngineMetrics {
  const {
    engine,
    clock,
    cpuS,
    content,
    maxConnections = Infinity,
    processMetrics = true,
    disabledGroups = [],
  } = settings
  const server = { server_id: engine.info.nodeId }
  const mcp = createMetricsOf(mcpMetrics)
  const webrtc = createMetricsOf(webrtcMetrics)
  const ofProcess = new Registry()
  /** The newest of each stream. */
  const latest = new Map<string, MeasuredSnapshot>()
  const counted = new Set<string>()
  /** Connections that have series of their own. */
  const written = new Set<string>()
  const ranking = createConnectionRanking(maxConnections)
  const sessions = { signalling: 0, monitor: 0 }
  let showsProcess = processMetrics
  if (processMetrics) collectProcessMetrics(ofProcess)
  webrtc.add('webrtc_connections_total', server, 0)

  function disable(groups: readonly MetricGroup[]): void {
    for (const metrics of [mcp, webrtc]) metrics.disable(groups)
    showsProcess = processMetrics && !groups.includes('resource')
  }
  disable(disabledGroups)

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
    latest.delete(id)
    ranking.forget(id)
    forgetSeries(id)
  }

  function forgetSeries(id: string): void {
    if (written.delete(id)) void webrtc.forget('connection_id', id)
  }

  function onSnapshot(now: MeasuredSnapshot): void {
    if ((engine.get(now.streamId)?.state ?? 'closed') === 'closed') return
    latest.set(now.streamId, now)
    writeStream({ mcp, webrtc }, now)
    if (!ranking.note(now.streamId, now.health.value)) return
    writeConnection(webrtc, now, written.has(now.streamId) ? now.before : undefined)
    written.add(now.streamId)
  }

  const ofContent = content && createContentMetrics(mcp, content)
  const unsubscribe = [
    engine.events.on('stream', onRecord),
    engine.events.on('snapshots', (snapshots) => {
      for (const snapshot of snapshots) onSnapshot(snapshot)
    }),
    engine.events.on('health', createWorkerMetrics(webrtc, server)),
    engine.events.on('health', (health) => ofContent?.onHealth(health)),
  ]

  let cpu = { usedS: cpuS(), atMs: clock.now() }
  const cpuTimer = every(clock, cpuIntervalMs, () => {
    const now = { usedS: cpuS(), atMs: clock.now() }
    webrtc.set('webrtc_cpu_usage_percent', server, ((now.usedS - cpu.usedS) * 100_000) / (now.atMs - cpu.atMs))
    cpu = now
  })

  const rankTimer = every(clock, rankIntervalMs, () => {
    for (const id of ranking.rank()) forgetSeries(id)
  })

  return {
    custom: createCustomMetrics(mcp.registry, (metric) => mcp.add('mcpx_custom_series_dropped_total', { metric })),
    async mcp() {
      const open = engine.list().filter(({ state }) => state !== 'closed')
      mcp.set('mcp_uptime_seconds', {}, Math.max(0, clock.wallMs() - engine.info.startedAtMs) / 1000)
      mcp.set('mcp_webrtc_streams_count', {}, open.length)
      mcp.set('mcp_webrtc_peer_connections', {}, open.filter(isConnected).length)
      for (const [controller, count] of Object.entries({ webrtc: open.length, ...sessions }))
        mcp.set('mcp_active_sessions', { controller }, count)
      ofContent?.read()
      const texts = [await mcp.registry.metrics(), showsProcess ? await ofProcess.metrics() : '']
      return { contentType: mcp.registry.contentType, body: texts.join('') }
    },
    async webrtc() {
      webrtc.set('webrtc_active_connections', server, engine.list().filter(isConnected).length)
      webrtc.set('mcpx_viewers_reporting', {}, [...latest.values()].filter(({ isReporting }) => isReporting).length)
      const bitrates = [...latest.values()].map(({ bitrateBps }) => bitrateBps)
      webrtc.set(
        'mcpx_bitrate_bps',
        {},
        bitrates.reduce((sum, bitrateBps) => sum + bitrateBps, 0),
      )
      webrtc.set('mcpx_connections_capped', {}, ranking.capped)
      const rss = engine.health().map(({ rssBytes }) => rssBytes)
      if (rss.length > 0) webrtc.set('webrtc_memory_usage_bytes', server, Math.max(...rss))
      return { contentType: webrtc.registry.contentType, body: await webrtc.registry.metrics() }
    },
    answered({ endpoint, method, status, seconds }) {
      mcp.add('mcp_request_count_total', { endpoint, method, status: String(status) })
      mcp.observe('mcp_request_latency_seconds', { endpoint, method }, seconds)
    },
    disable,
    session(controller, change) {
      sessions[controller] += change
    },
    close() {
      cpuTimer.cancel()
      rankTimer.cancel()
      ofContent?.close()
      for (const off of unsubscribe) off()
      latest.clear()
    },
  }
}
