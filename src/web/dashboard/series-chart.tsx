// The series of a plugin's panel in one chart, with a legend that tells the values under the pointer, or else the newest.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import type { PanelSeries } from '../../lib/protocol/panels.ts'
import { chartHeightPx, resolveColour, timeAxis, usePlot, valueAxis } from './plot.ts'
import { clockText, numberText, valueText } from './words.ts'

type Series = PanelSeries['series']

function draw(element: HTMLElement, count: number, onHover: (index: number | null | undefined) => void): uPlot {
  const lines = Array.from({ length: count }, (_, at): uPlot.Series => {
    const stroke = resolveColour(element, `var(--series-${at})`)
    return { stroke, width: 1.75, spanGaps: false, points: { size: 4, fill: stroke } }
  })
  return new uPlot(
    {
      width: Math.max(80, element.clientWidth),
      height: chartHeightPx,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      scales: { x: { time: true } },
      axes: [timeAxis(element), valueAxis(element, numberText)],
      series: [{}, ...lines],
      hooks: { setCursor: [({ cursor }) => onHover(cursor.idx)] },
    },
    Array.from({ length: count + 1 }, () => []) as unknown as uPlot.AlignedData,
    element,
  )
}

/** All series on the times of all of them; a series has undefined where only another has a point. */
const aligned = (series: Series): uPlot.AlignedData =>
  uPlot.join(
    series.map(({ points }) => [
      points.map(([atMs]) => atMs / 1000),
      points.map(([, value]) => value),
    ]) as uPlot.AlignedData[],
    series.map(() => [1, 2]),
  )

export function SeriesChart({ title, series }: { title: string; series: Series }) {
  const element = useRef<HTMLDivElement>(null)
  const [hovered, setHovered] = useState<number | undefined>()
  const count = series.length
  const { plot, scheme } = usePlot(element, String(count), (place) =>
    draw(place, count, (index) => setHovered(index ?? undefined)),
  )
  useLayoutEffect(() => plot.current?.setData(aligned(series)), [series, scheme])
  const data = plot.current?.data
  const at = hovered === undefined ? undefined : data?.[0][hovered]
  const shownOf = (line: number) =>
    at === undefined ? series[line]!.points.at(-1)?.[1] : (data?.[line + 1]?.[hovered!] as number | null | undefined)
  const values = series.map(({ label, unit }, line) => ({ label, text: valueText(shownOf(line) ?? null, unit) }))
  return (
    <figure class="chart plugin-chart">
      <div
        ref={element}
        class="plot"
        role="img"
        aria-label={`${title}: ${values.map(({ label, text }) => `${label} ${text}`).join(', ')}`}
      />
      <figcaption>
        {at !== undefined && <small class="quiet">{clockText(at * 1000)}</small>}
        <ul>
          {values.map(({ label, text }, line) => (
            <li key={line} class={`series-${line}`}>
              <bdi class="quiet">{label}</bdi> <b>{text}</b>
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  )
}
