// Bytes of content over HTTP, as far as the client reads: Range, validators, and headers that keep hostile content harmless.
import { Readable } from 'node:stream'
import { McpxError } from '../base/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { contentTypeOf } from './content-type.ts'
import { leavingSignal, type Reply, type Request } from './context.ts'
import { matchesTag, parseRange } from './range.ts'

interface Options {
  /** Name that decides the Content-Type when the path has no extension. */
  readonly filename?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** False where an address may name other content later. */
  readonly isImmutable: boolean
  /** False when only holders of a token may see it: shared caches must not keep it. */
  readonly isPublic: boolean
}

/** Sends the file at `content`. Throws what the store throws, and AMBIGUOUS_CONTENT for a directory. */
export async function sendContent(engine: Engine, request: Request, reply: Reply, content: string, options: Options) {
  const signal = leavingSignal(reply)
  const found = await engine.store.resolve(content, { signal })
  if (found.type === 'directory') throw new McpxError('AMBIGUOUS_CONTENT', `${content} is a directory`)

  const etag = `"${found.cid}"`
  const cache = `${options.isPublic ? 'public' : 'private'}, max-age=${options.isImmutable ? '29030400, immutable' : '60'}`
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'cache-control': cache,
    'content-security-policy': 'sandbox',
    'x-content-type-options': 'nosniff',
    ...options.headers,
  })
  if (matchesTag(request.headers['if-none-match'], etag)) return reply.code(304).send()

  const ifRange = request.headers['if-range']
  const isRangeWanted = ifRange === undefined || ifRange === etag
  const range = parseRange(isRangeWanted ? request.headers.range : undefined, found.sizeBytes)
  if (range.kind === 'none') {
    reply.header('cache-control', 'no-store').header('content-range', `bytes */${found.sizeBytes}`)
    return reply.code(416).send()
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: found.sizeBytes }
  if (range.kind === 'part') reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${found.sizeBytes}`)
  reply.header('content-length', String(end - start)).type(contentTypeOf(options.filename ?? found.path))
  if (request.method === 'HEAD' || end === start) return reply.send()
  return reply.send(Readable.from(engine.store.read(found.cid, { start, end, signal }), { objectMode: false }))
}
