// A peer connection as the rest of mcpx sees it. No type of the library beneath shows here.
import type { McpxError } from '../base/errors.ts'
import type { Events } from '../base/events.ts'
import type { ChosenCodecs, CodecParameters, ViewerCodecs } from '../model/codec.ts'
import type { PacketSink } from '../model/frame.ts'
import type { PacketFeedback, PacketKind } from '../model/packet-report.ts'
import type { ConnectionState, IceState } from '../model/stream.ts'
import type { MediaKind } from '../model/track.ts'
import type { IceCandidate } from '../protocol/media-plane.ts'

export type { ChosenCodecs, CodecParameters, ViewerCodecs } from '../model/codec.ts'

/** One outgoing RTP stream of a connected peer. */
export interface RtpOutlet extends PacketSink {
  readonly kind: MediaKind
  readonly codec: CodecParameters
  readonly ssrc: number
  /** Sends a sender report (RFC 3550 6.4.1) that ties `rtpTimestamp` to the wall clock instant `wallMs`. */
  sendSenderReport(report: { wallMs: number; rtpTimestamp: number; packetCount: number; octetCount: number }): void
}

/** From the viewer's RTCP, per outgoing stream. */
export interface ReceiverReport {
  readonly kind: MediaKind
  readonly fractionLost: number
  /** Since the beginning, as the viewer counts. */
  readonly packetsLost: number
  /** The last sequence number that the viewer has seen, with its cycles (RFC 3550 6.4.1). */
  readonly highestSequence: number
  readonly jitterS: number
  /** Absent until a report answers one of our sender reports. */
  readonly roundTripTimeS?: number
}

export type PeerEvents = {
  state: [connection: ConnectionState, ice: IceState]
  /** A local candidate, or null at the end. */
  candidate: [IceCandidate | null]
  pictureLoss: []
  /** Sequence numbers the viewer misses. */
  nack: [kind: MediaKind, sequences: readonly number[]]
  receiverReport: [ReceiverReport]
  /** What became of packets that carried a transport-wide sequence number. */
  acked: [PacketFeedback]
  /** What the viewer thinks that it may be sent in all, bits a second (REMB): from one that does not do transport-cc. */
  remb: [bitrateBps: number]
  control: [text: string]
  controlOpen: []
}

/** Called for each packet with a transport-wide sequence number, right after it has left. */
export type SentObserver = (kind: PacketKind, byteLength: number, atMs: number) => void

export interface PeerTimings {
  readonly iceGatheringMs?: number
  readonly iceConnectMs?: number
  readonly dtlsConnectMs?: number
}

export interface Peer {
  readonly events: Events<PeerEvents>
  readonly connectionState: ConnectionState
  readonly iceState: IceState
  /** After connect: one outlet for each kind that was chosen. */
  readonly outlets: readonly RtpOutlet[]
  readonly timings: PeerTimings
  /** Address and port of the viewer as ICE selected it. */
  readonly remoteAddress: string | undefined
  /** UDP packets of the viewer that came in, its ICE checks included. */
  readonly packetsReceived: number
  /** PEER_FAILED with what went wrong, once the connection has failed by itself. */
  readonly failure?: McpxError | undefined
  /**
   * Viewer offers: asks `choose` what to send of what the viewer can receive and answers with exactly that, all candidates
   * included. On a later offer of the same peer, an ICE restart. Throws INVALID_SDP, or what `choose` throws.
   */
  acceptOffer(sdp: string, choose: (viewer: ViewerCodecs) => Promise<ChosenCodecs>): Promise<string>
  /** Server offers: sendonly sections for the kinds given, with these codecs in order of preference. */
  createOffer(
    codecs: { video?: readonly CodecParameters[]; audio?: readonly CodecParameters[] },
    options?: { iceRestart?: boolean },
  ): Promise<string>
  /** The answer to createOffer; `choose` picks from what the answer left. */
  acceptAnswer(sdp: string, choose: (viewer: ViewerCodecs) => Promise<ChosenCodecs>): Promise<void>
  addCandidate(candidate: IceCandidate | null): Promise<void>
  /** One observer at a time: the last one. */
  observeSent(observer: SentObserver): void
  /** False when the control channel is not open or is backed up. */
  sendControl(text: string): boolean
  close(): Promise<void>
}
