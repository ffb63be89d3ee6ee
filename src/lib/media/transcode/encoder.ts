// What a transcoder must do, whether it runs inside this process (node-av) or beside it (an ffmpeg on the PATH).
import type { Frame, Gop } from '../../model/frame.ts'
import type { Track } from '../../model/track.ts'
import type { Recipe } from '../../protocol/media-plane.ts'

export type VideoRecipe = Extract<Recipe, { kind: 'video' }>
export type AudioRecipe = Extract<Recipe, { kind: 'audio' }>

/** One run over a track: from segment `from` of the grid of `segmentS` seconds to the end of the source. */
export interface EncodeRequest<R extends Recipe = Recipe> {
  readonly track: Track
  readonly recipe: R
  readonly segmentS: number
  readonly from: number
}

export interface Encoder {
  readonly name: 'node-av' | 'ffmpeg'
  /**
   * Decodes `source` (GOPs in storage order, from the key frame at or before the first segment; audio from a little earlier)
   * and encodes it anew. Frames come in presentation order. Video: the first frame of every segment is a key frame that needs
   * nothing before it, at the start of the segment where the source has a frame shown then. Audio: Opus frames of 20 ms that
   * start on multiples of 20 ms, joined without a click to what a run from another segment makes.
   * Lazy: it works only while frames are asked for. Everything is freed when the iteration ends, however it ends.
   * Rejects with CODEC_UNSUPPORTED (no decoder), MEDIA_CORRUPT (nothing decodes), or the reason of `signal`.
   */
  encode(request: EncodeRequest, source: AsyncIterable<Gop>, signal: AbortSignal): AsyncIterable<Frame>
}

/** Opus frames are 20 ms at 48 kHz. */
export const opusFrameSamples = 960
/** How much an audio run encodes and throws away before its first segment, until the codec state is the one of a long run. */
export const prerollS = 0.08
/** Samples by which libopus lags (OPUS_GET_LOOKAHEAD at 48 kHz): the input is advanced by them, because RTP has no pre-skip. */
export const opusLookahead = 312
/** How far before its first segment the source of an audio run starts: the preroll, and what the source's codec overlaps. */
export const audioLeadS = 0.3
