// The origin's MCP WebRTC controller, real: streams, connections, their quality and statistics, and what they weigh.
import { randomUUID } from 'node:crypto'
import { McpxError } from '../../base/errors.ts'
import { parseQuality } from '../../model/quality.ts'
import {
  effectiveBuffer,
  mcpBenchmarkRequest,
  mcpQualityRequest,
  mcpStreamRequest,
} from '../../protocol/mcp-schemas.ts'
import { playerPath, routes } from '../../protocol/routes.ts'
import { requireContent } from '../access.ts'
import { type App, grantOf, type Request, type RouteContext } from '../context.ts'
import { toFailure } from '../errors.ts'
import { impactOf, mcpStats } from './mcp-stats.ts'

type ById = { Params: { id: string } }

export function mcpWebrtcRoutes(
  app: App,
  { engine, monitor, monitorConfig, runBenchmark, options, clock, basePath, logger }: RouteContext,
): void {
  if (!monitor) return
  const { mcp } = routes
  const tags = ['mcp']
  const config = { role: 'operator' as const }
  const schema = (summary: string) => ({ config, schema: { tags, summary } })
  /** Streams that were asked for as benchmarks; those that are over are forgotten with the next. */
  const benchmarks = new Set<string>()

  // The origin's shape of an error beside ours.
  app.setErrorHandler((thrown, request, reply) => {
    const { status, body, error } = toFailure(thrown, options.debug)
    if (status >= 500) logger.warn({ endpoint: request.routeOptions.url, code: body.code }, error.message)
    const detail = { code: body.code, message: body.error, endpoint: mcp.prefix, category: 'api' }
    reply
      .code(status)
      .type('application/json; charset=utf-8')
      .serializer(JSON.stringify)
      .send({ ...body, detail })
  })

  const done = (fields: object = {}) => ({ success: true, operation_id: randomUUID(), ...fields })

  function noteBenchmark(id: string): void {
    for (const known of benchmarks) if ((engine.get(known)?.state ?? 'closed') === 'closed') benchmarks.delete(known)
    benchmarks.add(id)
  }

  function open(id: string) {
    const found = monitor!.connection(id)
    if (!found || found.stream.state === 'closed')
      throw new McpxError('STREAM_NOT_FOUND', `there is no open connection "${id.slice(0, 100)}"`)
    return found
  }

  app.get(mcp.check, schema('What this server can do'), async () => {
    const { encoder } = engine.info
    const dependencies = {
      werift: true,
      mediabunny: true,
      'node-av': encoder === 'node-av',
      ffmpeg: encoder === 'ffmpeg',
    }
    const installation_command = encoder === 'none' ? 'npm install node-av' : ''
    return done({ dependencies, webrtc_available: true, installation_command })
  })

  app.post(
    mcp.stream,
    { config: { ...config, checksContent: true }, schema: { tags, summary: 'Open a stream', body: mcpStreamRequest } },
    async (request) => {
      const { cid, quality, benchmark, ...rest } = request.body
      requireContent(grantOf(request as Request), cid)
      const buffer = effectiveBuffer(rest, monitorConfig().optimization)
      const record = await engine.open({ content: cid, quality: parseQuality(quality), owner: request.ip, buffer })
      if (benchmark) noteBenchmark(record.id)
      const url = `${basePath}${playerPath(record.content)}?connection_id=${encodeURIComponent(record.id)}`
      return done({
        server_id: record.id,
        url,
        buffer_size: buffer.frames,
        prefetch_threshold: buffer.prefetchRatio,
        enable_benchmark: benchmark,
      })
    },
  )

  app.post<ById>(mcp.stop, schema('Stop a stream'), async (request) => {
    await engine.close(request.params.id)
    return done()
  })

  app.get(mcp.connections, schema('Open connections'), async () =>
    done({
      connections: monitor.connections().flatMap(({ stream }) =>
        stream.state === 'closed'
          ? []
          : [
              {
                connection_id: stream.id,
                server_id: stream.id,
                cid: stream.content,
                status: stream.state,
                connection_state: stream.peerStates.connection,
                ice_state: stream.peerStates.ice,
                quality: stream.quality,
                peer_id: stream.peer ?? 'N/A',
              },
            ],
      ),
    }),
  )

  app.get<ById>(mcp.stats, schema('What is measured of a connection'), async (request) => {
    open(request.params.id)
    return done({ stats: mcpStats(await engine.stats(request.params.id)) })
  })

  app.post<ById>(mcp.close, schema('Close a connection'), async (request) => {
    await engine.close(request.params.id)
    return done({ connection_id: request.params.id })
  })

  app.post(mcp.closeAll, schema('Close all connections'), async () => {
    const closed = await engine.closeAll()
    return done({ connections_closed: closed, closed_count: closed })
  })

  app.post(
    mcp.quality,
    { config, schema: { tags, summary: 'Set the quality of a connection', body: mcpQualityRequest } },
    async (request) => {
      const { connection_id, quality } = request.body
      const previous_quality = monitor.connection(connection_id)?.stream.quality
      await engine.command(connection_id, { type: 'quality', quality: parseQuality(quality) })
      return done({ connection_id, previous_quality })
    },
  )

  if (runBenchmark)
    app.post(
      mcp.benchmark,
      {
        config: { ...config, checksContent: true },
        schema: {
          tags,
          summary: 'Watch a stream in the server for a while and write how it went',
          body: mcpBenchmarkRequest,
        },
      },
      async (request) => {
        const { cid, duration, format, output_dir, quality } = request.body
        requireContent(grantOf(request as Request), cid)
        const gone = new AbortController()
        request.raw.socket.once('close', () => gone.abort(new McpxError('INTERRUPTED', 'nobody waits for the answer')))
        // Nothing is sent while it lasts.
        request.raw.socket.setTimeout(0)
        const { id, path, summary } = await runBenchmark({
          content: cid,
          durationS: duration,
          format,
          owner: request.ip,
          signal: gone.signal,
          onOpen: noteBenchmark,
          ...(output_dir !== undefined && { folder: output_dir }),
          ...(quality !== undefined && { quality: parseQuality(quality) }),
        })
        return done({ benchmark_id: id, report_path: path, summary })
      },
    )

  app.get(mcp.resources, schema('What streams weigh on the server'), async () => {
    const nowMs = clock.wallMs()
    const here = monitor.connections().filter(({ stream }) => stream.state !== 'closed')
    const servers = here.map((one) => {
      const { id, content, createdAtMs } = one.stream
      const is_benchmark = benchmarks.has(id)
      return {
        id,
        cid: content,
        started_at: createdAtMs / 1000,
        is_benchmark,
        url: `${basePath}${playerPath(content)}`,
        connection_count: one.stream.peerStates.connection === 'connected' ? 1 : 0,
        ...impactOf(one, nowMs, is_benchmark),
      }
    })
    const connections = here.map(({ stream, snapshot, updatedAtMs }) => {
      const activeAtMs = Math.max(updatedAtMs, snapshot?.atMs ?? 0)
      return {
        id: stream.id,
        added_at: stream.createdAtMs / 1000,
        age_seconds: (nowMs - stream.createdAtMs) / 1000,
        server_id: stream.id,
        has_stats: snapshot !== undefined,
        quality: stream.quality,
        last_activity: activeAtMs / 1000,
        inactive_seconds: Math.max(0, nowMs - activeAtMs) / 1000,
      }
    })
    return done({
      servers: {
        count: servers.length,
        servers,
        total_impact_score: servers.reduce((sum, { impact_score }) => sum + impact_score, 0),
        high_impact_count: servers.filter(({ impact_score }) => impact_score > 70).length,
      },
      connections: { count: connections.length, connections },
      system: engine.health().map(({ worker, cpuS, rssBytes, loopDelayP99Ms }) => ({
        worker,
        cpu_seconds: cpuS,
        rss_bytes: rssBytes,
        event_loop_delay_p99_ms: loopDelayP99Ms,
      })),
      timestamp: nowMs / 1000,
      is_shutting_down: false,
      // There is none: a viewer who is gone ends the stream.
      cleanup_task_active: false,
    })
  })
}
