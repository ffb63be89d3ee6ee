import { describe, expect, it } from 'vitest'
import { audioChoices, qualityChoices, qualityLabel } from '../../../../../src/web/player/menu.ts'
import type { Media } from '../../../../../src/web/player/session.ts'

type Rung = Media['rungs'][number]
type Track = Media['tracks'][number]

const rung = (index: number, name: Rung['name'], more: Partial<Rung> = {}) => ({ index, name, ...more }) as Rung
const ladder = [
  rung(0, 'very_low', { width: 426, height: 240, bitrateBps: 300_000 }),
  rung(1, 'high', { width: 1280, height: 720, bitrateBps: 2_500_000, frameRate: 60 }),
]
const mediaWith = (more: Partial<Media>) => ({ mode: 'ladder', rungs: ladder, tracks: [], ...more }) as unknown as Media
const audio = (id: number, more: Partial<Track> = {}) => ({ id, kind: 'audio', codec: 'opus', ...more }) as Track

describe('the choice of quality', () => {
  it('is between what the server can send, the best first, and letting it choose', () => {
    expect(qualityChoices(mediaWith({}), 0)).toEqual([
      { value: 'auto', label: 'Auto', detail: 'now 240p · 300 kbps' },
      { value: 'high', label: 'High', detail: '720p · 60 fps · 2.5 Mbps' },
      { value: 'very_low', label: 'Very low', detail: '240p · 300 kbps' },
    ])
  })

  it('says of now only what is known', () => {
    expect(qualityChoices(mediaWith({}), undefined)[0]).toEqual({ value: 'auto', label: 'Auto' })
    expect(qualityChoices(mediaWith({}), 7)[0]).toEqual({ value: 'auto', label: 'Auto' })
    const bare = mediaWith({ rungs: [rung(0, 'low'), rung(1, 'high')] })
    expect(qualityChoices(bare, 1)).toEqual([
      { value: 'auto', label: 'Auto' },
      { value: 'high', label: 'High', detail: '' },
      { value: 'low', label: 'Low', detail: '' },
    ])
  })

  it('is none where there is nothing to choose', () => {
    expect(qualityChoices(undefined, 0)).toEqual([])
    expect(qualityChoices(mediaWith({ mode: 'fixed' }), 0)).toEqual([])
    expect(qualityChoices(mediaWith({ rungs: [ladder[0]!] }), 0)).toEqual([])
  })

  it('measures a picture by its shorter side, and leaves out usual frame rates', () => {
    const upright = rung(0, 'low', { width: 720, height: 1280, frameRate: 30.4 })
    expect(qualityChoices(mediaWith({ rungs: [upright, ladder[1]!] }), undefined).at(-1)?.detail).toBe('720p')
  })

  it('does not turn the list of the server round', () => {
    const rungs = [...ladder]
    qualityChoices(mediaWith({ rungs }), 0)
    expect(rungs).toEqual(ladder)
  })
})

describe('the label of the quality', () => {
  it.each([
    [undefined, 'auto', 0, ''],
    [mediaWith({}), 'auto', 1, 'Auto · 720p'],
    [mediaWith({}), 'auto', undefined, 'Auto'],
    [mediaWith({}), 'very_low', 0, '240p'],
    [mediaWith({}), 'very_low', undefined, 'Very low'],
    [mediaWith({ mode: 'fixed' }), 'auto', 0, 'Fixed · 240p'],
    [mediaWith({ mode: 'fixed', rungs: [] }), 'auto', 0, 'Fixed'],
  ] as const)('%# is "%s %s"', (media, quality, index, label) => {
    expect(qualityLabel(media, quality, index)).toBe(label)
  })
})

describe('the choice of sound', () => {
  it('is between tracks by their language, codec and channels', () => {
    const tracks = [
      audio(1, { language: 'de', channels: 6 }),
      audio(2, { language: 'und', channels: 2, codec: 'aac' }),
      audio(3, { channels: 1, codec: 'pcm-s16' }),
      audio(4, { language: 'pt-BR', channels: 8 }),
      { id: 9, kind: 'video', codec: 'vp9' } as Track,
    ]
    expect(audioChoices(mediaWith({ tracks }))).toEqual([
      { value: 1, label: 'German', detail: 'Opus · 5.1' },
      { value: 2, label: 'Track 2', detail: 'AAC · stereo' },
      { value: 3, label: 'Track 3', detail: 'PCM · mono' },
      { value: 4, label: 'Brazilian Portuguese', detail: 'Opus · 8 channels' },
    ])
  })

  it('is none with one track or none', () => {
    expect(audioChoices(undefined)).toEqual([])
    expect(audioChoices(mediaWith({ tracks: [audio(1)] }))).toEqual([])
  })

  it('shows a language that is none as it stands in the file', () => {
    const tracks = [audio(1, { language: '<b>' }), audio(2, { language: 'x'.repeat(100) })]
    expect(audioChoices(mediaWith({ tracks })).map(({ label }) => label)).toEqual(['<b>', 'x'.repeat(100)])
  })
})
