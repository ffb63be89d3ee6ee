// TCP connections are bounded, in all and for each address: each takes a file descriptor, and so does the media of who watches.
import type { Server, Socket } from 'node:net'
import { isLoopback } from '../model/bind.ts'

export interface ConnectionBounds {
  readonly total: number
  /** From one address (of IPv6 one /64). This machine's own have no such bound: a reverse proxy speaks for everybody. */
  readonly perAddress: number
}

/** Where the system does not say how many files a process may open. */
const usualMaxFiles = 1024
/** More are a load that one process does not serve. */
const mostConnections = 10_000
const leastConnections = 16

/** Of what the process may open half is for connections, the rest for content, media and databases; half of those for one address. */
export function connectionBounds(maxConnections: number | undefined, maxFiles = usualMaxFiles): ConnectionBounds {
  const half = Math.floor(maxFiles / 2)
  const total = maxConnections ?? Math.max(leastConnections, Math.min(mostConnections, half))
  return { total, perAddress: Math.max(leastConnections, Math.ceil(total / 2)) }
}

/** What is answered before anything is read. */
export interface Refusal {
  readonly retryAfterS: number
  readonly body: string
}

export interface ConnectionGate {
  /** Connections that are open and were let in. */
  readonly open: number
  /** Bounds another listening socket together with those before. Before it listens. */
  guard(server: Server, isTls: boolean): void
}

/** Those that are told why; in a flood the others are dropped without a word, because an answer takes a descriptor too. */
const maxAnswering = 16
/** How long who is refused may take to read it. */
const lingerMs = 1000

export function createConnectionGate(bounds: ConnectionBounds, refusal: Refusal): ConnectionGate {
  const byAddress = new Map<string, number>()
  let open = 0
  let answering = 0

  function letIn(socket: Socket): boolean {
    const address = networkOf(socket.remoteAddress ?? '')
    const count = byAddress.get(address) ?? 0
    if (open >= bounds.total || (count >= bounds.perAddress && !isLoopback(address))) return false
    open++
    byAddress.set(address, count + 1)
    socket.once('close', () => {
      open--
      const left = (byAddress.get(address) ?? 1) - 1
      if (left > 0) byAddress.set(address, left)
      else byAddress.delete(address)
    })
    return true
  }

  /** With TLS there is nobody to talk to before the handshake, which costs more than it is worth. */
  function refuse(socket: Socket, isTls: boolean): void {
    socket.on('error', () => {})
    if (isTls || answering >= maxAnswering) return void socket.destroy()
    answering++
    const timer = setTimeout(() => socket.destroy(), lingerMs)
    socket.once('close', () => {
      clearTimeout(timer)
      answering--
    })
    // What the client sends is read: closing over it would be a reset, which takes the answer along.
    socket.resume()
    socket.end(answerOf(refusal))
  }

  return {
    get open() {
      return open
    },
    guard(server, isTls) {
      const accept = server.listeners('connection') as ((socket: Socket) => void)[]
      server.removeAllListeners('connection')
      server.on('connection', (socket: Socket) => {
        if (!letIn(socket)) return refuse(socket, isTls)
        for (const listener of accept) listener.call(server, socket)
      })
    },
  }
}

function answerOf({ retryAfterS, body }: Refusal): string {
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `retry-after: ${retryAfterS}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** One customer has a whole /64 of IPv6; an IPv4 address is the same in its IPv6 clothes. */
function networkOf(address: string): string {
  const text = address.replace(/^::ffff:(?=\d+\.)/i, '')
  if (!text.includes(':') || text === '::1') return text
  const [front = '', back] = text.split('%')[0]!.split('::')
  const groups = front === '' ? [] : front.split(':')
  const after = back ? back.split(':') : []
  const zeros = back === undefined ? [] : Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0')
  return [...groups, ...zeros, ...after].slice(0, 4).join(':')
}
