// Ways to carry a token where a header cannot: a cookie for pages, a ticket for WebSockets, narrower tokens for others.
import { McpxError } from '../../base/errors.ts'
import { routes } from '../../protocol/routes.ts'
import { sessionReply, sessionRequest, ticketReply, tokenReply, tokenRequest } from '../../protocol/schemas.ts'
import { ticketLifeS } from '../access.ts'
import { type App, grantOf, type Request, type RouteContext } from '../context.ts'
import { cookieName } from '../security.ts'

const sessionLifeS = 7 * 86_400

export function sessionRoutes(app: App, { gatekeeper, clock, options, basePath }: RouteContext): void {
  const tags = ['access']
  const nowS = () => Math.floor(clock.wallMs() / 1000)
  const isoOf = (seconds: number) => new Date(seconds * 1000).toISOString()

  /** A proxy that does TLS says so; who says it without one makes only his own cookie useless. */
  const isHttps = ({ headers }: Request) => options.tlsCert !== undefined || headers['x-forwarded-proto'] === 'https'

  function cookie(request: Request, value: string, lifeS: number): string {
    const secure = isHttps(request) ? '; Secure' : ''
    return `${cookieName}=${value}; Path=${basePath || '/'}; Max-Age=${lifeS}; HttpOnly; SameSite=Strict${secure}`
  }

  app.post(
    routes.session,
    {
      config: { role: 'public', maxPerMinute: 30 },
      schema: { tags, summary: 'Token in, cookie out', body: sessionRequest, response: { 200: sessionReply } },
    },
    async (request, reply) => {
      const grant = gatekeeper.check(request.body.token)
      if (!grant) throw new McpxError('UNAUTHORIZED', 'the token is wrong or expired')
      const { role, cid } = grant
      if (!gatekeeper.required) return { success: true as const, role }
      const expiresAtS = Math.min(grant.expiresAtS ?? Infinity, nowS() + sessionLifeS)
      reply.header(
        'set-cookie',
        cookie(request as Request, gatekeeper.mint({ ...grant, expiresAtS }), expiresAtS - nowS()),
      )
      return { success: true as const, role, ...(cid ? { cid } : {}), expires_at: isoOf(expiresAtS) }
    },
  )

  app.delete(
    routes.session,
    { config: { role: 'public' }, schema: { tags, summary: 'Forget the cookie' } },
    async (request, reply) =>
      reply
        .header('set-cookie', cookie(request as Request, '', 0))
        .code(204)
        .send(),
  )

  app.post(
    routes.ticket,
    {
      config: { role: 'viewer', checksContent: true },
      schema: { tags, summary: 'A ticket that opens one WebSocket (?ticket=)', response: { 200: ticketReply } },
    },
    async (request) => ({
      success: true as const,
      ticket: gatekeeper.issueTicket(grantOf(request)),
      expires_in: ticketLifeS,
    }),
  )

  app.post(
    routes.tokens,
    {
      config: { role: 'admin' },
      schema: { tags, summary: 'A narrower token with an expiry', body: tokenRequest, response: { 200: tokenReply } },
    },
    async (request) => {
      const { role, cid, expires_in } = request.body
      const own = grantOf(request).expiresAtS ?? Infinity
      const expiresAtS = Math.min(own, nowS() + expires_in)
      const token = gatekeeper.mint({ role, expiresAtS, ...(cid ? { cid } : {}) })
      return { success: true as const, token, role, ...(cid ? { cid } : {}), expires_at: isoOf(expiresAtS) }
    },
  )
}
