// Lines over time as SVG text, drawn here: the report needs no script and no network to be read.
import type { EChartsCoreOption } from 'echarts/core'
import { formatDurationS } from '../base/units.ts'

export interface ChartPoint {
  /** A date, or seconds since the beginning. */
  readonly at: string | number
  readonly value: number | undefined
}

/** Of the lines of one chart, in their order. */
const colors = ['accent', 'bad', 'third', 'fourth', 'fifth', 'sixth'].map((name) => `var(--${name})`)
export const mostLines = colors.length
const size = { width: 720, height: 190 }

/** The colour of a line by its place; the second is that of what is bad. Colours are those of the page's style sheet. */
export async function drawChart(
  lines: readonly (readonly ChartPoint[])[],
  unit: string,
  colourOf: (line: number) => number = (line) => line,
): Promise<string> {
  // It takes half a second to load: only who draws pays.
  const { init } = await import('./echarts.ts')
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size })
  const quiet = { color: 'var(--quiet)', fontSize: 11 }
  const isElapsed = typeof lines[0]?.[0]?.at === 'number'
  const option: EChartsCoreOption = {
    animation: false,
    grid: { left: 70, right: 12, top: 14, bottom: 26 },
    xAxis: {
      ...(isElapsed ? { type: 'value', min: 'dataMin', max: 'dataMax' } : { type: 'time' }),
      axisLabel: { ...quiet, hideOverlap: true, ...(isElapsed && { formatter: formatDurationS }) },
      splitLine: { show: false },
      axisLine: { lineStyle: { color: 'var(--line)' } },
    },
    yAxis: {
      type: 'value',
      min: 0,
      splitNumber: 3,
      axisLabel: { ...quiet, formatter: (value: number) => `${short(value)} ${unit}` },
      splitLine: { lineStyle: { color: 'var(--line)' } },
    },
    series: lines.map((points, at) => ({
      type: 'line',
      silent: true,
      showSymbol: points.length < 3,
      connectNulls: false,
      lineStyle: { color: colors[colourOf(at) % mostLines]!, width: 1.6 },
      itemStyle: { color: colors[colourOf(at) % mostLines]! },
      data: points.map((point) => [point.at, point.value ?? '-']),
    })),
  }
  try {
    chart.setOption(option)
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

/** 12345 → 12k. */
const short = (value: number): string =>
  value >= 10_000 ? `${(value / 1000).toFixed(0)}k` : Number(value.toPrecision(4)).toString()
