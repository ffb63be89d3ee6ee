// Decides what of a piece of content is sent to a viewer: as stored where the viewer can decode exactly that, else transcoded.
import { McpxError } from '../base/errors.ts'
import type { ChosenCodecs, CodecParameters, ViewerCodecs } from '../model/codec.ts'
import type { SentTrack } from '../model/stream.ts'
import type { Track } from '../model/track.ts'
import type { Recipe } from '../protocol/media-plane.ts'

/** One way a track can be sent: a rung. `recipe` is absent when it goes out as stored. */
export interface PlannedRung {
  readonly track: Track
  /** Which of the content's stored rungs it is made of. */
  readonly source: number
  readonly recipe?: Recipe
}

export interface PlannedKind {
  readonly codec: CodecParameters
  /** From worst to best; exactly one for audio. */
  readonly rungs: readonly PlannedRung[]
  readonly transcoded: boolean
}

export interface TrackPlan {
  readonly video?: PlannedKind
  readonly audio?: PlannedKind
}

/** What the planner asks of the media layer, so that it stays a pure function of its arguments. */
export interface PlanRules {
  canPass(track: Track, viewer: readonly CodecParameters[]): CodecParameters | undefined
  videoRecipes(
    track: Track,
    viewer: readonly CodecParameters[],
  ): { codec: CodecParameters; recipes: readonly Recipe[] } | undefined
  audioRecipe(track: Track, viewer: readonly CodecParameters[]): { codec: CodecParameters; recipe: Recipe } | undefined
}

export interface PlanInput {
  /** Video track of each stored rung, from worst to best; empty without video. */
  readonly video: readonly Track[]
  readonly audio?: Track
  readonly viewer: ViewerCodecs
  readonly canTranscode: boolean
}

/** Throws CODEC_UNSUPPORTED or ENCODER_MISSING when nothing of the content can reach the viewer. */
export function planTracks(input: PlanInput, rules: PlanRules): TrackPlan {
  const video = input.video.length > 0 && input.viewer.video.length > 0 ? planVideo(input, rules) : undefined
  const audio = input.audio && input.viewer.audio.length > 0 ? planAudio(input.audio, input, rules) : undefined
  if (!video && !audio) throw unplayable(input)
  // A silent film is better than an error only when there never was a picture to lose.
  if (input.video.length > 0 && input.viewer.video.length > 0 && !video) throw unplayable(input)
  return { ...(video && { video }), ...(audio && { audio }) }
}

function planVideo(input: PlanInput, rules: PlanRules): PlannedKind | undefined {
  const passing = input.video.map((track, source) => ({
    track,
    source,
    codec: needsReshaping(track, input) ? undefined : rules.canPass(track, input.viewer.video),
  }))
  const first = passing.find((rung) => rung.codec)?.codec
  if (first) {
    const same = passing.filter((rung) => rung.codec?.codec === first.codec)
    return { codec: first, rungs: same.map(({ track, source }) => ({ track, source })), transcoded: false }
  }
  if (!input.canTranscode) return undefined
  const best = input.video.length - 1
  const track = input.video[best]!
  const made = rules.videoRecipes(track, input.viewer.video)
  if (!made || made.recipes.length === 0) return undefined
  return { codec: made.codec, rungs: made.recipes.map((recipe) => ({ track, source: best, recipe })), transcoded: true }
}

/** RTP carries no rotation and no pixel shape that viewers honour: such a picture is re-encoded where that is possible. */
function needsReshaping(track: Track, input: PlanInput): boolean {
  return input.canTranscode && ((track.rotation ?? 0) !== 0 || track.displayWidth !== undefined)
}

function planAudio(track: Track, input: PlanInput, rules: PlanRules): PlannedKind | undefined {
  const codec = rules.canPass(track, input.viewer.audio)
  if (codec) return { codec, rungs: [{ track, source: 0 }], transcoded: false }
  const made = input.canTranscode ? rules.audioRecipe(track, input.viewer.audio) : undefined
  return made && { codec: made.codec, rungs: [{ track, source: 0, recipe: made.recipe }], transcoded: true }
}

function unplayable(input: PlanInput): McpxError {
  const tracks = [...input.video.slice(-1), ...(input.audio ? [input.audio] : [])]
  const what =
    tracks.map((track) => `${track.kind} ${track.codecString}${track.reordered ? ' with B-frames' : ''}`).join(', ') ||
    'no track'
  if (!input.canTranscode)
    return new McpxError('ENCODER_MISSING', `the viewer cannot decode ${what} as it is, and there is no encoder here`)
  return new McpxError('CODEC_UNSUPPORTED', `nothing the viewer can decode can be made of ${what}`)
}

export const chosenCodecs = (plan: TrackPlan): ChosenCodecs => ({
  ...(plan.video && { video: plan.video.codec }),
  ...(plan.audio && { audio: plan.audio.codec }),
})

export function sentTracks(plan: TrackPlan): SentTrack[] {
  return [plan.video, plan.audio].flatMap((kind) => {
    const track = kind?.rungs.at(-1)?.track
    if (!kind || !track) return []
    const { language } = track
    return [
      {
        kind: track.kind,
        codec: kind.codec.codec,
        sourceCodec: track.codec,
        transcoded: kind.transcoded,
        ...(language !== undefined && { language }),
      },
    ]
  })
}
