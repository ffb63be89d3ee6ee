// A Fastify instance as every server of ours has it: bounded, quiet towards clients, and stopped without waiting for ever.
import { readFile } from 'node:fs/promises'
import { createServer as createPlainServer, type Server as HttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyError } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { createConnectionGate } from './connections.ts'
import type { App, HttpLimits, HttpOptions, Reply } from './context.ts'
import { type Failure, toFailure } from './errors.ts'

interface AppSettings {
  readonly limits: HttpLimits
  readonly logger: Logger
  readonly basePath: string
  readonly debug: boolean
  readonly tls?: Tls | undefined
}

interface Tls {
  readonly cert: Buffer
  readonly key: Buffer
}

/** `mcpx/` → `/mcpx`; empty stays empty. Throws INVALID_OPTION. */
export function normalBasePath(text: string): string {
  const path = text.replace(/^\/+|\/+$/g, '')
  if (path === '') return ''
  if (!/^[\w.~-]+(\/[\w.~-]+)*$/.test(path)) throw new McpxError('INVALID_OPTION', `"${text}" is not a valid base path`)
  return `/${path}`
}

/** Both addresses work: with the base path (a proxy that forwards it) and without (a proxy that strips it). */
function withoutBasePath(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url
  const rest = url.slice(basePath.length)
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest.startsWith('/') ? rest : url
}

/** Throws INVALID_OPTION when a file is missing. */
export async function readTls({ tlsCert, tlsKey }: Pick<HttpOptions, 'tlsCert' | 'tlsKey'>): Promise<Tls | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined)
    throw new McpxError('INVALID_OPTION', 'TLS needs both --tls-cert and --tls-key')
  const read = (flag: string, file: string) =>
    readFile(file).catch((cause: Error) => {
      throw new McpxError('INVALID_OPTION', `${flag} ${file} cannot be read`, { cause })
    })
  return { cert: await read('--tls-cert', tlsCert), key: await read('--tls-key', tlsKey) }
}

export function createApp({ limits, basePath, debug, logger, tls }: AppSettings): App {
  const app = Fastify({
    // Called for each address that is listened on: localhost has two.
    serverFactory: serverFactory(limits, tls, debug),
    logger: false,
    bodyLimit: limits.jsonBytes,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 4096 },
    rewriteUrl: (request) => withoutBasePath(request.url ?? '/', basePath),
    frameworkErrors: (error, _request, reply) => {
      const { status, body } = toFailure(error, debug)
      ;(reply as unknown as Reply).code(status).send(body)
    },
  }) as unknown as App
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)

  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', retryAfterS(limits))
  })
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const failure = toFailure(thrown, debug)
    logFailure(failure, request.method, request.routeOptions.url)
    reply.code(failure.status).type('application/json; charset=utf-8').serializer(JSON.stringify).send(failure.body)
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new McpxError(
      'NOT_FOUND',
      `there is no ${request.method} ${request.url.split('?')[0]!.slice(0, 200)}`,
    )
    const { status, body } = toFailure(error, debug)
    reply.code(status).send(body)
  })

  function logFailure({ status, error }: Failure, method: string, endpoint = 'unknown'): void {
    const fields = { method, endpoint, status, code: error.code }
    if (error.code === 'INTERNAL') logger.error({ ...fields, err: error.cause ?? error }, error.message)
    else logger[status >= 500 ? 'warn' : 'debug'](fields, error.message)
  }
  return app
}

/** Connections that say nothing are gone by then. */
const retryAfterS = ({ headersMs }: HttpLimits): number => Math.ceil(headersMs / 1000)

/** Servers that do not wait for ever: for headers, for a word, for a place. How long a body may take is up to the route. */
function serverFactory(limits: HttpLimits, tls: Tls | undefined, debug: boolean) {
  const { headersMs, idleMs, keepAliveMs, connections } = limits
  const checks = {
    connectionsCheckingInterval: Math.min(headersMs, 5_000),
    headersTimeout: headersMs,
    requestTimeout: 0,
    keepAliveTimeout: keepAliveMs,
  }
  const full = new McpxError('TOO_MANY_STREAMS', 'as many connections are open as may be', {
    hint: 'Close some, or raise --max-connections (and ulimit -n).',
  })
  const gate = createConnectionGate(connections, {
    retryAfterS: retryAfterS(limits),
    body: JSON.stringify(toFailure(full, debug).body),
  })
  return (handler: RequestListener): HttpServer => {
    const server = tls
      ? createHttpsServer({ ...tls, ...checks, handshakeTimeout: headersMs }, handler)
      : createPlainServer(checks, handler)
    server.setTimeout(idleMs)
    gate.guard(server, tls !== undefined)
    return server
  }
}

interface Place {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  readonly basePath: string
}

/** Listens and says where. Throws PORT_IN_USE. */
export async function listen(app: App, place: Place): Promise<{ url: string; port: number }> {
  const { host, isTls, basePath } = place
  try {
    await app.listen({ host, port: place.port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new McpxError('PORT_IN_USE', `port ${place.port} on ${host} is taken`, { cause: error })
    throw error
  }
  const { port } = app.server.address() as AddressInfo
  const name =
    host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
  return { url: `http${isTls ? 's' : ''}://${name}:${port}${basePath}`, port }
}

/** Answers what is in progress for at most `closeMs`, then drops it. */
export async function closeApp(app: App, clock: Clock, closeMs: number): Promise<void> {
  const force = clock.after(closeMs, () => app.server.closeAllConnections(), { keepAlive: true })
  await app.close()
  force.cancel()
}
