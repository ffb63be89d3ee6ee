// Puts a path between a server and a viewer that is not ours, as a browser: media goes through sockets of this process.
//
// The descriptions of both pass by here. To the viewer, each UDP address of the server is one of ours; to the server the viewer says
// no address, and is learnt from its checks. A viewer's address is let in by a check of ICE that is authentic for the server.
import type { RemoteInfo } from 'node:dgram'
import { McpxError } from '../base/errors.ts'
import type { DatagramPath } from '../webrtc/ice/datagram-path.ts'
import { hasIntegrity, localFragmentOf, stunClassOf } from '../webrtc/ice/stun.ts'
import { credentialsOf, type SdpAddress, withAddresses, withoutAddresses } from './relay-sdp.ts'
import { Door, Mapping } from './relay-sockets.ts'

/** Addresses of a server, addresses that a viewer comes from at each, and sessions (ICE restarts) that count. */
const maxDoors = 16
const maxMappings = 64
const maxCredentials = 8

export interface UdpRelay {
  /** The server's offer or answer as the viewer shall see it. Throws INVALID_SDP. */
  toViewer(serverSdp: string): Promise<string>
  /** The viewer's offer or answer as the server shall see it. */
  toServer(viewerSdp: string): string
  /** Datagrams of addresses that nobody let in. */
  readonly strangers: number
  /** Lets what is on its way up arrive, for a second at most. The path is closed by who made it, after this. */
  close(): Promise<void>
}

export const openRelay = (path: DatagramPath): UdpRelay => new Relay(path)

class Relay implements UdpRelay {
  strangers = 0
  readonly #path: DatagramPath
  readonly #doors = new Map<string, Promise<Door>>()
  /** By door and the viewer's address, the oldest first. */
  readonly #mappings = new Map<string, Mapping>()
  readonly #credentials = new Map<string, string>()
  #isClosed = false

  constructor(path: DatagramPath) {
    this.#path = path
  }

  async toViewer(serverSdp: string): Promise<string> {
    if (this.#isClosed) throw new McpxError('STREAM_CONFLICT', 'the relay is closed')
    for (const [fragment, password] of credentialsOf(serverSdp)) {
      this.#credentials.delete(fragment)
      this.#credentials.set(fragment, password)
      if (this.#credentials.size > maxCredentials) this.#credentials.delete(firstOf(this.#credentials)!)
    }
    return withAddresses(serverSdp, async (server) => (await this.#doorTo(server))?.address)
  }

  toServer(viewerSdp: string): string {
    return withoutAddresses(viewerSdp)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#path.drained()
    for (const mapping of this.#mappings.values()) mapping.close()
    this.#mappings.clear()
    for (const opened of await Promise.allSettled(this.#doors.values()))
      if (opened.status === 'fulfilled') opened.value.close()
  }

  #doorTo(server: SdpAddress): Promise<Door> | undefined {
    const key = keyOf(server)
    const known = this.#doors.get(key)
    if (known) return known
    if (this.#doors.size >= maxDoors) return undefined
    const opening = Door.open(server, (door, data, from) => this.#fromViewer(door, data, from))
    this.#doors.set(key, opening)
    return opening
  }

  #fromViewer(door: Door, data: Buffer, from: RemoteInfo): void {
    if (this.#isClosed) return
    const key = `${keyOf(door.server)} ${keyOf(from)}`
    const mapping = this.#mappings.get(key) ?? this.#admit(key, door, data, from)
    if (mapping) this.#path.up(data, (arrived) => mapping.send(arrived))
    else this.strangers++
  }

  #admit(key: string, door: Door, data: Buffer, from: RemoteInfo): Mapping | undefined {
    const fragment = stunClassOf(data) === 'request' ? localFragmentOf(data) : undefined
    const password = fragment === undefined ? undefined : this.#credentials.get(fragment)
    if (password === undefined || !hasIntegrity(data, password)) return undefined
    const mapping = new Mapping(door.server, (answer) => {
      if (!this.#isClosed) this.#path.down(answer, (arrived) => door.send(arrived, from))
    })
    this.#mappings.set(key, mapping)
    if (this.#mappings.size > maxMappings) this.#forgetOldest()
    return mapping
  }

  #forgetOldest(): void {
    const oldest = firstOf(this.#mappings)!
    this.#mappings.get(oldest)!.close()
    this.#mappings.delete(oldest)
  }
}

const keyOf = ({ address, port }: SdpAddress): string => `${address} ${port}`
const firstOf = (map: ReadonlyMap<string, unknown>): string | undefined => map.keys().next().value
