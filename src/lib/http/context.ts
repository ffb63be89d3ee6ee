// What every route file gets: the engine, the rules, and the Fastify instance with our types.
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { HidePaths } from '../base/hide-paths.ts'
import type { Logger } from '../base/logger.ts'
import type { Engine } from '../engine/engine.ts'
import type { RunBenchmark } from '../model/benchmark.ts'
import type { RunServerChecks } from '../model/check.ts'
import type { ReadHistoryJson } from '../model/history.ts'
import type { ServeOptions } from '../model/serve-options.ts'
import type { Monitor } from '../monitor/monitor.ts'
import type { MonitorConfig } from '../protocol/monitor-config.ts'
import type { Role } from '../protocol/schemas.ts'
import type { TraceContent } from '../protocol/waterfall.ts'
import type { Gatekeeper, Grant } from './access.ts'
import { type ConnectionBounds, connectionBounds } from './connections.ts'
import type { Pages } from './page.ts'
import type { Plugin } from './plugins.ts'

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  ZodTypeProvider
>
export type Request = FastifyRequest
export type Reply = FastifyReply

export type HttpOptions = Pick<
  ServeOptions,
  | 'host'
  | 'port'
  | 'basePath'
  | 'tlsCert'
  | 'tlsKey'
  | 'authToken'
  | 'insecure'
  | 'allowedHost'
  | 'allowedOrigin'
  | 'rateLimit'
  | 'maxConnections'
  | 'debug'
  | 'isolation'
  | 'webrtcTest'
  | 'pollInterval'
>

/** Bounds that are not options; tests shorten them. */
export interface HttpLimits {
  readonly jsonBytes: number
  readonly uploadBytes: number
  /** How long the headers of a request may take to arrive. */
  readonly headersMs: number
  /** How long the body may take, uploads excepted. */
  readonly bodyMs: number
  /** How long a connection may say nothing, in the middle of a request or between two. */
  readonly idleMs: number
  readonly keepAliveMs: number
  /** How long close waits for answers in progress. */
  readonly closeMs: number
  readonly socketMessageBytes: number
  readonly sockets: number
  /** TCP connections at once, in all and from one address. */
  readonly connections: ConnectionBounds
}

export const defaultLimits: HttpLimits = {
  jsonBytes: 2 ** 20,
  uploadBytes: 10 * 2 ** 30,
  headersMs: 10_000,
  bodyMs: 30_000,
  idleMs: 120_000,
  keepAliveMs: 10_000,
  closeMs: 2_000,
  socketMessageBytes: 256 * 1024,
  sockets: 4096,
  connections: connectionBounds(undefined, undefined),
}

export interface RouteContext {
  readonly engine: Engine
  /** Absent with --disable-webrtc-monitor. */
  readonly monitor?: Monitor | undefined
  /** As it is now: it can change while the server runs. */
  readonly monitorConfig: () => MonitorConfig
  /** Absent where no history is kept. */
  readonly readHistory?: ReadHistoryJson | undefined
  /** Absent where no benchmarks can be taken. */
  readonly runBenchmark?: RunBenchmark | undefined
  /** Absent where nobody can check this side. */
  readonly runChecks?: RunServerChecks | undefined
  readonly traceContent?: TraceContent | undefined
  /** What is wrong with what the server keeps; without paths. */
  readonly problems: () => readonly string[]
  /** Takes the folders of this machine out of a text for others. */
  readonly hidePaths: HidePaths
  readonly options: HttpOptions
  readonly limits: HttpLimits
  readonly logger: Logger
  readonly clock: Clock
  readonly version: string
  readonly gatekeeper: Gatekeeper
  readonly pages: Pages
  /** `/mcpx` or empty. */
  readonly basePath: string
  readonly metricsPath?: string | undefined
  readonly plugins: readonly Plugin[]
  /** A WebSocket was opened (1) or closed (-1). */
  readonly onSession?: ((controller: SessionController, change: 1 | -1) => void) | undefined
}

/** What a WebSocket is for. */
export type SessionController = 'signalling' | 'monitor'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the request is let in; on public routes undefined without a token. */
    grant: Grant | undefined
  }
  interface FastifyContextConfig {
    /** Least role; a route that does not say is for the admin. */
    role?: Role | 'public'
    /** The route checks by itself which content a token for one CID reaches; others refuse such a token. */
    checksContent?: boolean
    /** Not counted by the rate limit. */
    unlimited?: boolean
    /** Requests a minute and address, besides the general limit. */
    maxPerMinute?: number
    /** The body may take as long as it wants. */
    upload?: boolean
  }
}

/** Aborted when the client goes away before it is answered in full. */
export function leavingSignal(reply: Reply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort(new McpxError('INTERRUPTED', 'the client left'))
  })
  return controller.signal
}

/** The grant of a request that was let in. */
export function grantOf(request: Request): Grant {
  return request.grant ?? { role: 'viewer', cid: '' }
}
