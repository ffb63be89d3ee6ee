// The API server: Fastify with our rules in front and one route file for each subject.
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import swagger from '@fastify/swagger'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyError } from 'fastify'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { type Clock, systemClock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Engine } from '../engine/engine.ts'
import { checkBind, createGatekeeper } from './access.ts'
import { type App, defaultLimits, type HttpLimits, type HttpOptions, type Reply, type RouteContext } from './context.ts'
import { type Failure, toFailure } from './errors.ts'
import { loadPage, type PageSource } from './page.ts'
import { controlRoutes } from './routes/control.ts'
import { debugRoutes } from './routes/debug.ts'
import { type ExtraRoute, extraRoutes } from './routes/extra.ts'
import { healthRoutes } from './routes/health.ts'
import { infoRoutes } from './routes/info.ts'
import { ipfsRoutes } from './routes/ipfs.ts'
import { pageRoutes } from './routes/pages.ts'
import { rawRoutes } from './routes/raw.ts'
import { sessionRoutes } from './routes/session.ts'
import { whepRoutes } from './routes/whep.ts'
import { limitBodyTime, secure } from './security.ts'
import { addSocketRoute, closeSockets, type SocketHandler } from './sockets.ts'

export interface HttpServerSettings {
  readonly engine: Engine
  readonly options: HttpOptions
  readonly logger: Logger
  readonly clock?: Clock
  readonly version: string
  readonly pages: { readonly home: PageSource; readonly player: PageSource }
  /** Routes of other parts: metrics. */
  readonly extra?: readonly ExtraRoute[]
  /** Where the metrics are, for the info page; undefined when off. */
  readonly metricsPath?: string
  readonly limits?: Partial<HttpLimits>
  /** Called after each answer; `endpoint` is the pattern of the route, so that the number of endpoints is bounded. */
  readonly onAnswer?: (answer: { endpoint: string; method: string; status: number; seconds: number }) => void
}

export interface HttpServer {
  /** Throws PORT_IN_USE. `url` has the base path and no slash at the end. */
  listen(): Promise<{ url: string; port: number }>
  /** Serves a WebSocket at this path; before listen. */
  onSocket(path: string, handler: SocketHandler): void
  /** Answers what is in progress, for a bounded time, and closes every socket. */
  close(): Promise<void>
}

/** `mcpx/` → `/mcpx`; empty stays empty. Throws INVALID_OPTION. */
export function normalBasePath(text: string): string {
  const path = text.replace(/^\/+|\/+$/g, '')
  if (path === '') return ''
  if (!/^[\w.~-]+(\/[\w.~-]+)*$/.test(path)) throw new McpxError('INVALID_OPTION', `"${text}" is no base path`)
  return `/${path}`
}

/** Both addresses work: with the base path (a proxy that forwards it) and without (a proxy that strips it). */
function withoutBasePath(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url
  const rest = url.slice(basePath.length)
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest.startsWith('/') ? rest : url
}

async function readTls({ tlsCert, tlsKey }: HttpOptions): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined)
    throw new McpxError('INVALID_OPTION', 'TLS needs both --tls-cert and --tls-key')
  const read = (flag: string, file: string) =>
    readFile(file).catch((cause: Error) => {
      throw new McpxError('INVALID_OPTION', `${flag} ${file} cannot be read`, { cause })
    })
  return { cert: await read('--tls-cert', tlsCert), key: await read('--tls-key', tlsKey) }
}

export async function createHttpServer(settings: HttpServerSettings): Promise<HttpServer> {
  const { engine, options, version, clock = systemClock } = settings
  const logger = settings.logger.child({ scope: 'http' })
  checkBind(options.host, options.authToken, options.insecure)
  const limits = { ...defaultLimits, ...settings.limits }
  const basePath = normalBasePath(options.basePath)
  const tls = await readTls(options)
  const [home, player] = await Promise.all([
    loadPage(settings.pages.home, basePath),
    loadPage(settings.pages.player, basePath),
  ])
  const { authToken } = options
  const context: RouteContext = {
    engine,
    options,
    limits,
    logger,
    clock,
    version,
    gatekeeper: createGatekeeper({ authToken, clock }),
    pages: { home, player },
    basePath,
    metricsPath: settings.metricsPath,
  }

  const app = createApp(context, tls)
  app.addHook('onResponse', async (request, reply) => {
    const endpoint = request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown')
    const answer = { endpoint, method: request.method, status: reply.statusCode, seconds: reply.elapsedTime / 1000 }
    settings.onAnswer?.(answer)
    logger.debug(answer, 'answered')
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
    ipfsRoutes,
    rawRoutes,
    whepRoutes,
    debugRoutes,
  ])
    await app.register(async (scope) => routes(scope as unknown as App, context))
  extraRoutes(app, settings.extra ?? [])

  return {
    onSocket: (path, handler) => addSocketRoute(app, context, path, handler),
    listen: () => listen(app, context),
    async close() {
      const force = clock.after(limits.closeMs, () => app.server.closeAllConnections(), { keepAlive: true })
      await app.close()
      force.cancel()
    },
  }
}

function createApp(context: RouteContext, tls: { cert: Buffer; key: Buffer } | undefined): App {
  const { limits, basePath, options, logger } = context
  const app = Fastify({
    https: tls ?? null,
    logger: false,
    bodyLimit: limits.jsonBytes,
    connectionTimeout: limits.idleMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 4096 },
    rewriteUrl: (request) => withoutBasePath(request.url ?? '/', basePath),
    frameworkErrors: (error, _request, reply) => {
      const { status, body } = toFailure(error, options.debug)
      ;(reply as unknown as Reply).code(status).send(body)
    },
  }) as unknown as App
  app.server.headersTimeout = limits.headersMs
  app.server.requestTimeout = 0
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)

  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const failure = toFailure(thrown, options.debug)
    logFailure(failure, request.method, request.routeOptions.url)
    reply.code(failure.status).type('application/json; charset=utf-8').serializer(JSON.stringify).send(failure.body)
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new McpxError(
      'NOT_FOUND',
      `there is no ${request.method} ${request.url.split('?')[0]!.slice(0, 200)}`,
    )
    const { status, body } = toFailure(error, options.debug)
    reply.code(status).send(body)
  })

  function logFailure({ status, error }: Failure, method: string, endpoint = 'unknown'): void {
    const fields = {
      method,
      endpoint,
      status,
      code: error.code,
      err: status >= 500 ? (error.cause ?? error) : undefined,
    }
    if (status >= 500) logger.error(fields, error.message)
    else logger.debug(fields, error.message)
  }
  return app
}

async function listen(app: App, { options, basePath }: RouteContext): Promise<{ url: string; port: number }> {
  const { host, tlsCert } = options
  try {
    await app.listen({ host, port: options.port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new McpxError('PORT_IN_USE', `port ${options.port} on ${host} is taken`, { cause: error })
    throw error
  }
  const { port } = app.server.address() as AddressInfo
  const name =
    host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return { url: `http${tlsCert === undefined ? '' : 's'}://${name}:${port}${basePath}`, port }
}
