// The rungs of a source: several renditions of one video (an HLS directory), or the one that a file has.
import { qualityOfRung } from '../model/quality.ts'
import type { Rung } from '../model/stream.ts'
import type { Track } from '../model/track.ts'
import type { MediaSource } from './rendition.ts'

interface Ladder {
  /** `ladder` when there is a choice. */
  readonly mode: 'ladder' | 'fixed'
  /** From worst to best, as many as `video`; empty without video. */
  readonly rungs: readonly Rung[]
  /** The track of each rung. One codec, so that a switch needs no new negotiation. */
  readonly video: readonly Track[]
  /** What may be heard with any rung; the first is the default. */
  readonly audio: readonly Track[]
}

/**
 * Only a playlist offers renditions of the same thing: several video tracks of a file are different pictures, of which the
 * first is shown. Where a playlist offers several codecs, the one with the most rungs is taken, the first of equals.
 */
export function ladderOf(source: Pick<MediaSource, 'container' | 'tracks'>): Ladder {
  const videos = source.tracks.filter((track) => track.kind === 'video')
  const audio = source.tracks.filter((track) => track.kind === 'audio')
  const video = source.container === 'hls' ? largestCodecGroup(videos).sort(byQuality) : videos.slice(0, 1)
  const rungs = video.map((track, index): Rung => {
    const { width, height, frameRate, bitrateBps } = track
    return {
      index,
      name: qualityOfRung(index, video.length),
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(frameRate !== undefined && { frameRate }),
      ...(bitrateBps !== undefined && { bitrateBps }),
    }
  })
  return { mode: rungs.length > 1 ? 'ladder' : 'fixed', rungs, video, audio }
}

function largestCodecGroup(videos: readonly Track[]): Track[] {
  const groups = Map.groupBy(videos, (track) => track.codec)
  return [...groups.values()].reduce((best, group) => (group.length > best.length ? group : best), [])
}

const pixels = (track: Track): number => (track.width ?? 0) * (track.height ?? 0)

/** By bitrate, and by size where a playlist states none. */
const byQuality = (a: Track, b: Track): number =>
  (a.bitrateBps ?? 0) - (b.bitrateBps ?? 0) || pixels(a) - pixels(b) || a.id - b.id
