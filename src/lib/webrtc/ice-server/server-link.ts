// A way to a STUN or TURN server: datagrams, or a stream that is cut into messages (a STUN message says its own length).
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIPv6, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { IceServerAddress } from '../../protocol/ice-server.ts'
import { cookie, headerLength } from '../ice/stun.ts'

/** What there is no talking with a server for. */
export type LinkTrouble = 'unresolved' | 'refused' | 'unreachable' | 'certificate' | 'no-answer' | 'not-stun'

export class LinkFailure extends Error {
  override readonly name = 'LinkFailure'
  readonly trouble: LinkTrouble

  constructor(trouble: LinkTrouble, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.trouble = trouble
  }
}

export interface ServerLink {
  readonly local: { readonly address: string; readonly port: number }
  /** What the name led to. */
  readonly remoteAddress: string
  /** Nothing is lost on the way: no message is sent twice. */
  readonly isReliable: boolean
  send(message: Buffer): void
  close(): Promise<void>
}

export interface LinkOptions {
  readonly signal: AbortSignal
  /** One message, whole. */
  onMessage(message: Buffer): void
  /** The link is of no use any more; at most once. */
  onFailure(failure: LinkFailure): void
  /** Authorities to trust besides those of the system, in PEM. */
  readonly ca?: string
}

/** No message of a server is longer: the rest of a stream would be waited for for ever. */
const maxMessageBytes = 2048

/** Throws LinkFailure, or the reason of the signal. */
export async function openServerLink(address: IceServerAddress, options: LinkOptions): Promise<ServerLink> {
  const remoteAddress = await resolveHost(address.host, options.signal)
  const open = address.transport === 'udp' ? openUdp : openStream
  return open({ ...address, remoteAddress }, options)
}

type Target = IceServerAddress & { readonly remoteAddress: string }

async function resolveHost(host: string, signal: AbortSignal): Promise<string> {
  try {
    const { address } = await abortable(lookup(host), signal)
    return address
  } catch (error) {
    signal.throwIfAborted()
    throw new LinkFailure('unresolved', `the name ${host} leads nowhere (${codeOf(error)})`, { cause: error })
  }
}

/** A name is looked up by the system, which cannot be told to stop. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message

function openUdp({ remoteAddress, port }: Target, options: LinkOptions): Promise<ServerLink> {
  const socket = createSocket(isIPv6(remoteAddress) ? 'udp6' : 'udp4')
  let isClosed = false
  const close = () =>
    new Promise<void>((done) => {
      if (isClosed) return done()
      isClosed = true
      socket.close(() => done())
    })
  return new Promise((resolve, reject) => {
    const stop = () => void close().then(() => reject(options.signal.reason))
    options.signal.addEventListener('abort', stop, { once: true })
    socket.once('error', (error) => void close().then(() => reject(toFailure(error))))
    // Connected, so that the kernel tells of a port that nobody listens at (ICMP), and nobody else is heard.
    socket.connect(port, remoteAddress, () => {
      options.signal.removeEventListener('abort', stop)
      socket.removeAllListeners('error')
      socket.on('error', (error) => options.onFailure(toFailure(error)))
      socket.on('message', (message) => options.onMessage(message))
      const send = (message: Buffer) => {
        if (!isClosed) socket.send(message)
      }
      resolve({ local: socket.address(), remoteAddress, isReliable: false, send, close })
    })
  })
}

function openStream(target: Target, options: LinkOptions): Promise<ServerLink> {
  const { remoteAddress, port, host, transport } = target
  const { signal, ca } = options
  const isSecure = transport === 'tls'
  const socket: Socket | TLSSocket = isSecure
    ? connectTls({
        host: remoteAddress,
        port,
        ...(host === remoteAddress ? {} : { servername: host }),
        ...(ca ? { ca } : {}),
      })
    : connectTcp({ host: remoteAddress, port })
  return new Promise((resolve, reject) => {
    const stop = () => {
      socket.destroy()
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    socket.once('error', (error) => {
      signal.removeEventListener('abort', stop)
      socket.destroy()
      reject(toFailure(error))
    })
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      signal.removeEventListener('abort', stop)
      socket.removeAllListeners('error')
      resolve(linkOf(socket, remoteAddress, options))
    })
  })
}

function linkOf(socket: Socket, remoteAddress: string, { onMessage, onFailure }: LinkOptions): ServerLink {
  const { localAddress: address = '', localPort: port = 0 } = socket
  let pending: Buffer = Buffer.alloc(0)
  let isOver = false
  const end = (failure: LinkFailure) => {
    if (isOver) return
    isOver = true
    socket.destroy()
    onFailure(failure)
  }
  socket.on('error', (error) => end(toFailure(error)))
  socket.on('close', () => end(new LinkFailure('unreachable', 'the server closed the connection')))
  socket.on('data', (data) => {
    const cut = cutMessages(Buffer.concat([pending, data]))
    if (!cut) return end(new LinkFailure('not-stun', 'what answers there does not speak STUN'))
    pending = cut.rest
    for (const message of cut.messages) onMessage(message)
  })
  return {
    local: { address, port },
    remoteAddress,
    isReliable: true,
    send: (message) => void (isOver || socket.write(message)),
    async close() {
      isOver = true
      socket.destroy()
    },
  }
}

/** The whole messages at the front of a stream; undefined when it is no stream of STUN messages. */
export function cutMessages(bytes: Buffer): { readonly messages: Buffer[]; readonly rest: Buffer } | undefined {
  const messages: Buffer[] = []
  let at = 0
  while (bytes.length - at >= headerLength) {
    const length = headerLength + bytes.readUInt16BE(at + 2)
    if (bytes[at]! >= 64 || bytes.readUInt32BE(at + 4) !== cookie || length > maxMessageBytes) return undefined
    if (bytes.length - at < length) break
    messages.push(bytes.subarray(at, at + length))
    at += length
  }
  const rest = bytes.subarray(at)
  return rest.length > 0 && rest[0]! >= 64 ? undefined : { messages, rest }
}

function toFailure(error: unknown): LinkFailure {
  const code = codeOf(error)
  if (code === 'ECONNREFUSED')
    return new LinkFailure('refused', 'nobody listens there (ECONNREFUSED)', { cause: error })
  if (/^(ERR_TLS|CERT|DEPTH|SELF_SIGNED|UNABLE_TO)/.test(code))
    return new LinkFailure('certificate', `its certificate is not to be trusted (${code})`, { cause: error })
  if (/^(ERR_SSL|EPROTO)/.test(code))
    return new LinkFailure('not-stun', `what answers there does not speak TLS (${code})`)
  return new LinkFailure('unreachable', `it cannot be reached (${code})`, { cause: error })
}
