// One figure over time, drawn by uPlot. The charts of a connection share their cursor.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { LiveSample } from '../../lib/protocol/live.ts'
import { alarmOf, type FigureId, figures, formatFigure } from './figures.ts'
import { columnsOf } from './samples.ts'
import { clockText } from './words.ts'

const heightPx = 132
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

/** What a style sheet's colour is here and now: a canvas knows neither custom properties nor light-dark(). */
function resolveColour(element: HTMLElement, css: string): string {
  const probe = document.createElement('span')
  probe.style.color = css
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

function coloursOf(element: HTMLElement, figure: FigureId) {
  const line = `var(--figure-${figure})`
  return {
    line: resolveColour(element, line),
    fill: resolveColour(element, `color-mix(in srgb, ${line} 14%, transparent)`),
    text: resolveColour(element, 'var(--quiet)'),
    grid: resolveColour(element, 'var(--line)'),
  }
}

interface Drawing {
  readonly figure: FigureId
  readonly range: () => [number, number]
  onHover(index: number | null | undefined): void
}

function draw(element: HTMLElement, { figure, range, onHover }: Drawing): uPlot {
  const { top, isFixed, format } = figures[figure]
  const colours = coloursOf(element, figure)
  const axis = { stroke: colours.text, font: '11px system-ui', ticks: { show: false } }
  return new uPlot(
    {
      width: Math.max(80, element.clientWidth),
      height: heightPx,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: cursorKey }, drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: {
        x: { time: true, range },
        y: { range: (_plot, _low, high) => [0, isFixed ? top : Math.max(top, (high ?? 0) * 1.12)] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          space: 70,
          grid: { show: false },
          values: (_plot, splits) => splits.map((at) => clockText(at * 1000)),
        },
        {
          ...axis,
          size: 62,
          space: 30,
          grid: { stroke: colours.grid, width: 1 },
          values: (_plot, splits) => splits.map(format),
        },
      ],
      series: [{}, { stroke: colours.line, fill: colours.fill, width: 1.75, points: { size: 4, fill: colours.line } }],
      hooks: { setCursor: [({ cursor }) => onHover(cursor.idx)] },
    },
    [[], []],
    element,
  )
}

/** Rises whenever the page may have other colours than before. */
function useScheme(): string {
  const query = matchMedia('(prefers-color-scheme: dark)')
  const [isDark, setDark] = useState(query.matches)
  useEffect(() => {
    const onChange = () => setDark(query.matches)
    query.addEventListener('change', onChange)
    return () => query.removeEventListener('change', onChange)
  }, [])
  return `${isDark} ${document.documentElement.style.colorScheme}`
}

export function Chart({ figure, samples, windowMs, endMs, holeMs }: ChartProps) {
  const element = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const range = useRef<[number, number]>([0, 1])
  const [hovered, setHovered] = useState<number | undefined>()
  const scheme = useScheme()
  const fromMs = endMs - windowMs
  range.current = [fromMs / 1000, endMs / 1000]

  useLayoutEffect(() => {
    const made = draw(element.current!, {
      figure,
      range: () => range.current,
      onHover: (index) => setHovered(index ?? undefined),
    })
    plot.current = made
    const observer = new ResizeObserver(([entry]) =>
      made.setSize({ width: Math.max(80, entry!.contentRect.width), height: heightPx }),
    )
    observer.observe(element.current!)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [figure, scheme])
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
