// A figure over time as lines of text, with gaps where it was not known.
import asciichart from 'asciichart'
import { figureSpec, type SampleFigure } from '../model/figure-table.ts'
import { figureViews } from './format.ts'

export interface ChartLine {
  readonly label: string
  readonly line: string
}

const labelWidth = 6
/** asciichart puts the label, a blank and the axis before the line. */
const axisWidth = labelWidth + 2

/** So many parts of the axis have a number, which is round then; where there is less room, its half has one. */
const usualSteps = 5

/** How many values have room in `width` columns. */
export const chartCapacity = (width: number): number => Math.max(1, width - axisWidth)

/** At most `height` lines from 0 up; empty where nothing is known. One column for each value, the newest at the right. */
export function chartLines(
  values: readonly (number | null)[],
  figure: SampleFigure,
  { width, height }: { readonly width: number; readonly height: number },
): ChartLine[] {
  const shown = values.slice(-chartCapacity(width))
  const known = shown.filter((value) => value !== null)
  if (known.length === 0 || height < 2) return []
  const filled = forwardFilled(shown)
  const steps = height > usualSteps ? usualSteps : Math.min(2, height - 1)
  const stepRows = Math.floor((height - 1) / steps)
  const rows = stepRows * steps
  const text = asciichart.plot([...filled, filled.at(-1)!], {
    height: rows,
    min: 0,
    max: topOf(Math.max(...known, figureSpec(figure).chart.top)),
    format: (value) => figureViews[figure].show(value).padStart(labelWidth),
  })
  return text.split('\n').map((line, at) => ({
    label: at % stepRows === 0 ? line.slice(0, labelWidth) : ' '.repeat(labelWidth),
    line: blankUnknown(line.slice(labelWidth), shown),
  }))
}

function forwardFilled(values: readonly (number | null)[]): number[] {
  let last = values.find((value) => value !== null) ?? 0
  return values.map((value) => {
    last = value ?? last
    return last
  })
}

function blankUnknown(line: string, values: readonly (number | null)[]): string {
  const axis = line.slice(0, 2)
  const drawn = [...line.slice(2)].map((char, at) => (values[at] === null ? ' ' : char)).join('')
  return (values[0] === null ? axis.replace('┼', '┤') : axis) + drawn.trimEnd()
}

/** The next that parts into five round steps. */
export function topOf(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((step) => value <= step * power * 1.000_001) ?? 10)
}
