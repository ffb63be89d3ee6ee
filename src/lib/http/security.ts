// The order in which a request is let in: Host, Origin, rate, CORS preflight, token. What is not said is refused.
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import type { Timer } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { covers, type Gatekeeper, type Grant } from './access.ts'
import type { App, Reply, Request, RouteContext } from './context.ts'
import { createOriginRules } from './origins.ts'

export const cookieName = 'mcpx_session'
const safeMethods = ['GET', 'HEAD', 'OPTIONS']

/** The value of one cookie; undefined when it is absent. */
function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(header ?? '')?.[1]
}

interface SecuritySettings {
  readonly options: Pick<RouteContext['options'], 'host' | 'allowedHost' | 'allowedOrigin' | 'rateLimit' | 'tlsCert'>
  readonly gatekeeper: Gatekeeper
}

export async function secure(app: App, context: SecuritySettings): Promise<void> {
  const { options, gatekeeper } = context
  const rules = createOriginRules(options)
  app.decorateRequest('grant', undefined)

  app.addHook('onRequest', async (request, reply) => {
    // A refused upgrade ends its connection; a client must not send the next request on it.
    if (request.ws) reply.header('connection', 'close')
    if (!rules.knowsHost(request.headers.host, request.socket.localAddress))
      throw new McpxError('FORBIDDEN', `the Host "${request.headers.host ?? ''}" is not a name of this server`)
    const { origin } = request.headers
    const changes = request.ws || !safeMethods.includes(request.method)
    if (changes && origin !== undefined && !rules.trustsOrigin(origin, request.headers.host))
      throw new McpxError('FORBIDDEN', `pages of the origin "${origin}" may not do this`)
  })

  await limitRate(app, options.rateLimit)
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: options.tlsCert !== undefined,
  })
  await app.register(cors, {
    delegator: (request, done) => {
      const { origin } = request.headers
      const isAllowed = origin !== undefined && rules.isListed(origin)
      done(null, isAllowed ? { ...corsHeaders, origin } : { origin: false })
    },
  })

  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers
    if (origin !== undefined && rules.isListed(origin)) reply.header('cross-origin-resource-policy', 'cross-origin')
    if (!request.is404) letIn(request, reply)
  })

  function letIn(request: Request, reply: Reply): void {
    const { role = 'admin', checksContent = false } = request.routeOptions.config
    request.grant = findGrant(request)
    if (role === 'public') return
    const { grant } = request
    if (!grant) {
      reply.header('www-authenticate', 'Bearer realm="mcpx"')
      throw new McpxError('UNAUTHORIZED', 'a valid token is needed')
    }
    if (!covers(grant.role, role))
      throw new McpxError('FORBIDDEN', `this needs the role ${role}, the token has ${grant.role}`)
    if (grant.cid !== undefined && !checksContent) throw new McpxError('FORBIDDEN', 'the token is for one CID only')
  }

  function findGrant(request: Request): Grant | undefined {
    if (!gatekeeper.required) return gatekeeper.check('')
    const { ticket } = (request.ws ? request.query : {}) as { ticket?: unknown }
    if (typeof ticket === 'string') return gatekeeper.redeemTicket(ticket)
    const token = bearerOf(request.headers.authorization) ?? readCookie(request.headers.cookie, cookieName)
    return token === undefined ? undefined : gatekeeper.check(token)
  }
}

const corsHeaders = {
  credentials: true,
  methods: ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'],
  allowedHeaders: ['authorization', 'content-type', 'if-match', 'if-none-match', 'range'],
  exposedHeaders: [
    'location',
    'link',
    'etag',
    'accept-patch',
    'content-range',
    'accept-ranges',
    'content-length',
    'retry-after',
  ],
  maxAge: 600,
}

async function limitRate(app: App, perMinute: number): Promise<void> {
  if (perMinute === 0) return
  await app.register(rateLimit, { global: false })
  const general = app.createRateLimit({ max: perMinute, timeWindow: 60_000 })
  const narrow = new Map<string, ReturnType<typeof app.createRateLimit>>()

  app.addHook('onRoute', ({ url, config }) => {
    const max = config?.maxPerMinute
    if (max !== undefined && !narrow.has(url)) narrow.set(url, app.createRateLimit({ max, timeWindow: 60_000 }))
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config?.unlimited) return
    const own = narrow.get(request.routeOptions.url ?? '')
    for (const check of own ? [general, own] : [general]) {
      const result = await check(request)
      if (result.isAllowed) continue
      tellLimit(reply, result)
      if (!result.isExceeded) continue
      reply.header('retry-after', String(Math.max(1, result.ttlInSeconds)))
      throw new McpxError('RATE_LIMITED', `more than ${result.max} requests a minute`)
    }
  })
}

/** How much is left, so that nobody has to run into it: draft-ietf-httpapi-ratelimit-headers-07. The narrowest limit is told last. */
function tellLimit(
  reply: Reply,
  { max, remaining, ttlInSeconds }: { readonly max: number; readonly remaining: number; readonly ttlInSeconds: number },
): void {
  reply.header('ratelimit-limit', String(max))
  reply.header('ratelimit-remaining', String(Math.max(0, remaining)))
  reply.header('ratelimit-reset', String(Math.max(1, ttlInSeconds)))
}

/** Drops a connection whose request body does not arrive in time (Node's own limit would also end long uploads). */
export function limitBodyTime(app: App, { clock, limits }: Pick<RouteContext, 'clock' | 'limits'>): void {
  const timers = new WeakMap<object, Timer>()
  const stop = async (request: Request) => timers.get(request.raw)?.cancel()
  app.addHook('onRequest', async (request) => {
    if (request.ws || safeMethods.includes(request.method) || request.routeOptions.config?.upload) return
    timers.set(
      request.raw,
      clock.after(limits.bodyMs, () => request.raw.socket.destroy()),
    )
  })
  app.addHook('preHandler', stop)
  // Answered before its body was read, a refusal for example: what is left of it gets as long again.
  app.addHook('onResponse', async (request) => {
    await stop(request)
    const { raw } = request
    if (raw.complete || request.ws) return
    timers.set(
      raw,
      clock.after(limits.bodyMs, () => raw.complete || raw.socket.destroy()),
    )
  })
  app.addHook('onRequestAbort', stop)
}
