import { expect, test } from 'vitest'
import { PlaybackRig } from '../../../support/playback-rig.ts'

test('video and audio play at their pace', async () => {
  const rig = new PlaybackRig()
  rig.playback.play()
  await rig.run(3000)
  const { video, audio, mediaTimeS, bufferS } = rig.playback.snapshot(rig.clock.now())
  expect(mediaTimeS).toBeCloseTo(3, 1)
  expect(video?.framesSent).toBeGreaterThanOrEqual(89)
  expect(video?.framesSent).toBeLessThanOrEqual(91)
  expect(audio?.framesSent).toBeGreaterThanOrEqual(149)
  expect(audio?.framesSent).toBeLessThanOrEqual(151)
  expect(video?.keyFramesSent).toBe(3)
  expect(bufferS).toBeGreaterThanOrEqual(2)
  expect(rig.errors).toEqual([])
})
