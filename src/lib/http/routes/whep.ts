// WHEP (draft-ietf-wish-whep): an offer in, an answer out, and the session as a resource to trickle to, restart and delete.
import { McpxError } from '../../base/errors.ts'
import { parseDurationS } from '../../base/units.ts'
import { parseQuality } from '../../model/quality.ts'
import { routes } from '../../protocol/routes.ts'
import { whepQuery } from '../../protocol/schemas.ts'
import { fragmentType, iceLinks, maxSdpBytes, parseFragment, sdpType, writeTimes } from '../../protocol/whep.ts'
import { requireContent } from '../access.ts'
import { type App, grantOf, leavingSignal, type Reply, type Request, type RouteContext } from '../context.ts'
import { toFailure } from '../errors.ts'
import { WhepSessions, type WhepTarget, withStatus } from '../whep-sessions.ts'

type Wildcard = { '*': string }

export function whepRoutes(app: App, { engine, options, basePath, logger, clock }: RouteContext): void {
  const sessions = new WhepSessions(engine, clock)

  app.removeAllContentTypeParsers()
  const asText = { parseAs: 'string' as const, bodyLimit: maxSdpBytes }
  for (const type of [sdpType, fragmentType])
    app.addContentTypeParser(type, asText, async (_: unknown, body: string) => body)

  // Problem details (RFC 9457), with our code and hint besides.
  app.setErrorHandler((thrown, request, reply) => {
    const { status, body } = toFailure(thrown, options.debug)
    const problem = {
      type: 'about:blank',
      title: body.code,
      status,
      detail: body.error,
      code: body.code,
      hint: body.hint,
    }
    logger.debug({ endpoint: request.routeOptions.url, status, code: body.code }, body.error)
    reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem)
  })

  function requireType(request: Request, type: string): string {
    const found = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
    if (found !== type) throw unsupported(`the body must be ${type}, not ${found ?? 'untyped'}`)
    return request.body as string
  }

  function describe(reply: Reply): void {
    reply.header('accept-patch', fragmentType)
    const links = iceLinks(engine.info.iceServers)
    if (links.length > 0) reply.header('link', links)
  }

  function targetOf(request: Request, reply: Reply, content: string): WhepTarget {
    const query = request.query as (typeof whepQuery)['_output']
    if (query.connection_id !== undefined) {
      requireContent(grantOf(request), sessions.waiting(query.connection_id).content)
      return { streamId: query.connection_id }
    }
    return {
      open: {
        content,
        quality: query.quality === undefined ? 'auto' : parseQuality(query.quality),
        startS: query.start === undefined ? 0 : parseDurationS(query.start),
        loop: query.loop !== undefined && query.loop !== '0' && query.loop !== 'false',
        ...(query.audio === undefined ? {} : { audioTrackId: query.audio }),
        owner: request.ip,
        signal: leavingSignal(reply),
      },
    }
  }

  const tags = ['whep']
  const viewer = { role: 'viewer' as const, checksContent: true }

  app.options(routes.whep, { config: { role: 'public' }, schema: { hide: true } }, async (_request, reply) => {
    describe(reply)
    return reply.header('accept-post', sdpType).header('allow', 'OPTIONS, POST').code(204).send()
  })

  app.post<{ Params: Wildcard }>(
    routes.whep,
    { config: viewer, schema: { tags, summary: 'Offer in, answer out', querystring: whepQuery } },
    async (request, reply) => {
      const offer = requireType(request as Request, sdpType)
      const content = request.params['*']
      if (content === '') throw new McpxError('INVALID_CID', 'the address names no content')
      requireContent(grantOf(request as Request), content)
      const choose = () => targetOf(request as Request, reply as Reply, content)
      const { key, etag, sdp, times } = await sessions.begin(offer, content, choose)
      describe(reply)
      reply.headers({
        location: `${basePath}/whep-session/${key}`,
        etag,
        'server-timing': writeTimes(times),
        'cache-control': 'no-store',
      })
      return reply.code(201).type(sdpType).send(sdp)
    },
  )

  app.patch<{ Params: { id: string } }>(
    routes.whepSession,
    { config: viewer, schema: { tags, summary: 'Trickle candidates, or restart ICE' } },
    async (request, reply) => {
      const fragment = parseFragment(requireType(request as Request, fragmentType))
      requireContent(grantOf(request as Request), sessions.contentOf(request.params.id))
      const restarted = await sessions.patch(request.params.id, request.headers['if-match'], fragment)
      if (!restarted) return reply.code(204).send()
      return reply.code(200).header('etag', restarted.etag).type(fragmentType).send(restarted.fragment)
    },
  )

  app.delete<{ Params: { id: string } }>(
    routes.whepSession,
    { config: viewer, schema: { tags, summary: 'End the session' } },
    async (request, reply) => {
      requireContent(grantOf(request as Request), sessions.contentOf(request.params.id))
      await sessions.end(request.params.id)
      return reply.code(200).send()
    },
  )

  // RFC 9725 section 4.2 and 4.5: the other methods are answered, not unknown.
  app.route({
    method: ['GET', 'HEAD', 'PUT'],
    url: routes.whep,
    config: { role: 'public' },
    schema: { hide: true },
    handler: async (_request, reply) => reply.code(405).header('allow', 'OPTIONS, POST').send(),
  })
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT'],
    url: routes.whepSession,
    config: { role: 'public' },
    schema: { hide: true },
    handler: async (_request, reply) => reply.code(405).header('allow', 'PATCH, DELETE').send(),
  })
}

const unsupported = (message: string) => withStatus(415, message)
