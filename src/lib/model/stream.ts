// A stream: one piece of content on its way to one viewer, as every surface shows it.
import type { ErrorRecord } from '../base/errors.ts'
import type { Quality, QualityReason, RungQuality } from './quality.ts'
import type { MediaKind } from './track.ts'

/** `waiting`: opened, no viewer yet. `ended`: the content is over, the viewer may seek back. */
export type StreamState = 'waiting' | 'connecting' | 'active' | 'ended' | 'closed'

/** RTCPeerConnection's own words. */
export type IceState = 'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed'
export type SignalingState = 'stable' | 'have-local-offer' | 'have-remote-offer' | 'closed'
export type GatheringState = 'new' | 'gathering' | 'complete'
export type ConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

/** One step of the ladder, from worst (0) to best. */
export interface Rung {
  readonly index: number
  readonly name: RungQuality
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  readonly bitrateBps?: number
}

/** What is sent for one kind. */
export interface SentTrack {
  readonly kind: MediaKind
  /** Codec on the wire. */
  readonly codec: string
  /** Codec in the container; differs when transcoded. */
  readonly sourceCodec: string
  readonly transcoded: boolean
  readonly language?: string
}

export interface MediaInfo {
  readonly container: string
  readonly durationS: number
  readonly rungs: readonly Rung[]
  /** `ladder`: several rungs; `fixed`: one rendition, quality cannot change. */
  readonly mode: 'ladder' | 'fixed'
  readonly rotation: 0 | 90 | 180 | 270
  readonly tracks: readonly {
    readonly id: number
    readonly kind: MediaKind
    readonly codec: string
    readonly language?: string
    readonly width?: number
    readonly height?: number
    /** Size in square pixels before rotation, where the coded one has other pixels. */
    readonly displayWidth?: number
    readonly displayHeight?: number
    readonly frameRate?: number
    readonly sampleRate?: number
    readonly channels?: number
  }[]
}

export type CloseReason =
  | 'requested'
  | 'viewer_left'
  | 'ice_failed'
  | 'dtls_failed'
  | 'content_failed'
  | 'timeout'
  | 'server_stopped'

/** What the peer connection of a stream is in, in the words of W3C WebRTC. */
export interface PeerStates {
  readonly connection: ConnectionState
  readonly ice: IceState
  readonly signaling: SignalingState
  readonly gathering: GatheringState
  /** Labels of the data channels that are open. */
  readonly dataChannels: readonly string[]
}

export const newPeerStates: PeerStates = {
  connection: 'new',
  ice: 'new',
  signaling: 'stable',
  gathering: 'new',
  dataChannels: [],
}

export interface StreamRecord {
  readonly id: string
  /** Root CID plus path, as `bafy…/dir/file.mp4`. */
  readonly content: string
  readonly state: StreamState
  readonly quality: Quality
  /** Why it changed last; absent while it is that of the beginning. */
  readonly qualityReason?: QualityReason
  readonly createdAtMs: number
  readonly connectedAtMs?: number
  readonly closedAtMs?: number
  readonly closeReason?: CloseReason
  readonly error?: ErrorRecord
  readonly media?: MediaInfo
  readonly sent: readonly SentTrack[]
  /** What of the ladder is sent; absent before, and where there is no picture. */
  readonly rung?: Rung
  readonly peerStates: PeerStates
  /** Address of the viewer as ICE selected it. */
  readonly peer?: string
  readonly worker?: number
}
