// A server at a UDP or TCP port that does what a test says: nothing, nonsense, or an answer of its own making.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { onTestFinished } from 'vitest'
import { createSelfSignedCertificate } from 'werift'
import {
  makeIntegrityKey,
  parseStunMessage,
  StunMessage,
  stunClasses,
  stunMethods,
} from '../../src/lib/webrtc/werift.ts'

/** Answers each datagram with what `answer` makes of it. Returns its port. */
export async function udpServer(answer: (packet: Buffer) => Buffer | undefined): Promise<number> {
  const socket = createSocket('udp4')
  socket.on('message', (packet, from) => {
    const said = answer(packet)
    if (said) socket.send(said, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return socket.address().port
}

/** Takes connections, and gives each to `serve`. Returns its port. */
export async function tcpServer(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Speaks TLS with a certificate that it made itself. Returns its port. */
export async function tlsServer(): Promise<number> {
  const { certPem, keyPem } = await createSelfSignedCertificate({ hash: 4, signature: 3 }, 23)
  const server = createTlsServer({ cert: certPem, key: keyPem }, (socket) => void socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A port at which nobody listens. */
export async function closedUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((done) => void socket.close(() => done()))
  return port
}

export type TurnFault = 'relays-nothing' | 'relays-to-us-only' | 'refuses-peers' | 'open-to-all' | 'relays-at-port-0'

/** A TURN server for `viewer:secret` that takes every allocation, at a UDP port, and relays as badly as it is told. */
export async function turnServer(fault: TurnFault): Promise<number> {
  const key = makeIntegrityKey('viewer', 'mcpx', 'secret')
  const relay = createSocket('udp4').bind(0, '127.0.0.1')
  await once(relay, 'listening')
  const server = createSocket('udp4')
  relay.on('message', (data, from) => {
    if (!client || fault === 'relays-nothing') return
    const message = new StunMessage(stunMethods.DATA, stunClasses.INDICATION)
    message.setAttribute('XOR-PEER-ADDRESS', [from.address, from.port]).setAttribute('DATA', data)
    server.send(message.bytes, client.port, client.address)
  })
  let client: { address: string; port: number } | undefined
  server.on('message', (packet, from) => {
    const request = parseStunMessage(packet)
    const method = request?.messageMethod
    if (!request || (method === stunMethods.SEND && fault !== 'open-to-all')) return
    if (method === stunMethods.SEND) {
      const [address, port] = request.getAttributeValue('XOR-PEER-ADDRESS') as [string, number]
      return relay.send(request.getAttributeValue('DATA') as Buffer, port, address)
    }
    client = from
    const say = (answer: Buffer) => server.send(answer, from.port, from.address)
    const isSigned = request.getAttributeValue('USERNAME') !== undefined
    if (!isSigned && fault !== 'open-to-all') return say(errorAnswer(packet, method!, 401))
    if (method === stunMethods.CREATE_PERMISSION && fault === 'refuses-peers')
      return say(errorAnswer(packet, method, 403, 'Forbidden IP'))
    const answer = new StunMessage(method!, stunClasses.RESPONSE, packet.subarray(8, 20))
    answer.setAttribute('XOR-RELAYED-ADDRESS', ['127.0.0.1', fault === 'relays-at-port-0' ? 0 : relay.address().port])
    answer.setAttribute('XOR-MAPPED-ADDRESS', [from.address, from.port]).setAttribute('LIFETIME', 600)
    say((isSigned ? answer.addMessageIntegrity(key).addFingerprint() : answer).bytes)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    relay.close()
  })
  return server.address().port
}

/** An error response to a request, with a realm and a nonce for those that ask for credentials. */
export function errorAnswer(request: Buffer, method: stunMethods, code: number, reason = 'said so'): Buffer {
  const message = new StunMessage(method, stunClasses.ERROR, request.subarray(8, 20))
  message.setAttribute('ERROR-CODE', [code, reason])
  if (code === 401 || code === 438) message.setAttribute('REALM', 'mcpx').setAttribute('NONCE', Buffer.from('nonce'))
  return message.bytes
}
