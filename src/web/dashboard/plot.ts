// uPlot as all charts of the dashboard use it: made when its place appears, as wide as that, in the colours of the page.
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clockText, minuteText } from './words.ts'

export const chartHeightPx = 132

/** What a style sheet's colour is here and now: a canvas knows neither custom properties nor light-dark(). */
export function resolveColour(element: HTMLElement, css: string): string {
  const probe = document.createElement('span')
  probe.style.color = css
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

const axis = (element: HTMLElement) => ({
  stroke: resolveColour(element, 'var(--quiet)'),
  font: '11px system-ui',
  ticks: { show: false },
})

const minuteS = 60
/** Seconds between two labels of time. */
const timeSteps = [1, 2, 5, 10, 15, 30, ...[1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 360, 1440].map((min) => min * minuteS)]

export const timeAxis = (element: HTMLElement): uPlot.Axis => ({
  ...axis(element),
  size: 24,
  space: 52,
  incrs: timeSteps,
  grid: { show: false },
  values: (_plot, splits, _axis, _space, stepS) =>
    splits.map((at) => (stepS < minuteS ? clockText : minuteText)(at * 1000)),
})

export const valueAxis = (element: HTMLElement, format: (value: number) => string): uPlot.Axis => ({
  ...axis(element),
  size: 62,
  space: 30,
  grid: { stroke: resolveColour(element, 'var(--line)'), width: 1 },
  values: (_plot, splits) => splits.map(format),
})

/** Another text whenever the page may have other colours than before. */
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

/** A plot in the element, made anew when `what` it shows changes, or `scheme` does: it has no data then. */
export function usePlot(element: RefObject<HTMLElement | null>, what: string, make: (place: HTMLElement) => uPlot) {
  const plot = useRef<uPlot>(undefined)
  const scheme = useScheme()
  useLayoutEffect(() => {
    const made = make(element.current!)
    plot.current = made
    const observer = new ResizeObserver(([entry]) =>
      made.setSize({ width: Math.max(80, entry!.contentRect.width), height: chartHeightPx }),
    )
    observer.observe(element.current!)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = undefined
    }
  }, [what, scheme])
  return { plot, scheme }
}
