// A codec in SDP's words: what viewers negotiate and what packets are made for.
import type { RtpCodec } from './track.ts'

/** A codec as one side declares it in SDP. */
export interface CodecParameters {
  readonly codec: RtpCodec
  /** fmtp parameters, for example { 'profile-level-id': '42e01f', 'packetization-mode': '1' }. Keys in lower case. */
  readonly parameters: Readonly<Record<string, string>>
  readonly channels?: number
}
