// What a browser of a load test talks to: a door of the tool on loopback, at an address that only our page is told. It gives the
// page, orders and the time, takes records, and passes offers on to the server, with the token, which the browser never sees.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import { McpxError, toErrorRecord } from '../../base/errors.ts'
import { type BrowserOrder, browserPaths, maxRecordsBytes } from '../../protocol/browser-load.ts'
import { type BrowserRecord, browserRecords } from '../../protocol/browser-records.ts'
import { fragmentType, maxSdpBytes, sdpType } from '../../protocol/whep.ts'

/** What the server has granted to one offer; a session may offer again. */
export interface Grant {
  /** Tells it apart from all others. */
  readonly id: number
  readonly answer: string
  /** `Link` headers with ICE servers, as the server wrote them. */
  readonly links?: string
}

/** What the door asks of its owner. */
export interface DoorHandlers {
  /** The page listens. */
  onPage(): void
  /** It does no more. */
  onPageGone(): void
  onRecords(records: readonly BrowserRecord[]): void
  /** Throws what the server says. */
  offer(session: number, sdp: string): Promise<Grant>
  /** Candidates of the browser; never rejects. */
  trickle(grant: number, fragment: string): Promise<void>
  /** The page has left. */
  leave(grant: number): void
}

export interface ToolDoor {
  /** Of the page. Secret. */
  readonly url: string
  order(order: BrowserOrder): void
  close(): Promise<void>
}

interface DoorOptions extends DoorHandlers {
  readonly html: string
  readonly clock: Clock
}

const secretBytes = 24

/** The page has only what it came with, and talks to nobody but this door. */
const policy = [
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "connect-src 'self'",
  'media-src mediastream: blob:',
  'img-src data:',
].join('; ')

export async function openToolDoor(options: DoorOptions): Promise<ToolDoor> {
  const base = `/${randomBytes(secretBytes).toString('base64url')}`
  let orders: ServerResponse | undefined
  const server = createServer((request, response) => {
    response.setHeader('cache-control', 'no-store')
    void answer(request, response).catch((error) => fail(response, error))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://tool').pathname
    if (path !== base && !path.startsWith(`${base}/`)) throw nothingHere()
    const rest = path.slice(base.length)
    const route = `${request.method} ${rest || '/'}`
    if (route === 'GET /') return sendPage(response)
    if (route === `GET ${browserPaths.clock}`) return sendJson(response, 200, { nowMs: options.clock.now() })
    if (route === `GET ${browserPaths.orders}`) return listen(response)
    if (route === `POST ${browserPaths.records}`) return takeRecords(request, response)
    const [, session] = /^POST \/sessions\/(\d{1,9})\/whep\//.exec(route) ?? []
    if (session !== undefined) return takeOffer(Number(session), request, response)
    const [, method, grant] = /^(PATCH|DELETE) \/grants\/(\d{1,9})$/.exec(route) ?? []
    if (grant === undefined) throw nothingHere()
    if (method === 'DELETE') options.leave(Number(grant))
    else if (request.headers['content-type'] === fragmentType)
      await options.trickle(Number(grant), await readBody(request, maxSdpBytes))
    response.writeHead(204).end()
  }

  function sendPage(response: ServerResponse): void {
    response.setHeader('content-security-policy', policy)
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(options.html)
  }

  /** One page, once. */
  function listen(response: ServerResponse): void {
    if (orders) throw new McpxError('STREAM_CONFLICT', 'there is a page already')
    orders = response
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(':\n\n')
    response.once('close', () => options.onPageGone())
    options.onPage()
  }

  async function takeRecords(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parsed = browserRecords.safeParse(parseJson(await readBody(request, maxRecordsBytes)))
    if (!parsed.success) throw new McpxError('INVALID_REQUEST', `records of the page: ${parsed.error.message}`)
    options.onRecords(parsed.data)
    response.writeHead(204).end()
  }

  async function takeOffer(session: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { id, answer: sdp, links } = await options.offer(session, await readBody(request, maxSdpBytes))
    const location = `${base}${browserPaths.grants}/${id}`
    response.writeHead(201, { 'content-type': sdpType, location, ...(links ? { link: links } : {}) }).end(sdp)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${base}/`,
    order: (order) => void orders?.write(`data: ${JSON.stringify(order)}\n\n`),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const nothingHere = () => new McpxError('NOT_FOUND', 'nothing is here')

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new McpxError('INVALID_JSON', 'the page sent no JSON')
  }
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.byteLength
    if (size > maxBytes) throw new McpxError('MESSAGE_TOO_LARGE', `more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function fail(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) return void response.destroy()
  const { code, message, hint } = toErrorRecord(thrown)
  const status = thrown instanceof McpxError ? thrown.status : 500
  sendJson(response, status, { code, error: message, hint })
}
