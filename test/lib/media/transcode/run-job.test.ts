import { describe, expect, it } from 'vitest'
import { audioRecipe } from '../../../../src/lib/media/transcode/recipe.ts'
import {
  beepTimes,
  decodeOpus,
  decodePictures,
  flashTimes,
  framesOf,
  hasNodeAv,
  transcode,
} from '../../../support/transcode.ts'
import { clip, rotatedClip } from '../../../support/transcode-clips.ts'

const near = (times: readonly number[], expected: readonly number[], withinS: number) => {
  expect(times).toHaveLength(expected.length)
  for (const [i, timeS] of times.entries()) expect(Math.abs(timeS - expected[i]!)).toBeLessThanOrEqual(withinS)
}
const seconds = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

describe.skipIf(!(await hasNodeAv()))('a transcode job', () => {
  it.each(['vp8', 'h264', 'vp9'] as const)(
    'makes %s segments that decode alone, in order, on the grid',
    async (codec) => {
      const { segments } = await transcode(clip('flash-long-gop.mp4'), { kind: 'video', codec })
      expect(segments.map(({ index }) => index)).toEqual(seconds(0, 12))
      expect(segments.map(({ isLast }) => isLast)).toEqual([...Array(11).fill(false), true])
      for (const segment of segments) {
        const frames = framesOf(segment)
        expect(frames).toHaveLength(30)
        expect(frames[0]).toMatchObject({ isKey: true, timeS: segment.startS })
        for (const [i, frame] of frames.entries()) expect(frame.timeS).toBeCloseTo(segment.startS + i / 30, 3)
        const pictures = await decodePictures(codec, frames)
        expect(pictures).toHaveLength(30)
        near(flashTimes(pictures), [segment.startS], 0.001)
      }
    },
  )

  it('starts in the middle of a 10 s GOP of B-frames at the very segment', async () => {
    const { segments } = await transcode(clip('flash-long-gop.mp4'), { kind: 'video', from: 7, count: 2 })
    expect(segments.map(({ startS, endS }) => [startS, endS])).toEqual([
      [7, 8],
      [8, 9],
    ])
    const pictures = await decodePictures('vp8', framesOf(segments[0]!))
    expect(pictures).toHaveLength(30)
    near(flashTimes(pictures), [7], 0.001)
  })

  it('turns the picture upright', async () => {
    const { segments, recipe } = await transcode(rotatedClip(), { kind: 'video', count: 1 })
    expect(recipe).toMatchObject({ width: 180, height: 320, rotate: 90 })
    const dark = (await decodePictures('vp8', framesOf(segments[0]!))).find(({ timeS }) => timeS > 0.3)!
    expect([dark.width, dark.height]).toEqual([180, 320])
    // The bright quarter was top left: clockwise by 90 degrees it is top right.
    expect(dark.quarters[1]).toBe(Math.max(...dark.quarters))
    expect(dark.quarters[1] - dark.quarters[0]).toBeGreaterThan(20)
  })

  it('keeps a variable frame rate, and starts every segment with what is shown then', async () => {
    const { segments } = await transcode(clip('flash-vfr.mkv'), { kind: 'video' })
    expect(segments.slice(0, 2).map(({ frames }) => frames.length)).toEqual([30, 30])
    for (const { frames, startS } of segments) {
      expect(frames[0]).toMatchObject({ isKey: true })
      expect(Math.abs(frames[0]!.timeS - startS)).toBeLessThan(0.002)
    }
    for (const { frames } of segments.slice(2, 11)) expect(frames.length).toBeLessThanOrEqual(4)
  })

  it('gives a still picture one key frame a second to the end', async () => {
    const { segments } = await transcode(clip('still.mkv'), { kind: 'video' })
    for (const { frames } of segments) expect(frames.map(({ isKey }) => isKey)).toEqual([true])
  })

  it('halves a frame rate of 60', async () => {
    const { segments } = await transcode(clip('flash-60fps.mp4'), { kind: 'video', from: 3, count: 3 })
    for (const { frames } of segments) expect(frames).toHaveLength(30)
  })

  it.each([
    ['flash-hevc.mp4', 2],
    ['flash-vp8.webm', 2],
    ['flash-vp9.webm', 2],
    ['flash-av1.mkv', 2],
    ['flash.ts', 2],
  ])('decodes the video of %s from the start and from the middle', async (name, count) => {
    for (const from of [0, 5]) {
      const { segments } = await transcode(clip(name), { kind: 'video', from, count })
      const pictures = await decodePictures('vp8', segments.flatMap(framesOf))
      expect(pictures.length).toBeGreaterThanOrEqual(58)
      near(flashTimes(pictures), [from, from + 1], 0.04)
    }
  })

  it.each([
    'flash-long-gop.mp4',
    'flash-vp8.webm',
    'flash-av1.mkv',
    'flash-ac3.mp4',
    'flash-mp3.mkv',
    'flash.ts',
    'flash.wav',
    'flash.flac',
    'flash.mp3',
    'flash.aac',
  ])('has the sound of %s at its own time, from the start and from the middle', async (name) => {
    for (const from of [0, 5]) {
      const { segments } = await transcode(clip(name), { kind: 'audio', from, count: 3 })
      const frames = segments.flatMap(framesOf)
      expect(frames.map(({ timeS }) => timeS)).toEqual(seconds(0, 150).map((i) => expect.closeTo(from + i / 50, 6)))
      near(beepTimes(await decodeOpus(frames)), [0, 1, 2], 0.03)
    }
  })

  it('joins sound of different jobs without a click', async () => {
    const path = clip('flash.wav')
    const recipe = audioRecipe({ id: 1, kind: 'audio', codec: 'pcm-s16', codecString: 'pcm-s16', channels: 2 })
    const whole = await transcode(path, { kind: 'audio', recipe, count: 6 })
    const late = await transcode(path, { kind: 'audio', recipe, from: 3, count: 3 })
    const joined = [...whole.segments.slice(0, 3), ...late.segments].flatMap(framesOf)
    const [expected, samples] = [await decodeOpus(whole.segments.flatMap(framesOf)), await decodeOpus(joined)]
    const worst = samples.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
    expect(worst).toBeLessThan(0.1)
  })
})
