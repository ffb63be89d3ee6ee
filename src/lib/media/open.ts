// Opens a container: what is in it, and each track as a rendition.
import {
  ADTS,
  EncodedPacketSink,
  FLAC,
  HLS,
  type InputFormat,
  type InputTrack,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from 'mediabunny'
import { McpxError } from '../base/errors.ts'
import type { Track } from '../model/track.ts'
import { endMatroskaScans, type MediaFiles, type OpenInput, type OpenMediaOptions, openInput } from './input.ts'
import type { MediaSource, Rendition } from './rendition.ts'
import { createSourceRendition } from './source-rendition.ts'
import { describeTrack } from './track-info.ts'

/** Short names, as file extensions have them. */
const containerNames: ReadonlyMap<InputFormat, string> = new Map<InputFormat, string>([
  [MP4, 'mp4'],
  [QTFF, 'mov'],
  [MATROSKA, 'mkv'],
  [WEBM, 'webm'],
  [OGG, 'ogg'],
  [MP3, 'mp3'],
  [WAVE, 'wav'],
  [FLAC, 'flac'],
  [ADTS, 'adts'],
  [MPEG_TS, 'mpeg-ts'],
  [HLS, 'hls'],
])

/** What a hostile file may make us look at. */
const maxTracks = 64

interface Contents {
  readonly container: string
  readonly durationS: number
  readonly zeroS: number
  readonly tracks: readonly { readonly track: Track; readonly source: InputTrack }[]
}

/**
 * Opens `files.entry`. Rejects with NOT_MEDIA, MEDIA_CORRUPT, CONTENT_TIMEOUT, what reading the bytes rejects with, or the
 * signal's reason; everything is closed then.
 */
export async function openMedia(files: MediaFiles, options: OpenMediaOptions): Promise<MediaSource> {
  const opened = openInput(files, options)
  try {
    const contents = await opened.run('opening', () => readContents(opened), options.signal)
    return toMediaSource(opened, contents)
  } catch (error) {
    opened.close()
    throw error
  }
}

async function readContents({ input, id }: OpenInput): Promise<Contents> {
  const format = await input.getFormat()
  endMatroskaScans(input)
  const container = containerNames.get(format) ?? format.name.toLowerCase()
  const found = await input.getTracks()
  if (found.length === 0) throw new McpxError('MEDIA_CORRUPT', `${id} (${container}) has no tracks: it is cut off`)
  const sources = found.filter((track) => track.isVideoTrack() || track.isAudioTrack())
  if (sources.length === 0) throw new McpxError('NOT_MEDIA', `${id} (${container}) holds no audio or video`)
  if (sources.length > maxTracks)
    throw new McpxError('MEDIA_CORRUPT', `${id} has ${sources.length} tracks (at most ${maxTracks})`)
  await refuseEmptyTracks(sources, id)
  const tracks = await Promise.all(sources.map(async (source) => ({ source, track: await describeTrack(source) })))
  const firstS = await input.getFirstTimestamp(sources)
  const options = { skipLiveWait: true }
  const endS =
    (await input.getDurationFromMetadata(sources, options)) ?? (await input.computeDuration(sources, options))
  if (!Number.isFinite(firstS) || !Number.isFinite(endS))
    throw new McpxError('MEDIA_CORRUPT', `${id} has invalid timestamps`)
  // What is before 0 is only decoded: the priming of AAC and Opus, the run-up to an edit.
  const zeroS = Math.max(0, firstS)
  return { container, zeroS, durationS: Math.max(0, endS - zeroS), tracks }
}

/** Also keeps mediabunny out of trouble: it looks for a packet by time for ever in a FLAC file that has none. */
async function refuseEmptyTracks(sources: readonly InputTrack[], id: string): Promise<void> {
  for (const source of sources) {
    const first = await new EncodedPacketSink(source).getFirstPacket({ metadataOnly: true, skipLiveWait: true })
    if (!first) throw new McpxError('MEDIA_CORRUPT', `track ${source.id} of ${id} has no packets`)
  }
}

function toMediaSource(opened: OpenInput, contents: Contents): MediaSource {
  const { container, durationS, zeroS, tracks } = contents
  const renditions = new Map<number, Rendition>()
  return {
    container,
    durationS,
    tracks: tracks.map(({ track }) => track),
    rendition(trackId) {
      const known = renditions.get(trackId)
      if (known) return known
      const found = tracks.find(({ track }) => track.id === trackId)
      if (!found) throw new McpxError('INVALID_REQUEST', `${opened.id} has no track ${trackId}`)
      const rendition = createSourceRendition({ opened, zeroS, durationS, ...found })
      renditions.set(trackId, rendition)
      return rendition
    },
    close() {
      for (const rendition of renditions.values()) rendition.close()
      opened.close()
    },
  }
}
