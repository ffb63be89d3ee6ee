// The figures of a stream as the dashboard writes and draws them.
import {
  eachFigure,
  type FigureUnit,
  type SampleFigure,
  sampleFigures,
  toneOfFigure,
} from '../../lib/protocol/figures.ts'
import { formatBitrate } from '../shared/format.ts'

export type FigureId = SampleFigure
/** How a value is coloured; `unknown` is never shown as fine. */
export type Tone = 'good' | 'fair' | 'bad' | 'unknown'

interface Figure {
  readonly label: string
  /** For the head of a column. */
  readonly short: string
  readonly format: (value: number) => string
  /** The chart reaches at least so far up; `isFixed`: exactly. */
  readonly top: number
  readonly isFixed: boolean
  /** The scores stand in columns of their own. */
  readonly isScore: boolean
}

const formats: Readonly<Record<FigureUnit, Figure['format']>> = {
  bps: formatBitrate,
  ratio: (value) => `${(value * 100).toFixed(1)} %`,
  ms: (value) => `${value.toFixed(value < 9.95 ? 1 : 0)} ms`,
  s: (value) => `${value.toFixed(1)} s`,
  fps: (value) => value.toFixed(1),
  points: (value) => value.toFixed(0),
}

export const figures: Readonly<Record<FigureId, Figure>> = eachFigure(({ title, short, unit, chart }) => ({
  label: title,
  short,
  format: formats[unit],
  top: chart.top,
  isFixed: chart.isFixed ?? false,
  isScore: unit === 'points',
}))

export const figureIds: readonly FigureId[] = sampleFigures

export const unknownText = 'unknown'

export function formatFigure(id: FigureId, value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : figures[id].format(value)
}

export const toneOfScore = (value: number | undefined): Tone => toneOfFigure('health', value) ?? 'unknown'

/** Undefined where nothing is wrong, or nothing is known. */
export function alarmOf(id: FigureId, value: number | null | undefined): 'fair' | 'bad' | undefined {
  const tone = toneOfFigure(id, value)
  return tone === 'good' ? undefined : tone
}
