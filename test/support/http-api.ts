// A real API server on a free loopback port, over the in-memory engine.
import { onTestFinished } from 'vitest'
import { silentLogger } from '../../src/lib/base/logger.ts'
import { createHttpServer, type HttpServer, type HttpServerSettings } from '../../src/lib/http/server.ts'
import type { SocketRoute } from '../../src/lib/http/sockets.ts'
import { createMemoryEngine, type MemoryEngine } from './http-engine.ts'

const html = (name: string) =>
  `<!doctype html><html><head><title>${name}</title><script type="module">console.log("${name}")</script></head><body></body></html>`

export const token = 'the-server-token'

interface Started {
  readonly url: string
  readonly port: number
  readonly engine: MemoryEngine
  readonly server: HttpServer
  /** fetch below the server's address. */
  get(path: string, init?: RequestInit): Promise<Response>
  post(path: string, body?: unknown, init?: RequestInit): Promise<Response>
}

/** The WebSockets of a test, for viewers, at one path. */
export const socketsAt = (path: string, handler: SocketRoute['handler']): SocketRoute[] => [
  { path, controller: 'signalling', role: 'viewer', checksContent: true, handler },
]

type Options = Partial<HttpServerSettings['options']>

export const defaultOptions: HttpServerSettings['options'] = {
  host: '127.0.0.1',
  port: 0,
  basePath: '',
  tlsCert: undefined,
  tlsKey: undefined,
  authToken: undefined,
  insecure: false,
  allowedHost: [],
  allowedOrigin: [],
  rateLimit: 0,
  maxConnections: undefined,
  debug: false,
  isolation: false,
  webrtcTest: false,
  pollInterval: 2,
}

/** Closed when the test ends. */
export async function startHttp(
  options: Options = {},
  settings: Partial<Omit<HttpServerSettings, 'options' | 'engine'>> & {
    engine?: MemoryEngine
  } = {},
): Promise<Started> {
  const { engine = createMemoryEngine(), ...rest } = settings
  const server = await createHttpServer({
    engine,
    options: { ...defaultOptions, ...options },
    logger: silentLogger,
    version: '1.2.3',
    pages: { home: { html: html('home') }, player: { html: html('player') }, dashboard: { html: html('dashboard') } },
    ...rest,
  })
  onTestFinished(() => server.close())
  const { url, port } = await server.listen()
  return {
    url,
    port,
    engine,
    server,
    get: (path, init) => fetch(`${url}${path}`, { redirect: 'manual', ...init }),
    post: (path, body, init = {}) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...init,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...init.headers },
      }),
  }
}
