// What can be made of a track for a viewer: the media layer's recipes, as the planner asks for them.
import { canPass, codecs } from '../codec/index.ts'
import { audioRecipe, type MadeCodec, transcodedTrack, videoRecipes } from '../media/transcode/recipe.ts'
import type { CodecParameters } from '../model/codec.ts'
import { unknownCodec } from '../model/track.ts'
import type { PlanRules } from './plan-tracks.ts'

const made: readonly MadeCodec[] = ['h264', 'vp8', 'vp9']

/** Constrained baseline is the H.264 that is made; a viewer that lists another profile only may not take it. */
const takes = (viewer: readonly CodecParameters[], codec: MadeCodec): boolean =>
  canPass({ id: 0, kind: 'video', codec, codecString: codecs[codec].codecString }, viewer) !== undefined

export const planRules: PlanRules = {
  canPass,
  videoRecipes(track, viewer) {
    if (track.codec === unknownCodec) return undefined
    const accepted = made.filter((codec) => takes(viewer, codec))
    if (accepted.length === 0) return undefined
    const recipes = videoRecipes(track, accepted)
    const best = recipes.at(-1)
    const codec =
      best && viewer.find((offered) => offered.codec === best.codec && canPass(transcodedTrack(track, best), [offered]))
    return codec && { codec, recipes }
  },
  audioRecipe(track, viewer) {
    if (track.codec === unknownCodec) return undefined
    const codec = viewer.find((offered) => offered.codec === 'opus')
    return codec && { codec, recipe: audioRecipe(track) }
  },
}
