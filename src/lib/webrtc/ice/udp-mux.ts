// One UDP port for many peers, on each address: which ones, and who is attached.
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { McpxError } from '../../base/errors.ts'
import type { DatagramPath } from './datagram-path.ts'
import { type Attached, type Credentials, Endpoint, type MuxEndpoint, MuxSocket, type MuxState } from './mux-socket.ts'

export interface UdpMux {
  readonly addresses: readonly AddressInfo[]
  readonly stats: { readonly unknownPackets: number; readonly forgedChecks: number }
  /** Endpoints of a peer, one a socket. `credentials` is read at every check, so that it may change. */
  attach(credentials: Credentials): {
    readonly endpoints: readonly MuxEndpoint[]
    addFragment(ufrag: string): void
    dropFragment(ufrag: string): void
    detach(): void
  }
  close(): Promise<void>
}

/** Addresses to gather on: those given, or all but loopback and link-local, or loopback when there is nothing else. */
export function hostAddresses(bindAddresses: readonly string[], interfaces = networkInterfaces()): string[] {
  const all = Object.values(interfaces).flatMap((entries) => entries ?? [])
  const usable = all.filter((entry) => !entry.address.startsWith('169.254.') && !entry.address.startsWith('fe80:'))
  const outer = usable.filter((entry) => !entry.internal)
  const found = (outer.length > 0 ? outer : usable).map((entry) => entry.address)
  if (bindAddresses.length === 0) return found.length > 0 ? [...new Set(found)] : ['127.0.0.1']
  const wanted = bindAddresses.flatMap((address) => {
    if (address !== '0.0.0.0' && address !== '::') return [address]
    return usable.filter((entry) => address === '::' || entry.family === 'IPv4').map((entry) => entry.address)
  })
  return [...new Set(wanted)]
}

/** Opens a socket on each address, all on one port number. Throws PORT_IN_USE. */
export async function createUdpMux(options: {
  addresses: readonly string[]
  /** 0 for a free one. */
  port?: number
  portRange?: readonly [number, number]
  /** Where in the range to begin, so that many peers do not all try the same taken ports. */
  offset?: number
  /** Called before each datagram: a burst of them comes in one turn of the event loop. */
  yieldToMedia?: () => void
  /** What all datagrams go through, out and in. Whoever made it closes it. */
  path?: DatagramPath | undefined
}): Promise<UdpMux> {
  const mux = new Mux(options.yieldToMedia ?? (() => {}), options.path)
  for (const port of candidatePorts(options)) {
    if (await mux.open(options.addresses, port)) return mux
  }
  const what = options.portRange ? `UDP ports ${options.portRange.join('-')} are` : `UDP port ${options.port ?? 0} is`
  throw new McpxError('PORT_IN_USE', `${what} taken on ${options.addresses.join(', ')}`)
}

function candidatePorts(options: { port?: number; portRange?: readonly [number, number]; offset?: number }): number[] {
  const { port = 0, portRange, offset = 0 } = options
  if (portRange) {
    const count = portRange[1] - portRange[0] + 1
    return Array.from({ length: count }, (_, i) => portRange[0] + ((i + offset) % count))
  }
  // A free port on the first address may be taken on the next: try some.
  return port === 0 ? Array(16).fill(0) : [port]
}

class Mux implements UdpMux, MuxState {
  readonly stats = { unknownPackets: 0, forgedChecks: 0 }
  readonly byFragment = new Map<string, Attached>()
  readonly yieldToMedia: () => void
  readonly path: DatagramPath | undefined
  #sockets: MuxSocket[] = []

  constructor(yieldToMedia: () => void, path: DatagramPath | undefined) {
    this.yieldToMedia = yieldToMedia
    this.path = path
  }

  get addresses(): AddressInfo[] {
    return this.#sockets.map((socket) => socket.address)
  }

  async open(addresses: readonly string[], port: number): Promise<boolean> {
    let shared = port
    try {
      for (const address of addresses) {
        const socket = await MuxSocket.open(this, address, shared)
        this.#sockets.push(socket)
        shared = socket.address.port
      }
      return this.#sockets.length > 0
    } catch (error) {
      await this.close()
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
      throw error
    }
  }

  attach(credentials: Credentials) {
    const attached: Attached = {
      credentials,
      fragments: new Set(),
      tuples: new Set(),
      unanswered: new Map(),
      endpoints: new Map(),
    }
    for (const socket of this.#sockets) attached.endpoints.set(socket, new Endpoint(socket, attached))
    return {
      endpoints: [...attached.endpoints.values()],
      addFragment: (ufrag: string) => {
        attached.fragments.add(ufrag)
        this.byFragment.set(ufrag, attached)
      },
      dropFragment: (ufrag: string) => {
        attached.fragments.delete(ufrag)
        this.byFragment.delete(ufrag)
      },
      detach: () => {
        for (const ufrag of attached.fragments) this.byFragment.delete(ufrag)
        for (const [socket, endpoint] of attached.endpoints) socket.forget(attached, endpoint)
        attached.endpoints.clear()
      },
    }
  }

  async close(): Promise<void> {
    const sockets = this.#sockets
    this.#sockets = []
    this.byFragment.clear()
    await Promise.all(sockets.map((socket) => socket.close()))
  }
}
