// One figure over time, drawn by uPlot. The charts of a connection share their cursor.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import type { LiveSample } from '../../lib/protocol/live.ts'
import { alarmOf, type FigureId, figures, formatFigure } from './figures.ts'
import { chartHeightPx, resolveColour, timeAxis, usePlot, valueAxis } from './plot.ts'
import { columnsOf } from './samples.ts'
import { clockText } from './words.ts'

const cursorKey = 'connection'

interface ChartProps {
  readonly figure: FigureId
  readonly samples: readonly LiveSample[]
  readonly windowMs: number
  /** The right edge. */
  readonly endMs: number
  /** Longer than this without a sample is a hole. */
  readonly holeMs: number
}

interface Drawing {
  readonly figure: FigureId
  readonly range: () => [number, number]
  onHover(index: number | null | undefined): void
}

function draw(element: HTMLElement, { figure, range, onHover }: Drawing): uPlot {
  const { top, isFixed, format } = figures[figure]
  const css = `var(--figure-${figure})`
  const stroke = resolveColour(element, css)
  const fill = resolveColour(element, `color-mix(in srgb, ${css} 14%, transparent)`)
  return new uPlot(
    {
      width: Math.max(80, element.clientWidth),
      height: chartHeightPx,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: cursorKey }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: {
        x: { time: true, range },
        y: { range: (_plot, _low, high) => [0, isFixed ? top : Math.max(top, (high ?? 0) * 1.12)] },
      },
      axes: [timeAxis(element), valueAxis(element, format)],
      series: [{}, { stroke, fill, width: 1.75, points: { size: 4, fill: stroke } }],
      hooks: { setCursor: [({ cursor }) => onHover(cursor.idx)] },
    },
    [[], []],
    element,
  )
}

export function Chart({ figure, samples, windowMs, endMs, holeMs }: ChartProps) {
  const element = useRef<HTMLDivElement>(null)
  const range = useRef<[number, number]>([0, 1])
  const [hovered, setHovered] = useState<number | undefined>()
  const fromMs = endMs - windowMs
  range.current = [fromMs / 1000, endMs / 1000]
  const { plot, scheme } = usePlot(element, figure, (place) =>
    draw(place, { figure, range: () => range.current, onHover: (index) => setHovered(index ?? undefined) }),
  )
  useLayoutEffect(() => {
    plot.current?.setData(columnsOf(samples, { figure, fromMs, holeMs }))
  }, [figure, samples, windowMs, endMs, scheme])

  const { label } = figures[figure]
  const [times, values] = [plot.current?.data[0], plot.current?.data[1]]
  const at = hovered === undefined ? undefined : times?.[hovered]
  const now = samples.at(-1)?.[figure]
  const value = at === undefined ? now : values?.[hovered!]
  return (
    <figure class="chart">
      <figcaption>
        <span>{label}</span>
        {at !== undefined && <small class="quiet">{clockText(at * 1000)}</small>}
        <b class={alarmOf(figure, value)}>{formatFigure(figure, value)}</b>
      </figcaption>
      <div
        ref={element}
        class="plot"
        role="img"
        aria-label={`${label} of the last ${windowMs / 60_000} minutes, now ${formatFigure(figure, now)}`}
      />
    </figure>
  )
}
