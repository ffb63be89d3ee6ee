import { expect, test } from 'vitest'
import { landInAudio, landInVideo } from '../../../../src/lib/media/playback/landing.ts'
import type { PacketizedGop } from '../../../../src/lib/model/frame.ts'

/** Ten frames of 100 ms from `startS`, of `byteLength` each. */
function gop(startS: number, byteLength = 1000, options: Partial<PacketizedGop> = {}): PacketizedGop {
  const frames = Array.from({ length: 10 }, (_, i) => ({
    timeS: startS + i / 10,
    durationS: 0.1,
    isKey: i === 0,
    payloads: [new Uint8Array(byteLength)],
    byteLength,
  }))
  return { startS, endS: startS + 1, frames, byteLength: byteLength * 10, continues: false, isLast: false, ...options }
}

const targetBps = 1_000_000

test.each([
  ['the key frame itself', 5, { mediaTimeS: 5, from: 0, to: 0, stillTo: 1 }],
  ['a frame inside: those before it go out fast', 5.44, { mediaTimeS: 5.4, from: 0, to: 4, stillTo: 5 }],
  ['before the first frame: nothing is shown yet', 4, { mediaTimeS: 4, from: 0, to: 0, stillTo: 0 }],
  ['the last frame', 5.99, { mediaTimeS: 5.9, from: 0, to: 9, stillTo: 10 }],
])('a seek lands on %s', (_name, timeS, landing) => {
  expect(landInVideo(gop(5), timeS, targetBps)).toEqual(landing)
})

test('a seek whose preroll takes over 500 ms at the target bitrate lands on the key frame', () => {
  const atBound = targetBps / 8 / 2 / 9
  expect(landInVideo(gop(5, Math.floor(atBound)), 5.95, targetBps).mediaTimeS).toBe(5.9)
  expect(landInVideo(gop(5, Math.ceil(atBound)), 5.95, targetBps)).toEqual({
    mediaTimeS: 5,
    from: 0,
    to: 0,
    stillTo: 1,
  })
})

test('a seek into a later piece of a long GOP lands on its key frame', () => {
  expect(landInVideo(gop(5), 6.5, targetBps).mediaTimeS).toBe(5)
})

test('a seek beyond the end of the video keeps its time, with the last picture where that is cheap', () => {
  expect(landInVideo(gop(5, 1000, { isLast: true }), 9, targetBps)).toEqual({
    mediaTimeS: 9,
    from: 0,
    to: 10,
    stillTo: 10,
  })
  expect(landInVideo(gop(5, 50_000, { isLast: true }), 9, targetBps)).toMatchObject({ mediaTimeS: 9, from: 10, to: 10 })
})

test('a picture that is shown for seconds is not shown from its start again', () => {
  const slides = gop(0, 1000, { endS: 60, isLast: true })
  expect(landInVideo(slides, 30, targetBps)).toMatchObject({ mediaTimeS: 30, to: 10 })
})

test('audio alone lands on the frame that sounds', () => {
  expect(landInAudio(gop(5), 5.44)).toBe(5.4)
  expect(landInAudio(gop(5), 9)).toBe(9)
  expect(landInAudio(gop(5), 4)).toBe(4)
})
