// What a container holds, before anything is sent.

export type MediaKind = 'video' | 'audio'

/** Codecs that RTP carries here (RFC 7741, 9628, AV1 RTP, 6184, 7587). */
export const rtpCodecs = ['vp8', 'vp9', 'av1', 'h264', 'opus'] as const
export type RtpCodec = (typeof rtpCodecs)[number]

/** The `codec` of a track whose codec nobody here can name, and so nobody can decode. */
export const unknownCodec = 'unknown'

/** One track of a source, in FFmpeg's and WebCodecs' words. */
export interface Track {
  /** Unique within its container. */
  readonly id: number
  readonly kind: MediaKind
  /** Short name: an RtpCodec, or `hevc`, `aac`, `mp3`, `flac`, `vorbis`, `pcm-s16` … */
  readonly codec: string
  /** RFC 6381 / WebCodecs codec string, for example `avc1.64001f`. */
  readonly codecString: string
  /** Decoder configuration (avcC, AudioSpecificConfig, OpusHead), where the container has one. */
  readonly description?: Uint8Array
  readonly language?: string
  /** Video: coded size in pixels; rotation clockwise in degrees. */
  readonly width?: number
  readonly height?: number
  /** Size in square pixels before rotation, where the coded one has other pixels (anamorphic). */
  readonly displayWidth?: number
  readonly displayHeight?: number
  readonly rotation?: 0 | 90 | 180 | 270
  readonly frameRate?: number
  /** True when frames are stored in another order than they are shown (B-frames, hidden frames): RTP cannot carry it. */
  readonly reordered?: boolean
  /** Audio. */
  readonly sampleRate?: number
  readonly channels?: number
  /** Mean bitrate where known. */
  readonly bitrateBps?: number
}

export const clockRateOf = (kind: MediaKind): 90000 | 48000 => (kind === 'video' ? 90000 : 48000)
