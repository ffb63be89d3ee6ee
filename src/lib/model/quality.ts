// The five quality names of the origin, `auto`, and the 0-100 scale as one thing.
import { McpxError } from '../base/errors.ts'

export const qualityNames = ['very_low', 'low', 'medium', 'high', 'very_high'] as const
export type QualityName = (typeof qualityNames)[number]
/** The name of a rung; `fixed` where there is no other. */
export type RungQuality = QualityName | 'fixed'
export type Quality = QualityName | 'auto'
/** Who wanted the quality that holds: the viewer itself, or somebody through the server. */
export type QualityReason = 'viewer' | 'request'
export const qualities = ['auto', ...qualityNames] as const

/** What a name stands for: an upper bound for a rung. Heights in lines of the shorter side, bitrates of the video. */
export const qualityLimits: Readonly<Record<QualityName, { height: number; frameRate: number; bitrateBps: number }>> = {
  very_low: { height: 240, frameRate: 15, bitrateBps: 250_000 },
  low: { height: 360, frameRate: 20, bitrateBps: 500_000 },
  medium: { height: 480, frameRate: 30, bitrateBps: 1_000_000 },
  high: { height: 720, frameRate: 30, bitrateBps: 2_500_000 },
  very_high: { height: 1080, frameRate: 30, bitrateBps: 4_500_000 },
}

/** A name, or an integer 0-100 in equal bands (0-19 very_low … 80-100 very_high). Throws INVALID_REQUEST with the value. */
export function parseQuality(value: unknown): Quality {
  if (typeof value === 'string') {
    const name = qualities.find((q) => q === value)
    if (name) return name
    if (/^\d{1,3}$/.test(value)) return parseQuality(Number(value))
  }
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100) {
    return qualityNames[Math.min(4, Math.floor(value / 20))]!
  }
  throw new McpxError('INVALID_REQUEST', `${JSON.stringify(value)} is not a valid quality`, {
    hint: `Give ${qualities.join(', ')}, or a whole number from 0 to 100.`,
  })
}

/**
 * Which of the rungs a quality means, as an index. Rungs are ordered from worst to best. A name picks by position on the
 * ladder, stretched over the rungs there are, so that `very_low` is always the first and `very_high` the last.
 */
export function rungOf(quality: QualityName, rungCount: number): number {
  if (rungCount <= 1) return 0
  return Math.round((qualityNames.indexOf(quality) * (rungCount - 1)) / (qualityNames.length - 1))
}

/** The name that stands for a rung, the inverse of rungOf where that is unique; `fixed` for one that is alone. */
export function qualityOfRung(rung: number, rungCount: number): RungQuality {
  if (rungCount <= 1) return 'fixed'
  return qualityNames[Math.round((rung * (qualityNames.length - 1)) / (rungCount - 1))]!
}
