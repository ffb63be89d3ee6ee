// The base routes of the MCP server: add, cat, get, pin. Uploads flow into the store as they arrive.
import type { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import { McpxError } from '../../base/errors.ts'
import type { Engine } from '../../engine/engine.ts'
import { routes } from '../../protocol/routes.ts'
import { addReply, addRequest, cidRequest, pinList, pinReply } from '../../protocol/schemas.ts'
import { requireContent } from '../access.ts'
import { type App, grantOf, leavingSignal, type Request, type RouteContext } from '../context.ts'
import { sendContent } from '../send-content.ts'

type AddInput = { readonly path: string; readonly content: AsyncIterable<Uint8Array> }
type AddInputs = Parameters<Engine['store']['add']>[0]

const maxFiles = 1000

export async function ipfsRoutes(app: App, context: RouteContext): Promise<void> {
  const { engine, clock, limits, gatekeeper } = context
  const { store } = engine
  await app.register(multipart, {
    // `folder/file` keeps its folder; the store refuses a path that leads outside.
    preservePath: true,
    limits: { fileSize: limits.uploadBytes, files: maxFiles, fields: 16, fieldSize: 4096 },
  })
  let operations = 0

  /** Runs it and says how long it took, in the origin's words. */
  async function timed<T>(name: string, run: () => Promise<T>) {
    const startMs = clock.now()
    const operation_id = `${name}_${clock.wallMs()}_${operations++}`
    const result = await run()
    return { result, success: true as const, operation_id, duration_ms: clock.now() - startMs }
  }

  async function add(name: string, input: AddInputs, signal: AbortSignal) {
    const { result, ...operation } = await timed(name, () => store.add(input, { signal }))
    return { ...operation, cid: result.cid, Hash: result.cid, content_size_bytes: result.sizeBytes }
  }

  const addText = ({ content, filename }: { content: string; filename?: string | undefined }, signal: AbortSignal) =>
    add('add', [{ path: filename ?? 'content', content: onePiece(Buffer.from(content)) }], signal)

  async function addFiles(request: Request, signal: AbortSignal) {
    const parts = request.files()
    return add('add', filesOf(parts, limits.uploadBytes), signal)
  }

  const tags = ['content']
  const operator = { role: 'operator' as const }
  const viewer = { role: 'viewer' as const, checksContent: true }

  for (const prefix of routes.mcpPrefixes) {
    app.post(
      `${prefix}/ipfs/add/json`,
      { config: operator, schema: { tags, summary: 'Add a text', body: addRequest, response: { 200: addReply } } },
      async (request, reply) => addText(request.body, leavingSignal(reply)),
    )
    for (const path of [`${prefix}/ipfs/add`, `${prefix}/ipfs/add/file`])
      app.post(
        path,
        { config: { ...operator, upload: true }, schema: { tags, summary: 'Add files', response: { 200: addReply } } },
        async (request, reply) => {
          const signal = leavingSignal(reply)
          if (request.isMultipart()) return addFiles(request as Request, signal)
          const body = addRequest.safeParse(request.body)
          if (!body.success || path.endsWith('/file'))
            throw new McpxError('INVALID_REQUEST', 'send a multipart form with a file, or the JSON {"content": "…"}')
          return addText(body.data, signal)
        },
      )

    for (const verb of ['cat', 'get'])
      app.route({
        method: ['GET', 'HEAD'],
        url: `${prefix}/ipfs/${verb}/*`,
        config: viewer,
        schema: { tags, summary: 'Bytes of a file, with Range' },
        handler: async (request, reply) => {
          const content = (request.params as { '*': string })['*']
          requireContent(grantOf(request as Request), content)
          const headers: Record<string, string> = verb === 'get' ? { 'x-ipfs-path': encodeURI(`/ipfs/${content}`) } : {}
          const how = { headers, isImmutable: true, isPublic: !gatekeeper.required }
          return sendContent(engine, request as Request, reply, content, how)
        },
      })
    app.post(
      `${prefix}/ipfs/cat`,
      { config: viewer, schema: { tags, summary: 'Bytes of a file', body: cidRequest } },
      async (request, reply) => {
        const { cid } = request.body
        requireContent(grantOf(request as Request), cid)
        return sendContent(engine, request as Request, reply, cid, { isImmutable: false, isPublic: false })
      },
    )

    const pinSchema = { tags, body: cidRequest, response: { 200: pinReply } }
    for (const path of ['pin/add', 'pin'])
      app.post(
        `${prefix}/ipfs/${path}`,
        { config: operator, schema: { ...pinSchema, summary: 'Pin' } },
        async (request, reply) => {
          const signal = leavingSignal(reply)
          const { cid } = await store.resolve(request.body.cid, { signal })
          const { result: _, ...operation } = await timed('pin', () => store.pin(cid, { signal }))
          return { ...operation, cid }
        },
      )
    for (const path of ['pin/rm', 'unpin'])
      app.post(
        `${prefix}/ipfs/${path}`,
        { config: operator, schema: { ...pinSchema, summary: 'Unpin' } },
        async (request) => {
          const { cid } = request.body
          const { result: _, ...operation } = await timed('unpin', () => store.unpin(cid))
          return { ...operation, cid }
        },
      )
    for (const path of ['pin/ls', 'pins'])
      app.get(
        `${prefix}/ipfs/${path}`,
        { config: operator, schema: { tags, summary: 'List pins', response: { 200: pinList } } },
        async () => {
          const { result: pins, ...operation } = await timed('pins', () => store.pins())
          return { ...operation, pins, count: pins.length }
        },
      )
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

interface Part {
  readonly filename: string
  readonly file: Readable & { truncated?: boolean }
}

async function* filesOf(parts: AsyncIterable<Part>, maxBytes: number): AsyncGenerator<AddInput> {
  let count = 0
  for await (const { filename, file } of readable(parts)) {
    count++
    yield { path: filename || `file-${count}`, content: wholeFile(file, maxBytes) }
  }
  if (count === 0) throw new McpxError('INVALID_REQUEST', 'the form has no file')
}

/** The form parser cuts a file that is too large; a cut file must not get a CID. */
async function* wholeFile(file: Part['file'], maxBytes: number): AsyncGenerator<Uint8Array> {
  yield* readable<Uint8Array>(file)
  if (file.truncated) throw new McpxError('MESSAGE_TOO_LARGE', `a file of more than ${maxBytes} bytes`)
}

/** The parser's own failures are the client's: a form that ends early or has no end. */
async function* readable<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* source
  } catch (error) {
    if (error instanceof McpxError || (error as { statusCode?: number }).statusCode !== undefined) throw error
    throw new McpxError('INVALID_REQUEST', `the form cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
