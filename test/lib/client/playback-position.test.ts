// Media time from RTP timestamps, over seeks, pauses and the wrap of the timestamp.
import { expect, it } from 'vitest'
import { createPlaybackPosition } from '../../../src/lib/client/playback-position.ts'

it('follows the last epoch at or before a timestamp', () => {
  const position = createPlaybackPosition()
  expect(position.mediaTimeS(0)).toBeUndefined()
  position.add({ rtpTimestamp: 1000, mediaTimeS: 0, rate: 1, cause: 'start' })
  position.add({ rtpTimestamp: 91_000, mediaTimeS: 60, rate: 1, cause: 'start' })
  expect(position.mediaTimeS(46_000)).toBe(0.5)
  expect(position.mediaTimeS(91_000)).toBe(60)
  expect(position.mediaTimeS(181_000)).toBe(61)
})

it('stands still while paused', () => {
  const position = createPlaybackPosition()
  position.add({ rtpTimestamp: 0, mediaTimeS: 5, rate: 0, cause: 'pause' })
  expect(position.mediaTimeS(900_000)).toBe(5)
})

it('goes on over the wrap, at the clock rate of the track', () => {
  const position = createPlaybackPosition()
  position.setClockRate(48_000)
  position.add({ rtpTimestamp: 0xffffffff - 23_999, mediaTimeS: 1, rate: 1, cause: 'start' })
  expect(position.mediaTimeS(24_000)).toBe(2)
})
