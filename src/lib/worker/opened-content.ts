// One piece of opened content in a media worker: what it is, what of it a viewer can be sent, and the feeds that send it.
import type { Clock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { codecOf, createPacketizer, sendable } from '../codec/index.ts'
import { ladderOf } from '../media/ladder.ts'
import type { GopFeed } from '../media/playback/feed.ts'
import { describeMedia } from '../media/probe.ts'
import type { MediaSource, Rendition } from '../media/rendition.ts'
import type { RenditionCache } from '../media/rendition-cache.ts'
import { recipeKey } from '../media/transcode/recipe.ts'
import { createTranscodedRendition } from '../media/transcode/transcoded-rendition.ts'
import type { CodecParameters, ViewerCodecs } from '../model/codec.ts'
import { qualityOfRung } from '../model/quality.ts'
import type { MediaInfo, Rung } from '../model/stream.ts'
import type { Track } from '../model/track.ts'
import type { Recipe, SourceRef } from '../protocol/media-plane.ts'
import { type PlannedKind, type PlannedRung, planTracks, type TrackPlan } from './plan-tracks.ts'
import type { StartJob } from './transcode-client.ts'
import { planRules } from './transcode-rules.ts'

export interface OpenedContent {
  readonly info: MediaInfo
  /** Throws CODEC_UNSUPPORTED, ENCODER_MISSING, or INVALID_REQUEST for an audio track that is not there. */
  plan(viewer: ViewerCodecs, audioTrackId?: number): TrackPlan
  /** What the content is for a viewer with this plan: a transcoded one has other rungs than the stored ones. */
  infoFor(plan: TrackPlan): MediaInfo
  feed(kind: PlannedKind, rung: number): { readonly feed: GopFeed; readonly pictureIdOffset: number }
  /** What to put into an offer: the stored codecs first, then what can be made. */
  offerCodecs(): { video?: readonly CodecParameters[]; audio?: readonly CodecParameters[] }
  /** Nobody watches any more: ends the transcodes, whose places others need. What they made stays in the cache. */
  rest(): void
  close(): void
}

interface OpenedContentDeps {
  readonly clock: Clock
  readonly renditions: RenditionCache
  readonly startJob: StartJob
  readonly canTranscode: boolean
}

export function createOpenedContent(source: SourceRef, media: MediaSource, deps: OpenedContentDeps): OpenedContent {
  const ladder = ladderOf(media)
  const info = describeMedia(media)
  const transcoded = new Map<string, Rendition>()

  function audioTrack(trackId: number | undefined): Track | undefined {
    if (trackId === undefined) return ladder.audio[0]
    const track = ladder.audio.find(({ id }) => id === trackId)
    if (!track)
      throw new McpxError(
        'INVALID_REQUEST',
        `there is no audio track ${trackId} (there are ${ladder.audio.map(({ id }) => id).join(', ') || 'none'})`,
      )
    return track
  }

  function endTranscodes(): void {
    for (const rendition of transcoded.values()) rendition.close()
    transcoded.clear()
  }

  function renditionOf({ track, recipe }: PlannedRung): Rendition {
    if (!recipe) return media.rendition(track.id)
    const key = `${track.id}@${recipeKey(recipe)}`
    const known = transcoded.get(key)
    if (known) return known
    const rendition = createTranscodedRendition({
      source,
      track,
      recipe,
      durationS: media.durationS,
      startJob: deps.startJob,
      clock: deps.clock,
    })
    transcoded.set(key, rendition)
    return rendition
  }

  return {
    info,
    plan(viewer, audioTrackId) {
      const audio = audioTrack(audioTrackId)
      return planTracks(
        { video: ladder.video, ...(audio && { audio }), viewer, canTranscode: deps.canTranscode },
        planRules,
      )
    },
    infoFor(plan) {
      if (!plan.video?.transcoded) return info
      const rungs = plan.video.rungs.map((rung, index, all) => rungOfRecipe(rung.recipe, index, all.length))
      return { ...info, rungs, mode: rungs.length > 1 ? 'ladder' : 'fixed', rotation: 0 }
    },
    feed(kind, rung) {
      const planned = kind.rungs[rung]
      if (!planned) throw new McpxError('INTERNAL', `no rung ${rung} of ${kind.rungs.length}`)
      const rendition = renditionOf(planned)
      const packetizer = createPacketizer(rendition.track)
      const cached = deps.renditions.open(rendition, packetizer)
      const feed: GopFeed = {
        durationS: rendition.durationS,
        gopAt: (timeS, signal) => cached.gopAt(timeS, signal),
        gopAfter: (gop, signal) => cached.gopAfter(gop, signal),
      }
      return { feed, pictureIdOffset: packetizer.pictureIdOffset }
    },
    offerCodecs() {
      const stored = ladder.video[0]?.codec
      const order = sendable('video').toSorted((a, b) => Number(b.codec === stored) - Number(a.codec === stored))
      const isStored = stored !== undefined && codecOf(stored) !== undefined
      const video = deps.canTranscode ? order : isStored ? order.filter(({ codec }) => codec === stored) : []
      return { ...(video.length > 0 && { video }), ...(ladder.audio.length > 0 && { audio: sendable('audio') }) }
    },
    rest: endTranscodes,
    close() {
      endTranscodes()
      media.close()
    },
  }
}

function rungOfRecipe(recipe: Recipe | undefined, index: number, count: number): Rung {
  const name = qualityOfRung(index, count)
  if (recipe?.kind !== 'video') return { index, name }
  const { width, height, frameRate, bitrateBps } = recipe
  return { index, name, width, height, frameRate, bitrateBps }
}
