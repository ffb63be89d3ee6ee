import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { audioRecipe, recipeKey, transcodedTrack, videoRecipes } from '../../../../src/lib/media/transcode/recipe.ts'
import type { Track } from '../../../../src/lib/model/track.ts'

const video = (over: Partial<Track>): Track => ({
  id: 1,
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.64001f',
  width: 1280,
  height: 720,
  frameRate: 30,
  ...over,
})

describe('video recipes', () => {
  it('are the quality heights up to the source, worst first', () => {
    const sizes = videoRecipes(video({}), ['vp8']).map((r) => [r.width, r.height, r.frameRate, r.bitrateBps])
    expect(sizes).toEqual([
      [426, 240, 15, 250_000],
      [640, 360, 20, 500_000],
      [854, 480, 30, 1_000_000],
      [1280, 720, 30, 2_500_000],
    ])
  })

  it('turn a phone video upright and measure its shorter side', () => {
    const recipes = videoRecipes(video({ width: 1920, height: 1080, rotation: 90, frameRate: 59.94 }), ['vp8'])
    expect(recipes.at(-1)).toMatchObject({ width: 1080, height: 1920, rotate: 90, frameRate: 30 })
    expect(recipes[0]).toMatchObject({ width: 240, height: 426 })
  })

  it('take the cheapest codec that the viewer accepts', () => {
    expect(videoRecipes(video({}), ['vp8', 'h264'])[0]?.codec).toBe('h264')
    expect(videoRecipes(video({}), ['vp9', 'vp8'])[0]?.codec).toBe('vp8')
    expect(() => videoRecipes(video({}), [])).toThrow(expect.objectContaining({ code: 'CODEC_UNSUPPORTED' }))
  })

  it('keep a small source at its own size, and its own frame rate', () => {
    const recipes = videoRecipes(video({ width: 161, height: 121, frameRate: 12 }), ['vp8'])
    expect(recipes).toHaveLength(1)
    expect(recipes[0]).toMatchObject({ frameRate: 12 })
    expect([160, 162]).toContain(recipes[0]?.width)
  })

  it('give an anamorphic source square pixels, also when it is turned', () => {
    const shape = { width: 720, height: 576, displayWidth: 1024, displayHeight: 576 }
    expect(videoRecipes(video(shape), ['vp8']).at(-1)).toMatchObject({ width: 854, height: 480 })
    expect(videoRecipes(video({ ...shape, rotation: 90 }), ['vp8']).at(-1)).toMatchObject({ width: 480, height: 854 })
  })

  it('refuse a source without a size', () => {
    const call = () => videoRecipes(video({ width: 0 }), ['vp8'])
    expect(call).toThrow(expect.objectContaining({ code: 'MEDIA_CORRUPT' }))
  })

  it('have even sides within bounds, rising, never above the source, for any size', () => {
    const side = fc.integer({ min: 1, max: 16_384 })
    const rotation = fc.constantFrom(0 as const, 90 as const, 180 as const, 270 as const)
    fc.assert(
      fc.property(side, side, rotation, (width, height, rotation) => {
        const recipes = videoRecipes(video({ width, height, rotation }), ['vp8'])
        const areas = recipes.map((r) => r.width * r.height)
        expect(areas).toEqual([...areas].sort((a, b) => a - b))
        for (const { width: w, height: h } of recipes) {
          expect(w % 2 === 0 && h % 2 === 0 && w >= 16 && h >= 16 && Math.max(w, h) <= 1920).toBe(true)
          expect(Math.max(w, h)).toBeLessThanOrEqual(Math.max(16, Math.max(width, height) + 1))
        }
      }),
    )
  })
})

describe('the transcoded track', () => {
  it('says an H.264 level that holds the picture', () => {
    const strings = videoRecipes(video({ width: 1920, height: 1080 }), ['h264']).map(
      (recipe) => transcodedTrack(video({}), recipe).codecString,
    )
    expect(strings).toEqual(['avc1.42e01e', 'avc1.42e01e', 'avc1.42e01f', 'avc1.42e01f', 'avc1.42e028'])
  })

  it('is Opus at 48 kHz for sound, mono only from mono', () => {
    const sound: Track = { id: 2, kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', channels: 6, language: 'de' }
    expect(transcodedTrack(sound, audioRecipe(sound))).toMatchObject({ codec: 'opus', channels: 2, language: 'de' })
    expect(audioRecipe({ ...sound, channels: 1 }).channels).toBe(1)
  })

  it('has a key of its own for every rung', () => {
    const keys = videoRecipes(video({}), ['vp8']).map(recipeKey)
    expect(new Set(keys).size).toBe(keys.length)
  })
})
