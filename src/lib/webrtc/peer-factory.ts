// Makes the peers that send, on one UDP socket for all of them or on one for each.
import { randomInt } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { PeerSettings } from '../protocol/media-plane.ts'
import { createUdpMux, hostAddresses } from './ice/udp-mux.ts'
import type { Peer } from './peer.ts'
import { SendingPeer } from './sending-peer.ts'
import { assertWeriftShape } from './werift.ts'

export interface PeerFactory {
  /** A peer that waits for acceptOffer or createOffer. */
  createPeer(): Promise<Peer>
  readonly openPeers: number
  /** Where the shared socket listens; empty with udpPortRange. */
  readonly addresses: readonly { address: string; port: number }[]
  /** Packets dropped at the shared socket. */
  readonly dropped: { readonly unknownPackets: number; readonly forgedChecks: number }
  /** Closes every peer and the socket. */
  close(): Promise<void>
}

export interface PeerFactoryDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** A whole number from 0 to below `end`; node:crypto when absent. */
  readonly random?: (end: number) => number
  /** Called between the pieces of a queue of work, so that media need not wait for the whole of it. */
  readonly yieldToMedia?: () => void
}

/** Opens the shared socket. Throws PORT_IN_USE, or INTERNAL when werift is not the version this was made for. */
export async function createPeerFactory(settings: PeerSettings, deps: PeerFactoryDeps): Promise<PeerFactory> {
  assertWeriftShape()
  const { clock, logger, yieldToMedia = () => {} } = deps
  const peers = new Set<SendingPeer>()
  const addresses = hostAddresses(settings.bindAddresses)
  const range = settings.udpPortRange
  const shared = range ? undefined : await createUdpMux({ addresses, port: settings.udpPort ?? 0, yieldToMedia })
  const random = deps.random ?? ((end: number) => randomInt(end))
  let isClosed = false
  let created = 0

  return {
    async createPeer() {
      if (isClosed) throw new McpxError('STREAM_CONFLICT', 'the peer factory is closed')
      const mux = shared ?? (await createUdpMux({ addresses, portRange: range!, offset: created++, yieldToMedia }))
      const peer = new SendingPeer({ settings, clock, logger, random, mux }, async () => {
        peers.delete(peer)
        if (mux !== shared) await mux.close()
      })
      peers.add(peer)
      return peer
    },
    get openPeers() {
      return peers.size
    },
    addresses: shared ? shared.addresses : [],
    dropped: shared ? shared.stats : { unknownPackets: 0, forgedChecks: 0 },
    async close() {
      isClosed = true
      await Promise.all([...peers].map((peer) => peer.close()))
      await shared?.close()
    },
  }
}
