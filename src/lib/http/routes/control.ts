// The control routes of the origin's dashboards: HTTP 200 in every case, `success` and `error` say how it went.
import type { z } from 'zod'
import { McpxError } from '../../base/errors.ts'
import { parseQuality } from '../../model/quality.ts'
import { playerPath, routes, whepPath } from '../../protocol/routes.ts'
import { actionReply, connectionList, qualityRequest, streamRequest } from '../../protocol/schemas.ts'
import { requireContent } from '../access.ts'
import { type App, grantOf, type Request, type RouteContext } from '../context.ts'
import { toFailure } from '../errors.ts'
import { toConnectionItem } from './connection-item.ts'

function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new McpxError('INVALID_JSON', 'the body is not valid JSON')
  }
}

/** Validates here, not in the schema of the route: the answer to a bad body is 200 with `success: false` too. */
function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new McpxError('INVALID_REQUEST', `${issue?.path.join('.') || 'body'}: ${issue?.message}`)
}

export function controlRoutes(app: App, { engine, options, clock, basePath, logger }: RouteContext): void {
  // Refusals (401, 403, 429) keep their status; what went wrong after that is said in the body.
  app.setErrorHandler((thrown, request, reply) => {
    const { status, body, error } = toFailure(thrown, options.debug)
    const isRefusal = status === 401 || status === 403 || status === 429
    const fields = { endpoint: request.routeOptions.url, code: body.code }
    if (body.code === 'INTERNAL') logger.error({ ...fields, err: error }, error.message)
    else if (status >= 500) logger.warn(fields, error.message)
    reply
      .code(isRefusal ? status : 200)
      .type('application/json; charset=utf-8')
      .serializer(JSON.stringify)
      .send(body)
  })

  // Clients post "no body" with a JSON content type.
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_: unknown, text: string) =>
    parseJson(text),
  )

  const tags = ['webrtc']
  const operator = { role: 'operator' as const }
  const response = { 200: actionReply }
  const { webrtc } = routes

  async function start(content: string, quality: unknown, request: Request, purpose?: 'test') {
    requireContent(grantOf(request), content)
    const opening = { content, quality: parseQuality(quality), owner: request.ip }
    const record = await engine.open({ ...opening, ...(purpose && { purpose }) })
    return {
      success: true,
      connection_id: record.id,
      message: 'Streaming started successfully',
      player: `${basePath}${playerPath(record.content)}?connection_id=${encodeURIComponent(record.id)}`,
      whep: `${basePath}${whepPath(record.content)}?connection_id=${encodeURIComponent(record.id)}`,
    }
  }

  app.get(
    webrtc.connections,
    {
      config: operator,
      schema: { tags, summary: 'Open and recently closed streams', response: { 200: connectionList } },
    },
    async () => {
      const connections = engine.list().map(toConnectionItem)
      return { connections, count: connections.length, timestamp: new Date(clock.wallMs()).toISOString() }
    },
  )

  app.post(
    webrtc.stream,
    {
      config: { ...operator, checksContent: true },
      schema: { tags, summary: 'Open a stream that waits for a viewer', response },
    },
    async (request) => {
      const { cid: given } = (request.body ?? {}) as { cid?: unknown }
      if (given === undefined || given === null || given === '')
        throw new McpxError('INVALID_REQUEST', 'Content CID is required')
      const { cid, quality } = parseBody(streamRequest, request.body)
      return start(cid, quality, request as Request)
    },
  )

  app.post(
    webrtc.testConnection,
    { config: operator, schema: { tags, summary: 'Connect a real viewer in the server and measure', response } },
    async () => {
      const { streamId, ...measured } = await engine.testConnection()
      return { success: true, connection_id: streamId, message: 'Test connection successful', measured }
    },
  )

  app.post(
    webrtc.streamTestContent,
    { config: operator, schema: { tags, summary: 'Open a stream of the sample', response } },
    async (request) => {
      return start(await engine.sample(), 'auto', request as Request, 'test')
    },
  )

  app.post<{ Params: { id: string } }>(
    webrtc.close,
    { config: operator, schema: { tags, summary: 'Close a stream', response } },
    async (request) => {
      const { id } = request.params
      await engine.close(id, 'requested')
      return { success: true, connection_id: id, message: `Connection ${id} closed successfully` }
    },
  )

  app.post(
    webrtc.closeAll,
    { config: operator, schema: { tags, summary: 'Close all streams', response } },
    async () => {
      const closed = await engine.closeAll('requested')
      return { success: true, message: 'All connections closed successfully', connections_closed: closed }
    },
  )

  app.post<{ Params: { id: string } }>(
    webrtc.quality,
    { config: operator, schema: { tags, summary: 'Set the quality of a stream', response } },
    async (request) => {
      const { quality } = parseBody(qualityRequest, request.body ?? {})
      const { id } = request.params
      await engine.command(id, { type: 'quality', quality: parseQuality(quality) })
      return { success: true, connection_id: id, message: `Quality set to ${quality} for connection ${id}` }
    },
  )
}
