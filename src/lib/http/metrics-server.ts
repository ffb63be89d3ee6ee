// The WebRTC metrics have a port of their own, as the origin's had: the same bind, host and token rules, one text to serve.
import { type Clock, systemClock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { checkBind } from '../model/bind.ts'
import { createGatekeeper } from './access.ts'
import { closeApp, createApp, listen, readTls } from './app.ts'
import { connectionBounds } from './connections.ts'
import { type App, defaultLimits, type HttpOptions } from './context.ts'
import { type ExtraRoute, extraRoutes } from './routes/extra.ts'
import { secure } from './security.ts'

interface MetricsServerSettings {
  /** `port` is --webrtc-metrics-port. */
  readonly options: Pick<HttpOptions, 'host' | 'port' | 'authToken' | 'insecure' | 'allowedHost' | 'tlsCert' | 'tlsKey'>
  readonly logger: Logger
  readonly clock?: Clock
  answer: ExtraRoute['answer']
}

interface MetricsServer {
  /** On the port asked for, or the next free one (at most 20 further, then any), with a warning in the log. */
  listen(): Promise<{ url: string; port: number; requested: number }>
  close(): Promise<void>
}

const maxTries = 20
/** Scrapers are few, and nobody else takes all the room. */
const limits = { ...defaultLimits, connections: connectionBounds(32) }

/** Serves `answer` at `/` and `/metrics`. Throws OPEN_BIND_REFUSED. */
export async function createMetricsServer(settings: MetricsServerSettings): Promise<MetricsServer> {
  const { options, clock = systemClock } = settings
  const { host, authToken } = options
  const logger = settings.logger.child({ scope: 'metrics' })
  checkBind(host, authToken, options.insecure)
  const tls = await readTls(options)
  const gatekeeper = createGatekeeper({ authToken, clock })
  let current: App | undefined

  async function build(): Promise<App> {
    const app = createApp({ limits, logger, basePath: '', debug: false, tls })
    await secure(app, { options: { ...options, allowedOrigin: [], rateLimit: 0 }, gatekeeper })
    const route = { role: 'operator', unlimited: true, answer: settings.answer } as const
    extraRoutes(app, [
      { path: '/', ...route },
      { path: '/metrics', ...route },
    ])
    return app
  }

  /** A Fastify instance that failed to listen cannot try again: each try has its own. */
  async function tryPort(port: number): Promise<{ url: string; port: number } | undefined> {
    const app = await build()
    try {
      const place = await listen(app, { host, port, isTls: tls !== undefined, basePath: '' })
      current = app
      return place
    } catch (error) {
      await app.close()
      if (error instanceof McpxError && error.code === 'PORT_IN_USE') return undefined
      throw error
    }
  }

  async function find(requested: number): Promise<{ url: string; port: number }> {
    const last = Math.min(65_535, requested + maxTries)
    for (let port = requested; port <= last; port++) {
      const place = await tryPort(port)
      if (place) return place
    }
    const place = await tryPort(0)
    if (place) return place
    throw new McpxError('PORT_IN_USE', `no free port for the metrics on ${host}`)
  }

  return {
    async listen() {
      const requested = options.port
      const place = await find(requested)
      if (requested !== 0 && place.port !== requested)
        logger.warn(
          { requested, port: place.port },
          `port ${requested} is taken: the WebRTC metrics are on ${place.port}`,
        )
      return { ...place, requested }
    },
    async close() {
      if (current) await closeApp(current, clock, defaultLimits.closeMs)
    },
  }
}
