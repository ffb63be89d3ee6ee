// The charts of a load test's page: all viewers together, over the time of the run.
import type { LoadMoment, LoadResult } from '../protocol/load-result.ts'
import { drawChart, mostLines } from './chart.ts'
import { text } from './page.ts'

interface Line {
  readonly name: string
  readonly values: readonly (number | null)[]
}

interface Chart {
  readonly title: string
  readonly unit: string
  readonly lines: readonly Line[]
  /** One quality is as good as another: the colour of what is bad comes last. */
  readonly colourOf?: (line: number) => number
}

export async function loadCharts(result: LoadResult): Promise<string[]> {
  const { timeline } = result
  const of = (read: (moment: LoadMoment) => number | null) => timeline.map(read)
  const charts: Chart[] = [
    {
      title: 'Viewers',
      unit: '',
      lines: [
        { name: 'watching', values: of(({ watching }) => watching) },
        { name: 'failed so far', values: of(({ failed }) => failed) },
      ],
    },
    single(
      'Bitrate of all together',
      'Mbps',
      of(({ bitrateKbps }) => bitrateKbps / 1000),
    ),
    single(
      'Packet loss before repair',
      '%',
      of(({ lossRatio }) => lossRatio && lossRatio * 100),
    ),
    single(
      'Freezes so far',
      '',
      of(({ freezes }) => freezes),
    ),
    { title: 'Sessions by quality', unit: '', lines: rungLines(result), colourOf: (line) => [0, 2, 3, 4, 5, 1][line]! },
    single(
      'Own lag of the tool, p99',
      'ms',
      of(({ lagP99Ms }) => lagP99Ms),
    ),
  ]
  const times = timeline.map(({ atS }) => atS)
  const drawn: string[] = []
  for (const chart of charts) {
    if (chart.lines.every(({ values }) => values.every((value) => value === null))) continue
    drawn.push(await draw(chart, times))
  }
  return drawn
}

const single = (title: string, unit: string, values: Line['values']): Chart => ({
  title,
  unit,
  lines: [{ name: '', values }],
})

async function draw(
  { title, unit, lines, colourOf = (line) => line }: Chart,
  times: readonly number[],
): Promise<string> {
  const points = lines.map(({ values }) => values.map((value, at) => ({ at: times[at]!, value: value ?? undefined })))
  const names =
    lines.length > 1 || lines[0]?.name ? lines.map(({ name }, at) => legend(name, colourOf(at))).join(' ') : ''
  return `<figure><figcaption>${text(title)} ${names}</figcaption>${await drawChart(points, unit, colourOf)}</figure>`
}

const legend = (name: string, colour: number) => `<span class="line-${'abcdef'[colour]}">${text(name)}</span>`

/** How many sessions were sent each quality at each moment; the most frequent ones where there are many. */
function rungLines({ sessions, timeline }: LoadResult): Line[] {
  const counts = new Map<string, number[]>()
  for (const { rungs, endedS } of sessions)
    for (const [at, { atS, quality }] of rungs.entries()) {
      const untilS = rungs[at + 1]?.atS ?? endedS
      const line = counts.get(quality) ?? new Array<number>(timeline.length).fill(0)
      counts.set(quality, line)
      for (const [step, moment] of timeline.entries()) if (moment.atS >= atS && moment.atS < untilS) line[step]!++
    }
  const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
  return [...counts]
    .map(([name, values]) => ({ name, values, sum: sumOf(values) }))
    .sort((a, b) => b.sum - a.sum)
    .slice(0, mostLines)
}
