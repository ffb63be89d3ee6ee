// What a transport is made from and tells.
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { ConnectionState, IceState } from '../model/stream.ts'
import type { IceServer } from '../protocol/media-plane.ts'
import type { Fingerprint, IceParameters } from './sdp.ts'
import type { UdpMux } from './udp-mux.ts'

export type TransportEvents = {
  state: [connection: ConnectionState, ice: IceState]
  /** `candidate:…` text of a local candidate, or null at the end. */
  candidate: [string | null]
  connected: []
  /** SRTP and SRTCP as they arrive: RTP still encrypted, RTCP in the clear. */
  rtp: [Buffer]
  rtcp: [Buffer]
  control: [string]
  controlOpen: []
}

export interface TransportOptions {
  readonly mux: UdpMux
  readonly isControlling: boolean
  readonly iceServers: readonly IceServer[]
  readonly announceAddresses: readonly string[]
  /** Only paths over a TURN server. */
  readonly relayOnly?: boolean
  readonly clock: Clock
  readonly logger: Logger
}

export interface RemoteParameters {
  readonly ice: IceParameters
  readonly fingerprints: readonly Fingerprint[]
  readonly isIceLite: boolean
  /** The role of this side in DTLS. */
  readonly dtlsRole: 'client' | 'server'
}
