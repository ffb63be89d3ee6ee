// Figures as a narrow column shows them. What is not known is `–`, never 0.
import { formatDurationS } from '../base/units.ts'
import { eachFigure, type FigureUnit, type SampleFigure } from '../model/figure-table.ts'
import type { Quality, RungQuality } from '../model/quality.ts'

export const unknown = '–'

type Known = number | null | undefined
const isKnown = (value: Known): value is number => typeof value === 'number' && Number.isFinite(value)
const show = (format: (value: number) => string) => (value: Known) => (isKnown(value) ? format(value) : unknown)

/** In 5 columns: `812k`, `2.41M`, `12.3M`. */
export const bitrate = show((bps) => {
  if (bps < 500) return '0'
  if (bps < 999_500) return `${Math.round(bps / 1e3)}k`
  const mbps = bps / 1e6
  return `${mbps.toFixed(mbps < 9.995 ? 2 : mbps < 99.95 ? 1 : 0)}M`
})

/** In 4 columns: `0.4%`, `12%`; what is there at all is not shown as nothing. */
export const ratio = show((value) => {
  const percent = value * 100
  if (percent > 0 && percent < 0.05) return '<.1%'
  return percent < 9.95 ? `${percent.toFixed(1)}%` : `${Math.round(percent)}%`
})

export const milliseconds = show((ms) => (ms > 0 && ms < 9.95 ? ms.toFixed(1) : String(Math.round(ms))))
export const seconds = show((s) => (s < 99.95 ? s.toFixed(1) : String(Math.round(s))))
export const whole = show((value) => String(Math.round(value)))
export const duration = show(formatDurationS)

/** Local time of day. */
export const clockTime = show((atMs) => {
  const date = new Date(atMs)
  return Number.isNaN(date.getTime()) ? unknown : date.toTimeString().slice(0, 8)
})

const shortQualities: Readonly<Record<string, string>> = { very_low: 'vlow', medium: 'med', very_high: 'vhigh' }
const short = (quality: string) => shortQualities[quality] ?? quality

/** `auto→vhigh`: asked → sent; one word where they are the same. */
export function qualityText(asked: Quality, sent: RungQuality | undefined, isShort = true): string {
  const name = isShort ? short : (quality: string) => quality
  return asked === sent ? name(asked) : `${name(asked)}→${sent === undefined ? unknown : name(sent)}`
}

interface FigureView {
  readonly title: string
  /** In a narrow column, without its unit. */
  show(value: Known): string
  /** In words, with its unit. */
  say(value: Known): string
}

const bitrateWords = (text: string) => `${text.replace(/[kM]$/, ' $&').replace(/\d$/, '$& ')}bit/s`
const withUnit = (unit: string) => (text: string) => text + unit

interface UnitView {
  readonly show: FigureView['show']
  readonly say: (text: string) => string
  /** In a column, where it is not as elsewhere, and the widest it gets there. */
  readonly cell?: FigureView['show']
  readonly width: number
}

const unitViews: Readonly<Record<FigureUnit, UnitView>> = {
  bps: { show: bitrate, say: bitrateWords, width: 5 },
  ratio: { show: ratio, say: withUnit(''), width: 4 },
  ms: { show: milliseconds, say: withUnit(' ms'), width: 4 },
  s: { show: seconds, say: withUnit(' s'), width: 4 },
  fps: { show: seconds, say: withUnit(' fps'), cell: whole, width: 3 },
  points: { show: whole, say: withUnit(''), width: 3 },
}

/** How values of a unit stand in a column. */
export function unitColumn(unit: FigureUnit): { readonly show: FigureView['show']; readonly width: number } {
  const { show, cell = show, width } = unitViews[unit]
  return { show: cell, width }
}

/** How each figure is called and shown. */
export const figureViews: Readonly<Record<SampleFigure, FigureView>> = eachFigure(({ title, unit }) => {
  const { show, say } = unitViews[unit]
  return { title: title.toLowerCase(), show, say: (value) => (isKnown(value) ? say(show(value)) : unknown) }
})
