// The HTTP API of a server as calls: one place that knows base address, token and the form of failures.
import { isErrorCode, McpxError } from '../base/errors.ts'
import { textUpTo } from '../base/response-text.ts'
import { encodeContentPath, routes } from '../protocol/routes.ts'

interface ApiOptions {
  /** Home page of the server, with its base path if it has one. */
  readonly url: string
  readonly token?: string
  /** Ends every call that brings no signal of its own. */
  readonly signal?: AbortSignal
}

interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | ReadableStream<Uint8Array>
  /** In place of the one of the API. */
  readonly signal?: AbortSignal
}

/** What an action of the control routes answered. */
export interface ActionReply {
  readonly success: boolean
  readonly connection_id?: string
  readonly [field: string]: unknown
}

export interface Api {
  /** Absolute address of a path of `routes`, or of a Location header. */
  address(path: string): string
  playerAddress(content: string): string
  /** Throws SERVER_UNREACHABLE, or the error the server named. */
  request(path: string, options?: RequestOptions): Promise<Response>
  /** A control route; throws where it answers `success: false`. */
  action(path: string, body?: object): Promise<ActionReply>
  /** Adds files, under their paths, and resolves with the CID of the file or folder. `onProgress` gets the bytes handed over so far. */
  addFiles(files: readonly UploadFile[], onProgress?: (bytes: number) => void): Promise<{ cid: string }>
}

export interface UploadFile {
  /** A path where it stands in a folder, as `holiday/beach.mp4`. */
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
}

/** Longest failure body that is read. */
const maxFailureBytes = 64 * 1024
/** Longest answer of a control route that is read. */
const maxReplyBytes = 16 * 2 ** 20

export function createApi(options: ApiOptions): Api {
  const base = options.url.replace(/\/+$/, '')

  const address = (path: string) => (/^https?:\/\//.test(path) ? path : `${base}${path}`)

  async function request(path: string, call: RequestOptions = {}): Promise<Response> {
    const signal = call.signal ?? options.signal
    // A Location may name another host: the token is for this one.
    const isOurs = URL.parse(address(path))?.origin === URL.parse(base)?.origin
    const headers = {
      ...call.headers,
      ...(options.token && isOurs ? { authorization: `Bearer ${options.token}` } : {}),
    }
    const init = {
      method: call.method ?? 'GET',
      headers,
      body: call.body,
      duplex: 'half',
      signal,
    }
    let response: Response
    try {
      response = await fetch(address(path), init as RequestInit)
    } catch (error) {
      signal?.throwIfAborted()
      throw new McpxError('SERVER_UNREACHABLE', `${base}: ${reasonOf(error)}`, { cause: error })
    }
    if (response.ok) return response
    throw toServerError(response.status, await textUpTo(response, maxFailureBytes))
  }

  async function json(path: string, call: RequestOptions): Promise<ActionReply> {
    const response = await request(path, call)
    const text = await textUpTo(response, maxReplyBytes)
    const reply = parseObject(text)
    if (reply?.success === true) return reply as ActionReply
    throw toServerError(response.status, text)
  }

  return {
    address,
    playerAddress: (content) => address(routes.player.replace(':cid', encodeContentPath(content))),
    request,
    action: (path, body) =>
      json(path, {
        method: 'POST',
        ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
      }),
    async addFiles(files, onProgress) {
      const { contentType, body } = multipart(files, onProgress)
      const reply = await json('/api/v0/ipfs/add', { method: 'POST', headers: { 'content-type': contentType }, body })
      if (typeof reply.cid !== 'string') throw new McpxError('INTERNAL', `${base} answered an add without a CID`)
      return { cid: reply.cid }
    },
  }
}

/** Why `fetch` failed: it says so only in the cause. */
export function reasonOf(error: unknown): string {
  const { cause, message } = error as Error
  const inner = cause as NodeJS.ErrnoException | undefined
  return inner?.code ?? inner?.message ?? message
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The server's own code, message (`error`, or `detail` of RFC 9457) and hint; where it named none, what the status says. */
function toServerError(status: number, text: string): McpxError {
  const body = parseObject(text) ?? {}
  const said = [body.error, body.detail].find((one) => typeof one === 'string' && one !== '')
  const message = (said as string | undefined) ?? `the server answered ${status}`
  if (isErrorCode(body.code)) {
    return new McpxError(body.code, message, typeof body.hint === 'string' ? { hint: body.hint } : {})
  }
  if (status === 401) return new McpxError('UNAUTHORIZED', message)
  if (status === 403) return new McpxError('FORBIDDEN', message)
  if (status === 404) return new McpxError('NOT_FOUND', message)
  if (status === 429) return new McpxError('RATE_LIMITED', message)
  return new McpxError(status >= 500 ? 'INTERNAL' : 'INVALID_REQUEST', message, {
    hint: 'The server refused the request.',
  })
}

/** Files as multipart/form-data (RFC 7578), streamed: nothing is held but the piece in hand. */
function multipart(files: readonly UploadFile[], onProgress: (bytes: number) => void = () => {}) {
  const boundary = `mcpx-${crypto.randomUUID()}`
  const headOf = ({ name }: UploadFile) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name.replaceAll(/["\r\n\\]/g, '_')}"\r\n` +
    'Content-Type: application/octet-stream\r\n\r\n'
  async function* parts() {
    const encoder = new TextEncoder()
    let sent = 0
    for (const file of files) {
      yield encoder.encode(headOf(file))
      for await (const piece of file.content) {
        yield piece
        sent += piece.byteLength
        onProgress(sent)
      }
      yield encoder.encode('\r\n')
    }
    yield encoder.encode(`--${boundary}--\r\n`)
  }
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: ReadableStream.from(parts()) as ReadableStream<Uint8Array>,
  }
}
