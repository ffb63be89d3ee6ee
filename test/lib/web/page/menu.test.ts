// What the menus of the player offer, by what the server says of the media.
import { describe, expect, it } from 'vitest'
import { audioChoices, qualityChoices, qualityLabel } from '../../../../src/web/player/menu.ts'
import type { Media } from '../../../../src/web/player/session.ts'

const ladder: Media = {
  ...{ container: 'mp4', durationS: 10, mode: 'ladder', rotation: 0, tracks: [] },
  rungs: [
    { index: 0, name: 'low', width: 640, height: 360, bitrateBps: 600_000 },
    { index: 1, name: 'very_high', width: 1920, height: 1080, frameRate: 60, bitrateBps: 12_000_000 },
  ],
}
const fixed: Media = { ...ladder, mode: 'fixed', rungs: [{ index: 0, name: 'fixed', width: 1080, height: 1920 }] }
const audio = (id: number, more: object = {}) => ({ id, kind: 'audio' as const, codec: 'opus', ...more })

describe('the menu of qualities', () => {
  it('has what fits by itself, then the rungs from the best on, each with what it is', () => {
    expect(qualityChoices(ladder, 0)).toEqual([
      { value: 'auto', label: 'Auto', detail: 'now 360p · 600 kbps' },
      { value: 'very_high', label: 'Very high', detail: '1080p · 60 fps · 12 Mbps' },
      { value: 'low', label: 'Low', detail: '360p · 600 kbps' },
    ])
    expect(qualityChoices(ladder, undefined)[0]).toEqual({ value: 'auto', label: 'Auto' })
  })

  it('is empty where there is nothing to choose', () => {
    for (const media of [undefined, fixed, { ...ladder, rungs: ladder.rungs.slice(0, 1) }])
      expect(qualityChoices(media, 0)).toEqual([])
  })
})

describe('the word for what plays', () => {
  it.each([
    [ladder, 'auto', 1, 'Auto · 1080p'],
    [ladder, 'auto', undefined, 'Auto'],
    [ladder, 'low', 0, '360p'],
    [ladder, 'very_high', undefined, 'Very high'],
    [fixed, 'auto', 0, 'Fixed · 1080p'],
    [{ ...fixed, rungs: [] }, 'auto', undefined, 'Fixed'],
    [undefined, 'auto', undefined, ''],
  ] as const)('%# is %4$j', (media, quality, rung, label) => {
    expect(qualityLabel(media, quality, rung)).toBe(label)
  })
})

describe('the menu of audio tracks', () => {
  it('has each by its language where that is known, else by its number', () => {
    const tracks = [
      audio(3, { language: 'de', channels: 2 }),
      audio(5, { language: 'und', channels: 6 }),
      audio(9, { codec: 'aac', channels: 1 }),
      audio(11, { language: '!not a language!' }),
      audio(12, { channels: 8 }),
    ]
    expect(audioChoices({ ...ladder, tracks })).toEqual([
      { value: 3, label: 'German', detail: 'Opus · stereo' },
      { value: 5, label: 'Track 2', detail: 'Opus · 5.1' },
      { value: 9, label: 'Track 3', detail: 'AAC · mono' },
      { value: 11, label: '!not a language!', detail: 'Opus' },
      { value: 12, label: 'Track 5', detail: 'Opus · 8 channels' },
    ])
  })

  it('is empty where there is but one, whatever the pictures are', () => {
    const picture = { id: 1, kind: 'video' as const, codec: 'vp9' }
    for (const media of [undefined, ladder, { ...ladder, tracks: [picture, picture, audio(1)] }])
      expect(audioChoices(media)).toEqual([])
  })
})
