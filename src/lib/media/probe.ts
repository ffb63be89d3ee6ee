// What a source is, for every surface that shows it.
import type { MediaInfo } from '../model/stream.ts'
import type { Track } from '../model/track.ts'
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
    tracks: source.tracks.map(describeTrack),
  }
}

/** The fields of a track that are for people. */
const shown = ['language', 'width', 'height', 'displayWidth', 'displayHeight', 'frameRate', 'sampleRate', 'channels']

function describeTrack(track: Track): MediaInfo['tracks'][number] {
  const { id, kind, codec } = track
  return { id, kind, codec, ...Object.fromEntries(Object.entries(track).filter(([name]) => shown.includes(name))) }
}
