// Codecs as SDP declares them.
import type { RtpCodec } from './track.ts'

/** A codec as one side declares it in SDP. */
export interface CodecParameters {
  readonly codec: RtpCodec
  /** fmtp parameters, for example { 'profile-level-id': '42e01f', 'packetization-mode': '1' }. Keys in lower case. */
  readonly parameters: Readonly<Record<string, string>>
  readonly channels?: number
}

/** What the viewer can receive, in its order of preference. */
export interface ViewerCodecs {
  readonly video: readonly CodecParameters[]
  readonly audio: readonly CodecParameters[]
}

/** What will be sent: at most one codec a kind; absent when the kind is not sent. */
export interface ChosenCodecs {
  readonly video?: CodecParameters
  readonly audio?: CodecParameters
}
