// A door inside this machine for one caller: a process that is told where it is and the token comes in, nobody else. Bytes go
// straight between the two threads that use it, without a third one's event loop.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const tokenBytes = 32
/** Who has not said the token by then is nobody. */
const tokenTimeoutMs = 2000
const maxAtTheDoor = 4

/** Where a door is, and the secret that opens it. */
export interface DoorAddress {
  readonly at: { readonly path: string } | { readonly host: string; readonly port: number }
  readonly token: string
}

export interface Door {
  readonly address: DoorAddress
  /** The one who knew the token, once; paused. The door is shut behind it. */
  readonly caller: Promise<Socket>
  /** Idempotent. Who is in already stays. */
  close(): void
}

/**
 * Opens a Unix domain socket that only this user may connect to, a named pipe on Windows, or a port on loopback where neither can
 * be made. Its name cannot be guessed and is there for as long as the door is open.
 */
export async function openDoor(): Promise<Door> {
  const token = randomBytes(tokenBytes)
  const atTheDoor = new Set<Socket>()
  const { promise: caller, resolve: letIn } = Promise.withResolvers<Socket>()
  const server = await listen((socket) => {
    if (atTheDoor.size >= maxAtTheDoor) return socket.destroy()
    atTheDoor.add(socket)
    socket.once('close', () => atTheDoor.delete(socket))
    askToken(socket, token, () => {
      atTheDoor.delete(socket)
      close()
      letIn(socket)
    })
  })
  function close(): void {
    server.close()
    for (const socket of atTheDoor) socket.destroy()
  }
  const address = server.address()!
  const at = typeof address === 'string' ? { path: address } : { host: address.address, port: address.port }
  return { address: { at, token: token.toString('hex') }, caller, close }
}

function askToken(socket: Socket, token: Buffer, isRight: () => void): void {
  let said: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), tokenTimeoutMs)
  socket.once('close', () => clearTimeout(timer))
  socket.on('error', () => {})
  socket.on('data', function read(chunk: Buffer) {
    said = Buffer.concat([said, chunk])
    if (said.length < tokenBytes) return
    clearTimeout(timer)
    socket.off('data', read)
    if (!timingSafeEqual(said.subarray(0, tokenBytes), token)) return socket.destroy()
    socket.pause()
    if (said.length > tokenBytes) socket.unshift(said.subarray(tokenBytes))
    isRight()
  })
}

async function listen(onSocket: (socket: Socket) => void): Promise<Server> {
  const name = `mcpx-${randomBytes(16).toString('hex')}`
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
  const open = async (options: ListenOptions) => {
    const server = createServer(onSocket)
    server.listen({ ...options, backlog: maxAtTheDoor })
    await once(server, 'listening')
    server.on('error', () => {})
    return server
  }
  return open({ path }).catch(() => open({ host: '127.0.0.1', port: 0 }))
}

/** Goes in by a door. Rejects with the system's error when it is shut. */
export async function enterDoor({ at, token }: DoorAddress): Promise<Socket> {
  const socket = connect(at)
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.write(Buffer.from(token, 'hex'))
  return socket
}
