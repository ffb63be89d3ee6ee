// What a source is, for every surface that shows it.
import type { MediaInfo } from '../model/stream.ts'
import { ladderOf } from './ladder.ts'
import type { MediaSource } from './rendition.ts'

/** Describes an opened source; reads nothing. */
export function describeMedia(source: MediaSource): MediaInfo {
  const { mode, rungs, video } = ladderOf(source)
  return {
    container: source.container,
    durationS: source.durationS,
    rungs,
    mode,
    rotation: video[0]?.rotation ?? 0,
    tracks: source.tracks.map(({ id, kind, codec, language, width, height, frameRate, sampleRate, channels }) => ({
      id,
      kind,
      codec,
      ...(language !== undefined && { language }),
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(frameRate !== undefined && { frameRate }),
      ...(sampleRate !== undefined && { sampleRate }),
      ...(channels !== undefined && { channels }),
    })),
  }
}
