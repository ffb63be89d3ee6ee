// What to make of a track that a viewer cannot take as it is: size, rate and codec of every rung. Pure.
import { McpxError } from '../../base/errors.ts'
import { qualityLimits, qualityNames } from '../../model/quality.ts'
import type { Track } from '../../model/track.ts'
import type { Recipe } from '../../protocol/media-plane.ts'
import type { AudioRecipe, VideoRecipe } from './encoder.ts'

/** No side is longer, whatever the shape: it bounds the work a strange source can ask for. */
const maxSide = 1920
const minSide = 16

/** Codecs that can be made, the cheapest first: at 720p VP8 takes half as much CPU again as H.264. */
const codecsByCost = ['h264', 'vp8', 'vp9'] as const
export type MadeCodec = (typeof codecsByCost)[number]

const even = (value: number) => Math.max(minSide, 2 * Math.round(value / 2))

/**
 * The rungs for a video track, from worst to best: the heights of the quality names that are not over the source's own, in the
 * cheapest codec that the viewer accepts. Give `h264` only when it accepts constrained baseline (42e01f). A source smaller than
 * the lowest name has one rung of its own size. The picture comes out upright, with square pixels and even sides.
 * Throws CODEC_UNSUPPORTED when nothing is accepted, MEDIA_CORRUPT when the source has no size.
 */
export function videoRecipes(track: Track, accepted: readonly MadeCodec[]): readonly VideoRecipe[] {
  const codec = codecsByCost.find((name) => accepted.includes(name))
  if (!codec) throw new McpxError('CODEC_UNSUPPORTED', `the viewer takes none of ${codecsByCost.join(', ')}`)
  const { rotation = 0 } = track
  const { displayWidth: width = track.width ?? 0, displayHeight: height = track.height ?? 0 } = track
  if (!(width > 0 && height > 0)) throw new McpxError('MEDIA_CORRUPT', `track ${track.id} has no picture size`)
  const isTurned = rotation === 90 || rotation === 270
  const [shownWidth, shownHeight] = isTurned ? [height, width] : [width, height]
  const shorter = Math.min(shownWidth, shownHeight)
  const sourceRate = track.frameRate && track.frameRate > 0 ? track.frameRate : 30

  const fitting = qualityNames.filter((name) => qualityLimits[name].height <= shorter)
  const names = fitting.length > 0 ? fitting : [qualityNames[0]]
  return names.map((name) => {
    const limit = qualityLimits[name]
    const scale = Math.min(1, limit.height / shorter, maxSide / Math.max(shownWidth, shownHeight))
    return {
      kind: 'video',
      codec,
      width: even(shownWidth * scale),
      height: even(shownHeight * scale),
      frameRate: Math.round(Math.max(1, Math.min(sourceRate, limit.frameRate)) * 1000) / 1000,
      bitrateBps: limit.bitrateBps,
      rotate: rotation,
    }
  })
}

/** Opus, stereo unless the source is mono. */
export function audioRecipe(track: Track): AudioRecipe {
  const channels = track.channels === 1 ? 1 : 2
  return { kind: 'audio', codec: 'opus', channels, bitrateBps: channels === 1 ? 64_000 : 96_000 }
}

/** A recipe as text, for ids and cache keys. */
export function recipeKey(recipe: Recipe): string {
  if (recipe.kind === 'audio') return `opus-${recipe.channels}ch-${recipe.bitrateBps}`
  const { codec, width, height, frameRate, bitrateBps, rotate } = recipe
  return `${codec}-${width}x${height}-${frameRate}-${bitrateBps}-${rotate}`
}

/** H.264 levels by macroblocks a second and a frame (Rec. H.264, table A-1), as the last byte of the codec string. */
const levels = [
  { mbPerS: 40_500, mbPerFrame: 1_620, id: '1e' },
  { mbPerS: 108_000, mbPerFrame: 3_600, id: '1f' },
  { mbPerS: 245_760, mbPerFrame: 8_192, id: '28' },
  { mbPerS: 522_240, mbPerFrame: 8_704, id: '2a' },
] as const

function h264CodecString({ width, height, frameRate }: VideoRecipe): string {
  const mbPerFrame = Math.ceil(width / 16) * Math.ceil(height / 16)
  const level = levels.find((at) => mbPerFrame <= at.mbPerFrame && mbPerFrame * frameRate <= at.mbPerS)
  return `avc1.42e0${level?.id ?? '33'}`
}

/** The track as a recipe makes it. H.264 comes as Annex B with its parameter sets in every key frame. */
export function transcodedTrack(source: Track, recipe: Recipe): Track {
  const { id, kind, language } = source
  const base = { id, kind, codec: recipe.codec, ...(language !== undefined && { language }), reordered: false }
  if (recipe.kind === 'audio') {
    const { channels, bitrateBps } = recipe
    return { ...base, codecString: 'opus', sampleRate: 48_000, channels, bitrateBps }
  }
  const { codec, width, height, frameRate, bitrateBps } = recipe
  const codecString = { vp8: 'vp8', vp9: 'vp09.00.40.08', h264: h264CodecString(recipe) }[codec]
  return { ...base, codecString, width, height, rotation: 0, frameRate, bitrateBps }
}
