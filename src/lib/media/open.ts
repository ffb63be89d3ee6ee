// Opens a container: what is in it, and each track as a rendition.
import type { InputTrack } from 'mediabunny'
import { McpxError } from '../base/errors.ts'
import type { Track } from '../model/track.ts'
import { type MediaFiles, type OpenInput, type OpenMediaOptions, openInput } from './input.ts'
import type { MediaSource, Rendition } from './rendition.ts'
import { createSourceRendition } from './source-rendition.ts'
import { describeTrack } from './track-info.ts'

export type { MediaFiles, OpenMediaOptions } from './input.ts'

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
  const all = await input.getTracks()
  const sources = all.filter((track) => track.isVideoTrack() || track.isAudioTrack()).slice(0, maxTracks)
  if (sources.length === 0) throw new McpxError('NOT_MEDIA', `${id} (${format.name}) holds no audio or video`)
  const tracks: { track: Track; source: InputTrack }[] = []
  for (const source of sources) {
    const track = await describeTrack(source)
    if (track) tracks.push({ track, source })
  }
  const zeroS = await input.getFirstTimestamp(sources)
  const endS =
    (await input.getDurationFromMetadata(sources, { skipLiveWait: true })) ??
    (await input.computeDuration(sources, { skipLiveWait: true }))
  if (!Number.isFinite(zeroS) || !Number.isFinite(endS))
    throw new McpxError('MEDIA_CORRUPT', `${id} has times that are no numbers`)
  return { container: format.name, zeroS, durationS: Math.max(0, endS - zeroS), tracks }
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
