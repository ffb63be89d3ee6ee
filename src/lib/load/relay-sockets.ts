// The sockets of a relay: a door for each address of the server, and behind it a mapping for each address that a viewer comes from.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { SdpAddress } from './relay-sdp.ts'

/** Addresses are literal: without its own lookup, a datagram reaches the kernel in the same tick. */
function udpSocket(address: string): Socket {
  const family = isIPv6(address) ? 6 : 4
  return createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    lookup: (host, _options, done) => done(null, host, family),
    // A burst waits here while the process is busy: the path shall lose packets, not the relay.
    recvBufferSize: 2 ** 20,
  })
}

/** Rejects where the address is not of this machine. */
async function boundTo(address: string): Promise<Socket> {
  const socket = udpSocket(address)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind(0, address, () => {
      socket.removeAllListeners('error')
      resolve()
    })
  })
  socket.on('error', ignore)
  return socket
}

/** Of this machine; that of loopback where there is no way. Sends nothing. */
async function addressTowards({ address, port }: SdpAddress): Promise<string> {
  const socket = udpSocket(address)
  const found = await new Promise<string | undefined>((resolve) => {
    socket.once('error', () => resolve(undefined))
    socket.connect(port, address, () => resolve(socket.address().address))
  })
  socket.close()
  return found ?? (isIPv6(address) ? '::1' : '127.0.0.1')
}

/** A refused datagram (ICMP) says nothing that the checks of ICE do not say better. */
const ignore = () => {}

/** Datagrams that wait for the socket of a mapping, which takes a turn of the event loop. */
const maxWaiting = 16

/** As of a NAT: one socket towards the server for one address of the viewer, which only the server's address may answer. */
export class Mapping {
  readonly #socket: Socket
  #waiting: Buffer[] | undefined = []
  #isClosed = false

  constructor(server: SdpAddress, onData: (data: Buffer) => void) {
    this.#socket = udpSocket(server.address)
    this.#socket.on('error', ignore)
    this.#socket.on('message', onData)
    // Connected, the kernel lets in nobody else. An address without a route never is.
    this.#socket.on('connect', () => {
      const waiting = this.#waiting ?? []
      this.#waiting = undefined
      for (const data of waiting) this.send(data)
    })
    this.#socket.connect(server.port, server.address)
  }

  send(data: Buffer): void {
    if (this.#isClosed) return
    if (!this.#waiting) this.#socket.send(data)
    else if (this.#waiting.length < maxWaiting) this.#waiting.push(data)
  }

  close(): void {
    this.#isClosed = true
    this.#socket.close()
  }
}

/** Where the viewer finds one address of the server. */
export class Door {
  readonly server: SdpAddress
  readonly #socket: Socket
  #isClosed = false

  private constructor(server: SdpAddress, socket: Socket, onData: (data: Buffer, from: RemoteInfo) => void) {
    this.server = server
    this.#socket = socket
    socket.on('message', onData)
  }

  /** On the address of the server where that is of this machine, otherwise on the one from which it is reached: browsers know that. */
  static async open(server: SdpAddress, onData: (door: Door, data: Buffer, from: RemoteInfo) => void): Promise<Door> {
    const socket = await boundTo(server.address).catch(async () => boundTo(await addressTowards(server)))
    const door: Door = new Door(server, socket, (data, from) => onData(door, data, from))
    return door
  }

  get address(): SdpAddress {
    const { address, port } = this.#socket.address()
    return { address, port }
  }

  send(data: Buffer, to: RemoteInfo): void {
    if (!this.#isClosed) this.#socket.send(data, to.port, to.address)
  }

  close(): void {
    this.#isClosed = true
    this.#socket.close()
  }
}
