// WebSockets of the API server: texts only, bounded in size and backlog, and pinged so that dead ones go.
import { type Clock, every, type Timer } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { Role } from '../protocol/schemas.ts'
import { type Grant, requireContent } from './access.ts'
import { type App, grantOf, type Request, type RouteContext, type SessionController } from './context.ts'

/** One accepted WebSocket, as a session sees it. */
interface ServerSocket {
  readonly grant: Grant
  /** Address of the client. */
  readonly address: string
  /** Throws FORBIDDEN when the token of this socket does not reach the content. */
  requireContent(content: string): void
  /** Closes the socket instead when the client does not read. */
  send(text: string): void
  close(code?: number, reason?: string): void
  onMessage(listener: (text: string) => void): void
  onClose(listener: () => void): void
}

type SocketHandler = (socket: ServerSocket) => void

/** What we use of a `ws` socket. */
interface RawSocket {
  readonly bufferedAmount: number
  readonly readyState: number
  send(text: string): void
  ping(): void
  close(code?: number, reason?: string): void
  terminate(): void
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void
  on(event: 'close' | 'pong' | 'error', listener: () => void): void
}

const open = 1
const maxBacklogBytes = 4 * 2 ** 20
const pingMs = 30_000
const closeGraceMs = 250
/** Longer waits overflow Node's timers; an expiry further off is looked at again then. */
const maxWaitMs = 2 ** 30

/** A path at which WebSockets are accepted, for whom, and what is done with each. */
export interface SocketRoute {
  readonly path: string
  readonly controller: SessionController
  readonly handler: SocketHandler
  readonly role: Role
  /** The handler checks by itself which content a token for one CID reaches. */
  readonly checksContent?: boolean
  /** What a plain GET gets; 404 when absent. */
  readonly answer?: () => Promise<object>
  readonly schema?: object
}

export function addSocketRoute(app: App, context: RouteContext, route: SocketRoute): void {
  const { limits } = context
  const { path, controller, handler, role, checksContent = false, answer, schema = { hide: true } } = route
  function onSocket(raw: unknown, request: Request): void {
    const socket = wrap(raw as RawSocket, grantOf(request), request.ip, context)
    context.onSession?.(controller, 1)
    socket.onClose(() => context.onSession?.(controller, -1))
    handler(socket)
  }
  app.route({
    method: 'GET',
    url: path,
    ...(answer ? { handler: answer, wsHandler: onSocket } : { handler: onSocket, websocket: true }),
    schema,
    config: { role, checksContent },
    preHandler: async (request: Request) => {
      if (request.ws && app.websocketServer.clients.size >= limits.sockets)
        throw new McpxError('TOO_MANY_STREAMS', `${limits.sockets} WebSockets are open`)
    },
  } as never)
}

function wrap(
  raw: RawSocket,
  grant: Grant,
  address: string,
  { clock, hidePaths }: Pick<RouteContext, 'clock' | 'hidePaths'>,
): ServerSocket {
  let isAlive = true
  const heartbeat = every(clock, pingMs, () => {
    if (!isAlive) return raw.terminate()
    isAlive = false
    raw.ping()
  })
  const expiry = watchExpiry(grant, clock, () => raw.close(1008, 'the token has expired'))
  raw.on('pong', () => {
    isAlive = true
  })
  raw.on('close', () => {
    heartbeat.cancel()
    expiry.cancel()
  })
  return {
    grant,
    address,
    requireContent: (content) => requireContent(grant, content),
    send(text) {
      if (raw.readyState !== open) return
      if (raw.bufferedAmount > maxBacklogBytes) return raw.terminate()
      raw.send(hidePaths(text))
    },
    close: (code = 1000, reason = '') => raw.close(code, reason),
    onMessage(listener) {
      raw.on('message', (data, isBinary) =>
        isBinary ? raw.close(1003, 'texts only') : listener(data.toString('utf8')),
      )
    },
    onClose: (listener) => raw.on('close', listener),
  }
}

/** Calls once when the token has expired by the wall clock, which may be set meanwhile. */
function watchExpiry({ expiresAtS }: Grant, clock: Clock, onExpired: () => void): Timer {
  let timer: Timer | undefined
  const arm = () => {
    if (expiresAtS === undefined) return
    const leftMs = expiresAtS * 1000 - clock.wallMs()
    if (leftMs <= 0) onExpired()
    else timer = clock.after(Math.min(leftMs, maxWaitMs), arm)
  }
  arm()
  return { cancel: () => timer?.cancel() }
}

/** Says goodbye to every client and does not wait long for the answer. */
export function closeSockets(app: App, clock: Clock, done: () => void): void {
  const server = app.websocketServer as { clients: Set<RawSocket>; close(): void }
  for (const client of server.clients) client.close(1001, 'the server stops')
  if (server.clients.size > 0)
    clock.after(closeGraceMs, () => {
      for (const client of server.clients) client.terminate()
    })
  server.close()
  done()
}
