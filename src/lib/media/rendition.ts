// One track in one form (as stored, or as transcoded), readable GOP by GOP.
import type { Gop } from '../model/frame.ts'
import type { Track } from '../model/track.ts'

export interface Rendition {
  /** Identity for caches: source, track and recipe. */
  readonly id: string
  /** The track as it leaves here. */
  readonly track: Track
  readonly durationS: number
  /** The GOP whose key frame is the last at or before `timeS`; the first one when there is none before. */
  gopAt(timeS: number, signal: AbortSignal): Promise<Gop>
  /** The one that follows; undefined after the last. */
  gopAfter(gop: Pick<Gop, 'startS' | 'endS' | 'isLast'>, signal: AbortSignal): Promise<Gop | undefined>
  close(): void
}

/** A source of renditions: one opened piece of content. */
export interface MediaSource {
  readonly container: string
  readonly durationS: number
  readonly tracks: readonly Track[]
  /** The frames of a track as they are stored. */
  rendition(trackId: number): Rendition
  close(): void
}
