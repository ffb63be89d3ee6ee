// What the quality and audio menus offer, worked out from what the server said.

import { formatBitrate, formatCodec } from '../shared/format.ts'
import type { Media, Quality } from './session.ts'

export interface Choice<T> {
  readonly value: T
  readonly label: string
  readonly detail?: string
}

type Rung = Media['rungs'][number]

const rungDetail = (rung: Rung): string =>
  [
    rung.height ? `${Math.min(rung.height, rung.width ?? rung.height)}p` : '',
    rung.frameRate && rung.frameRate > 30.5 ? `${Math.round(rung.frameRate)} fps` : '',
    rung.bitrateBps ? formatBitrate(rung.bitrateBps) : '',
  ]
    .filter(Boolean)
    .join(' · ')

const words = (name: string): string => name.replace('_', ' ').replace(/^./, (first) => first.toUpperCase())

/** `Auto`, then the rungs from best to worst. Empty where the quality is fixed. */
export function qualityChoices(media: Media | undefined, rung: number | undefined): readonly Choice<Quality>[] {
  if (!media || media.mode === 'fixed' || media.rungs.length < 2) return []
  const best = [...media.rungs].reverse()
  const current = media.rungs.find(({ index }) => index === rung)
  const now = current && rungDetail(current)
  const auto: Choice<Quality> = {
    value: 'auto',
    label: 'Auto',
    ...(now ? { detail: `now ${now}` } : {}),
  }
  const rungs = best.flatMap((r) =>
    r.name === 'fixed' ? [] : [{ value: r.name, label: words(r.name), detail: rungDetail(r) }],
  )
  return [auto, ...rungs]
}

/** Says in a word what plays: `720p`, `Auto · 480p`, `Fixed · 1080p`. */
export function qualityLabel(media: Media | undefined, quality: Quality, rung: number | undefined): string {
  const height = (r: Rung | undefined) => (r?.height ? `${Math.min(r.height, r.width ?? r.height)}p` : '')
  if (!media) return ''
  if (media.mode === 'fixed') return ['Fixed', height(media.rungs[0])].filter(Boolean).join(' · ')
  const shown = height(media.rungs.find(({ index }) => index === rung))
  return quality === 'auto' ? ['Auto', shown].filter(Boolean).join(' · ') : shown || words(quality)
}

/** The audio tracks, when there is more than one. */
export function audioChoices(media: Media | undefined): readonly Choice<number>[] {
  const tracks = media?.tracks.filter(({ kind }) => kind === 'audio') ?? []
  if (tracks.length < 2) return []
  return tracks.map((track, i) => ({
    value: track.id,
    label: languageName(track.language) ?? `Track ${i + 1}`,
    detail: [formatCodec(track.codec), channelName(track.channels)].filter(Boolean).join(' · '),
  }))
}

function languageName(code: string | undefined): string | undefined {
  if (!code || code === 'und') return undefined
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}

function channelName(channels: number | undefined): string {
  if (!channels) return ''
  return channels === 1 ? 'mono' : channels === 2 ? 'stereo' : channels === 6 ? '5.1' : `${channels} channels`
}
