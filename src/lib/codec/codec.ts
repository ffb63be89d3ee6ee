// What a codec is to the rest: everything that depends on which one it is stands in its own file, as one value of this type.
import type { CodecParameters } from '../model/codec.ts'
import type { MediaKind, RtpCodec, Track } from '../model/track.ts'
import type { Depacketizer } from './depacketizer.ts'
import type { Packetizer } from './packetizer.ts'

/** fmtp parameters, keys in lower case. */
export type Fmtp = CodecParameters['parameters']

export interface Codec {
  readonly name: RtpCodec
  readonly kind: MediaKind
  /** As `a=rtpmap` says it, for example `H264`. */
  readonly rtpName: string
  readonly clockRate: 90_000 | 48_000
  /** What an offer of ours says of the frames that we send. */
  readonly sends: Fmtp
  /** What a viewer of ours says it decodes, near enough what browsers say: one entry for each payload type. */
  readonly receives: readonly Fmtp[]
  /** A WebCodecs codec string that says as little as possible: the bit stream itself says the rest. */
  readonly codecString: string
  /** What mediabunny calls it in files. */
  readonly containerName: 'vp8' | 'vp9' | 'av1' | 'avc' | 'opus'
  /** Endings of the files that hold it. */
  readonly files: readonly ('.webm' | '.mp4')[]
  readonly depacketizer: Depacketizer
  /** @param description the decoder configuration of the track. Throws MEDIA_CORRUPT when it is broken. */
  createPacketizer(description?: Uint8Array): Packetizer
  /** Whether a decoder that was declared so takes this track as it is: the whole codec string counts, not its name. */
  fits(track: Track, offered: Fmtp): boolean
  /** Whether a stored frame has something in it that is not shown by itself; absent where that is sent as it is. Never throws. */
  hidesFrames?(data: Uint8Array): boolean
  /** Seconds that a packet plays, 0 when it does not say so; absent where packets never do. */
  packetDurationS?(data: Uint8Array): number
}

/** A decimal fmtp value, or the default when it is absent; NaN when it is no number. */
export const numberOf = (text: string | undefined, absent: number): number =>
  text === undefined ? absent : /^\d+$/.test(text) ? Number(text) : Number.NaN
