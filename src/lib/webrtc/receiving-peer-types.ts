// What a headless viewer tells and takes: packets, statistics, options.
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { receivable } from '../codec/index.ts'
import type { ConnectionState, IceState } from '../model/stream.ts'
import type { MediaKind, RtpCodec } from '../model/track.ts'
import type { IceServer } from '../protocol/media-plane.ts'
import type { DatagramPath } from './ice/datagram-path.ts'
import type { CodecParameters } from './peer.ts'
import type { ParsedRtp } from './rtp/receive-stream.ts'

/** One received packet. `payload` is its own memory and may be kept. */
export interface ReceivedRtp {
  readonly kind: MediaKind
  readonly codec: RtpCodec
  readonly payload: Buffer
  readonly sequence: number
  readonly timestamp: number
  readonly marker: boolean
  readonly payloadType: number
  /** True when it came as a retransmission. */
  readonly isRecovered: boolean
  /** When it arrived, on the clock that was given. */
  readonly atMs: number
}

export type ViewerEvents = {
  rtp: [ReceivedRtp]
  state: [connection: ConnectionState, ice: IceState]
  candidate: [{ candidate: string; sdpMid: string; sdpMLineIndex: number } | null]
  /** A sender report: this RTP timestamp is this instant of the sender's clock. */
  report: [{ kind: MediaKind; wallMs: number; rtpTimestamp: number }]
  control: [text: string]
  controlOpen: []
}

export interface ViewerStreamStats {
  readonly packetsReceived: number
  readonly bytesReceived: number
  readonly packetsLost: number
  readonly packetsRecovered: number
  readonly jitterS: number
  /** Milliseconds from creation of the peer to the first packet. */
  readonly firstPacketMs?: number
}

export interface ViewerStats {
  readonly video?: ViewerStreamStats
  readonly audio?: ViewerStreamStats
  readonly nacksSent: number
  readonly pictureLossSent: number
  readonly reportsSent: number
  readonly feedbackSent: number
  readonly roundTripTimeS?: number
  readonly iceConnectMs?: number
  readonly dtlsConnectMs?: number
  readonly candidatePair?: { readonly local: string; readonly remote: string; readonly type: string }
}

export interface ViewerOptions {
  readonly codecs?: { readonly video?: readonly CodecParameters[]; readonly audio?: readonly CodecParameters[] }
  readonly iceServers?: readonly IceServer[]
  /** Addresses to gather on; loopback and all others when absent. */
  readonly bindAddresses?: readonly string[]
  /** Only paths over a TURN server, to see whether it works. */
  readonly relayOnly?: boolean
  /** What its datagrams go through; not those that go over a TURN server. Close it after the peer. */
  readonly path?: DatagramPath
  readonly clock: Clock
  readonly logger?: Logger
  /** For tests: true drops the packet as if the network had lost it. */
  readonly drop?: (packet: ParsedRtp) => boolean
}

/** What a browser can receive, near enough. */
export const viewerCodecs: { video: readonly CodecParameters[]; audio: readonly CodecParameters[] } = {
  video: receivable('video'),
  audio: receivable('audio'),
}
