// The codecs that RTP carries here. A new one is a file beside this, its name in the model, and a line in the table.
import { McpxError } from '../base/errors.ts'
import type { CodecParameters } from '../model/codec.ts'
import type { MediaKind, RtpCodec, Track } from '../model/track.ts'
import { av1 } from './av1.ts'
import type { Codec } from './codec.ts'
import { h264 } from './h264.ts'
import { opus } from './opus.ts'
import type { Packetizer } from './packetizer.ts'
import { vp8 } from './vp8.ts'
import { vp9 } from './vp9.ts'

export type { Codec } from './codec.ts'
export type { Depacketizer } from './depacketizer.ts'
export type { Packetizer } from './packetizer.ts'

/** In the order in which an offer of ours lists them. */
export const codecs: Readonly<Record<RtpCodec, Codec>> = { vp8, vp9, h264, av1, opus }

/** By its short name as a track or an SDP (in lower case) has it; undefined for one that RTP does not carry here. */
export const codecOf = (name: string): Codec | undefined =>
  Object.hasOwn(codecs, name) ? codecs[name as RtpCodec] : undefined

/** Throws CODEC_UNSUPPORTED for a codec that RTP does not carry here, MEDIA_CORRUPT for a broken decoder configuration. */
export function createPacketizer({ codec, description }: Pick<Track, 'codec' | 'description'>): Packetizer {
  const found = codecOf(codec)
  if (!found) throw new McpxError('CODEC_UNSUPPORTED', `there is no RTP payload format here for ${codec}`)
  return found.createPacketizer(description)
}

/**
 * The viewer's codec that takes exactly this track, the first of its preference; undefined when the track must be transcoded.
 * Never for frames out of order. Rotation is not judged here: RTP does not carry it, the caller decides who turns the picture.
 */
export function canPass(track: Track, viewer: readonly CodecParameters[]): CodecParameters | undefined {
  if (track.reordered) return undefined
  return viewer.find(
    (offered) => offered.codec === track.codec && codecs[offered.codec].fits(track, offered.parameters),
  )
}

const parametersOf = (codec: Codec, parameters: CodecParameters['parameters']): CodecParameters =>
  codec.kind === 'audio' ? { codec: codec.name, parameters, channels: 2 } : { codec: codec.name, parameters }

const ofKind = (kind: MediaKind): Codec[] => Object.values(codecs).filter((codec) => codec.kind === kind)

/** What a peer of ours can send, as an offer says it. */
export const sendable = (kind: MediaKind): CodecParameters[] =>
  ofKind(kind).map((codec) => parametersOf(codec, codec.sends))

/** Come before what else a viewer of ours takes. */
const preferred: readonly RtpCodec[] = ['vp9', 'vp8', 'av1']

/** What a viewer of ours can receive, in its order of preference. */
export function receivable(kind: MediaKind): CodecParameters[] {
  const rank = ({ name }: Codec) => (preferred.includes(name) ? preferred.indexOf(name) : preferred.length)
  const sorted = ofKind(kind).toSorted((a, b) => rank(a) - rank(b))
  return sorted.flatMap((codec) => codec.receives.map((parameters) => parametersOf(codec, parameters)))
}
