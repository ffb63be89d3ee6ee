// The door of a signalling session: texts of one WebSocket in, checked and at a bearable rate, and texts out.
import { McpxError } from '../base/errors.ts'
import { TokenBucket } from '../base/token-bucket.ts'
import { type ClientMessage, maxMessageLength, parseClientMessage } from '../protocol/signalling.ts'
import { Session, type SessionDeps } from './session.ts'

export interface SignallingDeps extends Omit<SessionDeps, 'send'> {
  readonly version: string
  send(text: string): void
  close(code: number, reason: string): void
}

interface SignallingSession {
  /** Sends the welcome, which is always the first message. */
  start(): void
  receive(text: string): void
  /** The client is gone: closes its streams, and those only. Resolves when they are closed. */
  stop(): Promise<void>
}

const messages = { burst: 200, perSecond: 50 }

export function createSignallingSession(deps: SignallingDeps): SignallingSession {
  const rate = new TokenBucket(messages)
  const session = new Session({ ...deps, send: (message) => deps.send(JSON.stringify(message)) })

  function refuse(error: McpxError, code: number): void {
    session.sendError(error)
    deps.close(code, error.code)
  }

  return {
    start() {
      session.send({
        type: 'welcome',
        client_id: deps.clientId,
        message: 'Connected to the mcpx signalling server',
        capabilities: ['video', 'audio'],
        notification_support: true,
        server_info: { version: deps.version, features: ['trickle', 'set_quality', 'get_stats', 'add_track'] },
      })
    },
    receive(text) {
      if (session.hasEnded) return
      if (text.length > maxMessageLength)
        return refuse(new McpxError('MESSAGE_TOO_LARGE', `a message of ${text.length} characters`), 1009)
      if (!rate.take(1, deps.clock.now())) return refuse(new McpxError('RATE_LIMITED', 'too many messages'), 1008)
      let message: ClientMessage
      try {
        message = parseClientMessage(text)
      } catch (error) {
        return session.sendError(error)
      }
      const pcId = 'pc_id' in message && typeof message.pc_id === 'string' ? message.pc_id : undefined
      session.handle(message).catch((error: unknown) => session.sendError(error, pcId))
    },
    stop: () => session.stop(),
  }
}

/** What a session needs of a WebSocket. */
interface SignallingSocket {
  readonly address: string
  requireContent(content: string): void
  send(text: string): void
  close(code: number, reason: string): void
  onMessage(listener: (text: string) => void): void
  onClose(listener: () => void): void
}

/** What to do with each accepted WebSocket of a signalling path. */
export function createSignallingHandler(
  deps: Pick<SignallingDeps, 'engine' | 'clock' | 'logger' | 'version'>,
): (socket: SignallingSocket) => void {
  const logger = deps.logger.child({ scope: 'signalling' })
  let clients = 0
  return (socket) => {
    const session = createSignallingSession({
      ...deps,
      logger,
      clientId: `client-${++clients}`,
      owner: socket.address,
      requireContent: (content) => socket.requireContent(content),
      send: (text) => socket.send(text),
      close: (code, reason) => socket.close(code, reason),
    })
    socket.onMessage((text) => session.receive(text))
    socket.onClose(() => void session.stop())
    session.start()
  }
}
