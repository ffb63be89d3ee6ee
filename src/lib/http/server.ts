// The API server: Fastify with our rules in front and one route file for each subject.
import { randomUUID } from 'node:crypto'
import swagger from '@fastify/swagger'
import websocket from '@fastify/websocket'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import { type Clock, systemClock } from '../base/clock.ts'
import { isCorrelationId, withCorrelation } from '../base/correlation.ts'
import type { HidePaths } from '../base/hide-paths.ts'
import { maxOpenFiles } from '../base/host.ts'
import type { Logger } from '../base/logger.ts'
import type { Engine } from '../engine/engine.ts'
import type { RunBenchmark } from '../model/benchmark.ts'
import { checkBind } from '../model/bind.ts'
import type { RunServerChecks } from '../model/check.ts'
import type { ReadHistoryJson } from '../model/history.ts'
import type { Monitor } from '../monitor/monitor.ts'
import { defaultMonitorConfig, type MonitorConfig } from '../protocol/monitor-config.ts'
import type { TraceContent } from '../protocol/waterfall.ts'
import { createGatekeeper } from './access.ts'
import { closeApp, createApp, listen, normalBasePath, readTls } from './app.ts'
import { connectionBounds } from './connections.ts'
import {
  type App,
  defaultLimits,
  type HttpLimits,
  type HttpOptions,
  type RouteContext,
  type SessionController,
} from './context.ts'
import { loadPages, type PageSources } from './page.ts'
import type { Plugin } from './plugins.ts'
import { checkContentRoutes } from './routes/check-content.ts'
import { checkRoutes } from './routes/checks.ts'
import { controlRoutes } from './routes/control.ts'
import { debugRoutes } from './routes/debug.ts'
import { type ExtraRoute, extraRoutes } from './routes/extra.ts'
import { healthRoutes } from './routes/health.ts'
import { historyRoutes } from './routes/history.ts'
import { infoRoutes } from './routes/info.ts'
import { ipfsRoutes } from './routes/ipfs.ts'
import { liveRoutes } from './routes/live.ts'
import { mcpWebrtcRoutes } from './routes/mcp-webrtc.ts'
import { monitorRoutes } from './routes/monitor.ts'
import { monitorOffRoutes } from './routes/monitor-off.ts'
import { pageRoutes } from './routes/pages.ts'
import { pluginRoutes } from './routes/plugins.ts'
import { rawRoutes } from './routes/raw.ts'
import { sessionRoutes } from './routes/session.ts'
import { whepRoutes } from './routes/whep.ts'
import { limitBodyTime, secure } from './security.ts'
import { addSocketRoute, closeSockets, type SocketRoute } from './sockets.ts'

export interface HttpServerSettings {
  readonly engine: Engine
  readonly monitor?: Monitor
  /** The defaults when absent. */
  readonly monitorConfig?: () => MonitorConfig
  readonly readHistory?: ReadHistoryJson
  readonly runBenchmark?: RunBenchmark
  readonly runChecks?: RunServerChecks
  readonly traceContent?: TraceContent
  /** What is wrong with what the server keeps; without paths. */
  readonly problems?: () => readonly string[]
  /** Takes the folders of this machine out of what is answered; not asked with --debug. */
  readonly hidePaths?: HidePaths
  readonly options: HttpOptions
  readonly logger: Logger
  readonly clock?: Clock
  readonly version: string
  readonly pages: PageSources
  /** Routes of other parts: metrics. */
  readonly extra?: readonly ExtraRoute[]
  /** WebSockets of other parts: signalling. */
  readonly sockets?: readonly SocketRoute[]
  /** Of the embedding program. */
  readonly plugins?: readonly Plugin[]
  /** Where the metrics are, for the info page; undefined when off. */
  readonly metricsPath?: string
  readonly limits?: Partial<HttpLimits>
  /** Called after each answer; `endpoint` is the pattern of the route, so that the number of endpoints is bounded. */
  readonly onAnswer?: (answer: { endpoint: string; method: string; status: number; seconds: number }) => void
  /** A WebSocket was opened (1) or closed (-1). */
  readonly onSession?: (controller: SessionController, change: 1 | -1) => void
}

export interface HttpServer {
  /** Throws PORT_IN_USE. `url` has the base path and no slash at the end. */
  listen(): Promise<{ url: string; port: number }>
  /** Answers what is in progress, for a bounded time, and closes every socket. */
  close(): Promise<void>
}

export async function createHttpServer(settings: HttpServerSettings): Promise<HttpServer> {
  const { engine, options, version, clock = systemClock } = settings
  const logger = settings.logger.child({ scope: 'http' })
  checkBind(options.host, options.authToken, options.insecure)
  const connections = connectionBounds(options.maxConnections, maxOpenFiles())
  const limits = { ...defaultLimits, connections, ...settings.limits }
  const basePath = normalBasePath(options.basePath)
  const tls = await readTls(options)
  const { authToken } = options
  const context: RouteContext = {
    engine,
    monitor: settings.monitor,
    monitorConfig: settings.monitorConfig ?? (() => defaultMonitorConfig),
    readHistory: settings.readHistory,
    runBenchmark: settings.runBenchmark,
    runChecks: settings.runChecks,
    traceContent: settings.traceContent,
    problems: settings.problems ?? (() => []),
    hidePaths: options.debug ? (text) => text : (settings.hidePaths ?? ((text) => text)),
    options,
    limits,
    logger,
    clock,
    version,
    gatekeeper: createGatekeeper({ authToken, clock }),
    pages: await loadPages(settings.pages),
    basePath,
    metricsPath: settings.metricsPath,
    plugins: settings.plugins ?? [],
    onSession: settings.onSession,
  }

  const app = createApp({ limits, logger, basePath, debug: options.debug, tls })
  app.addHook('onRequest', (request, reply, done) => {
    const given = request.headers['x-request-id']
    const id = isCorrelationId(given) ? given : randomUUID()
    reply.header('x-request-id', id)
    withCorrelation(id, done)
  })
  app.addHook('onResponse', async (request, reply) => {
    const endpoint = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown')
    const answer = { endpoint, method: request.method, status: reply.statusCode, seconds: reply.elapsedTime / 1000 }
    settings.onAnswer?.(answer)
    logger.debug(answer, 'answered')
  })
  app.addHook('onSend', async (_request, reply, payload) => {
    const isJson = String(reply.getHeader('content-type') ?? '').includes('json')
    if (isJson && typeof payload === 'string') return context.hidePaths(payload)
    if (!isJson || !Buffer.isBuffer(payload)) return payload
    // Rows by the million: latin1 is the bytes as they are.
    const text = payload.toString('latin1')
    const shown = context.hidePaths(text)
    return shown === text ? payload : Buffer.from(shown, 'latin1')
  })
  await app.register(websocket, {
    options: { maxPayload: limits.socketMessageBytes, perMessageDeflate: false },
    preClose: (done) => closeSockets(app, clock, done),
  })
  await secure(app, context)
  limitBodyTime(app, context)
  await app.register(swagger, {
    openapi: {
      info: { title: 'mcpx', version, description: 'Streams anything that has an IPFS CID over WebRTC.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
      servers: [{ url: basePath || '/' }],
    },
    transform: jsonSchemaTransform,
  })
  for (const routes of [
    pageRoutes,
    healthRoutes,
    infoRoutes,
    sessionRoutes,
    controlRoutes,
    monitorOffRoutes,
    monitorRoutes,
    liveRoutes,
    historyRoutes,
    checkRoutes,
    checkContentRoutes,
    mcpWebrtcRoutes,
    ipfsRoutes,
    rawRoutes,
    whepRoutes,
    debugRoutes,
    pluginRoutes,
  ])
    await app.register(async (scope) => routes(scope as unknown as App, context))
  extraRoutes(app, settings.extra ?? [])
  for (const route of settings.sockets ?? []) addSocketRoute(app, context, route)

  return {
    listen: () => listen(app, { host: options.host, port: options.port, isTls: tls !== undefined, basePath }),
    close: () => closeApp(app, clock, limits.closeMs),
  }
}
