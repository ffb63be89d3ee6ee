// What a transport is made from and tells.
import type { Logger } from '../base/logger.ts'
import type { ConnectionState, IceState } from '../model/stream.ts'
import type { DtlsRemote } from './dtls/dtls.ts'
import type { IceOptions } from './ice/ice.ts'
import type { IceParameters } from './sdp/sdp.ts'

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

export interface TransportOptions extends IceOptions {
  readonly logger: Logger
}

export interface RemoteParameters extends DtlsRemote {
  readonly ice: IceParameters
  readonly isIceLite: boolean
}
