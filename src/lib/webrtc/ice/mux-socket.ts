// One UDP socket for many peers: packets find their peer by STUN username fragment first, by 5-tuple once a check was authentic.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { type AddressInfo, isIPv6 } from 'node:net'
import { keepPacket } from '../srtp/packet-memory.ts'
import type { DatagramPath } from './datagram-path.ts'
import { hasIntegrity, isSound, localFragmentOf, stunClassOf, transactionOf } from './stun.ts'

/** The passwords a peer answers to, by username fragment: those of before an ICE restart too, for a while. */
export type Credentials = ReadonlyMap<string, string>

/** One peer on one socket; has the shape of werift's Transport. */
export interface MuxEndpoint {
  readonly type: 'udp'
  readonly address: AddressInfo
  readonly addressFamily: 4 | 6
  readonly closed: boolean
  /** Packets that came for this peer. */
  readonly received: number
  /** STUN, DTLS, and media while `onMedia` is not set. */
  onData: (data: Buffer, from: readonly [string, number]) => void
  /** SRTP and SRTCP from an address that a check has authenticated (RFC 7983: first byte 128 to 191). */
  onMedia: ((data: Buffer, from: readonly [string, number]) => void) | undefined
  send(data: Buffer, to?: readonly [string, number]): Promise<void>
  /** As `send`, without a promise: for the media path. */
  post(data: Buffer, port: number, address: string): void
  close(): Promise<void>
}

/** Remote addresses kept a peer; a viewer that moves leaves its old ones behind. */
const maxTuplesPerPeer = 64
const maxTransactions = 8192
/** Checks sent to one host that has never answered (a check that goes unanswered is sent 7 times), and such hosts a peer. */
const maxUnansweredChecks = 24
const maxSilentHosts = 48

export interface Attached {
  readonly credentials: Credentials
  readonly fragments: Set<string>
  readonly tuples: Set<string>
  /** Checks sent to each host since it was last heard: who names an address may not own it. */
  readonly unanswered: Map<string, number>
  readonly endpoints: Map<MuxSocket, Endpoint>
}

const isMedia = (data: Buffer): boolean => data[0]! >= 128 && data[0]! <= 191

/** What all sockets of a multiplexer share. */
export interface MuxState {
  readonly stats: { unknownPackets: number; forgedChecks: number }
  readonly byFragment: ReadonlyMap<string, Attached>
  /** Called before each datagram. */
  readonly yieldToMedia: () => void
  /** Between all sockets and the network. */
  readonly path: DatagramPath | undefined
}

export class MuxSocket {
  readonly address: AddressInfo
  readonly #mux: MuxState
  readonly #socket: Socket
  readonly #routes = new Map<string, Endpoint>()
  readonly #transactions = new Map<string, Endpoint>()
  #isClosed = false
  /** Later than closed, where something is still on a path. */
  #isGone = false

  static open(mux: MuxState, address: string, port: number): Promise<MuxSocket> {
    const family = isIPv6(address) ? 6 : 4
    // Addresses are literal: with its own lookup, `send` reaches the kernel in the same tick.
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6,
      lookup: (host, _options, done) => done(null, host, family),
    })
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close()
        reject(error)
      })
      socket.bind({ address, port }, () => {
        socket.removeAllListeners('error')
        resolve(new MuxSocket(mux, socket))
      })
    })
  }

  private constructor(mux: MuxState, socket: Socket) {
    this.#mux = mux
    this.#socket = socket
    this.address = socket.address()
    const { path } = mux
    socket.on('message', (data, from) => {
      if (path) path.down(data, (arrived) => this.#isClosed || this.#receive(arrived, from))
      else this.#receive(data, from)
    })
    // A refused datagram (ICMP) says nothing that consent checks do not say better.
    socket.on('error', () => {})
  }

  post(data: Buffer, port: number, address: string): void {
    if (this.#isClosed) return
    if (this.#mux.path) this.#mux.path.up(data, (arrived) => this.#isGone || this.#send(arrived, port, address))
    else this.#send(data, port, address)
  }

  /** Remembers who asked, so that the response finds its way. */
  expectResponse(packet: Buffer, endpoint: Endpoint): void {
    const key = transactionOf(packet)
    this.#transactions.delete(key)
    this.#transactions.set(key, endpoint)
    if (this.#transactions.size > maxTransactions) {
      const [oldest] = this.#transactions.keys()
      if (oldest !== undefined) this.#transactions.delete(oldest)
    }
  }

  forget(attached: Attached, endpoint: Endpoint): void {
    endpoint.closed = true
    endpoint.onData = () => {}
    endpoint.onMedia = undefined
    for (const tuple of attached.tuples) if (this.#routes.get(tuple) === endpoint) this.#routes.delete(tuple)
  }

  /** What has been sent before still goes over the path. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#routes.clear()
    this.#transactions.clear()
    if (this.#mux.path) await this.#mux.path.drained()
    this.#isGone = true
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }

  #send(data: Buffer, port: number, address: string): void {
    this.#socket.send(data, port, address)
    // The kernel has taken it, or its buffer is full and it stands in line.
    if (this.#socket.getSendQueueCount() > 0) keepPacket()
  }

  #receive(data: Buffer, from: RemoteInfo): void {
    this.#mux.yieldToMedia()
    const address = from.family === 'IPv6' ? from.address.split('%', 1)[0]! : from.address
    const endpoint = this.#endpointOf(data, `${address}:${from.port}`)
    if (!endpoint) {
      this.#mux.stats.unknownPackets++
      return
    }
    const { unanswered } = endpoint.attached
    if (unanswered.size > 0) unanswered.delete(address)
    endpoint.received++
    const receive = endpoint.onMedia && isMedia(data) ? endpoint.onMedia : endpoint.onData
    receive(data, [address, from.port])
  }

  #endpointOf(data: Buffer, tuple: string): Endpoint | undefined {
    if (isMedia(data)) return this.#routes.get(tuple)
    const stunClass = stunClassOf(data)
    if (!isSound(data, stunClass)) return undefined
    if (stunClass === 'request') return this.#endpointOfCheck(data, tuple)
    if (stunClass === 'response') {
      const key = transactionOf(data)
      const endpoint = this.#transactions.get(key)
      this.#transactions.delete(key)
      if (endpoint && !endpoint.closed) this.#bind(tuple, endpoint)
      return endpoint
    }
    return this.#routes.get(tuple)
  }

  #endpointOfCheck(data: Buffer, tuple: string): Endpoint | undefined {
    const ufrag = localFragmentOf(data)
    const attached = ufrag === undefined ? undefined : this.#mux.byFragment.get(ufrag)
    const password = ufrag === undefined ? undefined : attached?.credentials.get(ufrag)
    if (!attached || password === undefined) return undefined
    if (!hasIntegrity(data, password)) {
      this.#mux.stats.forgedChecks++
      return undefined
    }
    const endpoint = attached.endpoints.get(this)
    if (endpoint) this.#bind(tuple, endpoint)
    return endpoint
  }

  #bind(tuple: string, endpoint: Endpoint): void {
    const { attached } = endpoint
    if (this.#routes.get(tuple) === endpoint) return
    this.#routes.set(tuple, endpoint)
    attached.tuples.add(tuple)
    if (attached.tuples.size <= maxTuplesPerPeer) return
    const [oldest] = attached.tuples
    attached.tuples.delete(oldest!)
    if (this.#routes.get(oldest!) === endpoint) this.#routes.delete(oldest!)
  }
}

export class Endpoint implements MuxEndpoint {
  readonly type = 'udp'
  readonly address: AddressInfo
  readonly addressFamily: 4 | 6
  closed = false
  received = 0
  onData: MuxEndpoint['onData'] = () => {}
  onMedia: MuxEndpoint['onMedia']
  readonly attached: Attached
  readonly #socket: MuxSocket

  constructor(socket: MuxSocket, attached: Attached) {
    this.#socket = socket
    this.attached = attached
    this.address = socket.address
    this.addressFamily = socket.address.family === 'IPv6' ? 6 : 4
  }

  async send(data: Buffer, to?: readonly [string, number]): Promise<void> {
    if (this.closed || !to) return
    if (stunClassOf(data) === 'request') {
      if (!this.#mayCheck(to[0])) return
      this.#socket.expectResponse(data, this)
    }
    this.#socket.post(data, to[1], to[0])
  }

  #mayCheck(address: string): boolean {
    const { unanswered } = this.attached
    const sent = unanswered.get(address) ?? 0
    if (sent >= maxUnansweredChecks || (sent === 0 && unanswered.size >= maxSilentHosts)) return false
    unanswered.set(address, sent + 1)
    return true
  }

  post(data: Buffer, port: number, address: string): void {
    if (!this.closed) this.#socket.post(data, port, address)
  }

  async close(): Promise<void> {
    this.closed = true
  }
}
