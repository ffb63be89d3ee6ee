// WHEP (draft-ietf-wish-whep): an offer in, an answer out, and the session as a resource to trickle to, restart and delete.
import { randomBytes } from 'node:crypto'
import { McpxError } from '../../base/errors.ts'
import { parseDurationS } from '../../base/units.ts'
import { parseQuality } from '../../model/quality.ts'
import { routes } from '../../protocol/routes.ts'
import { whepQuery } from '../../protocol/schemas.ts'
import {
  checkOffer,
  fragmentOf,
  fragmentType,
  iceLinks,
  maxSdpBytes,
  parseFragment,
  restartOffer,
  type SdpFragment,
  sdpType,
} from '../../protocol/whep.ts'
import { type Grant, requireContent } from '../access.ts'
import { type App, grantOf, leavingSignal, type Reply, type Request, type RouteContext } from '../context.ts'
import { toFailure } from '../errors.ts'

interface Session {
  readonly streamId: string
  readonly offer: string
  readonly content: string
  /** Of the viewer, in the ICE session now. */
  ufrag: string
  etag: string
  restarts: number
}

type Wildcard = { '*': string }

export function whepRoutes(app: App, { engine, options, basePath, logger }: RouteContext): void {
  // By a secret that only the answer names: who knows the id of a stream has not its session.
  const sessions = new Map<string, Session>()
  const keyOf = new Map<string, string>()
  engine.events.on('stream', ({ id, state }) => {
    if (state === 'closed') forget(id)
  })

  function forget(streamId: string): void {
    const key = keyOf.get(streamId)
    keyOf.delete(streamId)
    if (key !== undefined) sessions.delete(key)
  }

  /** Throws STREAM_NOT_FOUND for a stream that closed while its offer was answered. */
  function remember(session: Session): string {
    const { streamId } = session
    const state = engine.get(streamId)?.state ?? 'closed'
    if (state === 'closed') throw new McpxError('STREAM_NOT_FOUND', `the stream "${streamId}" is closed`)
    const key = randomBytes(18).toString('base64url')
    sessions.set(key, session)
    keyOf.set(streamId, key)
    return key
  }

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

  function sessionOf(key: string, grant: Grant): Session {
    const session = sessions.get(key)
    if (!session) throw new McpxError('STREAM_NOT_FOUND', `there is no WHEP session "${key}"`)
    requireContent(grant, session.content)
    return session
  }

  function describe(reply: Reply): void {
    reply.header('accept-patch', fragmentType)
    const links = iceLinks(engine.info.iceServers)
    if (links.length > 0) reply.header('link', links)
  }

  async function streamFor(request: Request, reply: Reply, content: string): Promise<{ id: string; isOurs: boolean }> {
    const query = request.query as (typeof whepQuery)['_output']
    if (query.connection_id !== undefined) {
      const waiting = engine.get(query.connection_id)
      if (!waiting) throw new McpxError('STREAM_NOT_FOUND', `there is no stream "${query.connection_id}"`)
      requireContent(grantOf(request), waiting.content)
      if (waiting.state !== 'waiting')
        throw new McpxError('STREAM_CONFLICT', `the stream "${waiting.id}" is ${waiting.state}, it waits for nobody`)
      return { id: waiting.id, isOurs: false }
    }
    const { id } = await engine.open({
      content,
      quality: query.quality === undefined ? 'auto' : parseQuality(query.quality),
      startS: query.start === undefined ? 0 : parseDurationS(query.start),
      loop: query.loop !== undefined && query.loop !== '0' && query.loop !== 'false',
      ...(query.audio === undefined ? {} : { audioTrackId: query.audio }),
      owner: request.ip,
      signal: leavingSignal(reply),
    })
    return { id, isOurs: true }
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
      const ufrag = checkOffer(offer)
      const { id, isOurs } = await streamFor(request as Request, reply as Reply, content)
      const { sdp } = await engine.acceptOffer(id, offer).catch(async (error: unknown) => {
        if (isOurs) await engine.close(id, 'requested').catch(() => {})
        throw error
      })
      const etag = `"${id}-0"`
      const key = remember({ streamId: id, offer, content, ufrag, etag, restarts: 0 })
      describe(reply)
      reply.headers({
        location: `${basePath}/whep-session/${key}`,
        etag,
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
      const session = sessionOf(request.params.id, grantOf(request as Request))
      const id = session.streamId
      const condition = request.headers['if-match']
      if (condition === undefined) throw withStatus(428, 'If-Match is needed: the ETag of the ICE session, or *')
      if (condition !== '*' && condition !== session.etag) throw withStatus(412, 'another ICE session is current')
      const { ufrag, pwd } = fragment
      if (ufrag === undefined || ufrag === session.ufrag) {
        await addCandidates(id, fragment)
        return reply.code(204).send()
      }
      if (pwd === undefined) throw new McpxError('INVALID_SDP', 'an ICE restart needs an ice-pwd')
      const { sdp } = await engine.acceptOffer(id, restartOffer(session.offer, ufrag, pwd))
      session.ufrag = ufrag
      session.restarts++
      session.etag = `"${id}-${session.restarts}"`
      await addCandidates(id, fragment)
      return reply.code(200).header('etag', session.etag).type(fragmentType).send(fragmentOf(sdp))
    },
  )

  async function addCandidates(id: string, { candidates, isComplete }: SdpFragment): Promise<void> {
    for (const candidate of candidates) await engine.addCandidate(id, candidate)
    if (isComplete) await engine.addCandidate(id, null)
  }

  app.delete<{ Params: { id: string } }>(
    routes.whepSession,
    { config: viewer, schema: { tags, summary: 'End the session' } },
    async (request, reply) => {
      const { streamId } = sessionOf(request.params.id, grantOf(request as Request))
      forget(streamId)
      await engine.close(streamId, 'viewer_left')
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

/** An INVALID_REQUEST with one of HTTP's finer status codes. */
function withStatus(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode })
}

const unsupported = (message: string) => withStatus(415, message)
