// Two periods as one page: what differs, then both over time, from their beginnings.

import {
  type Comparison,
  chartedFigures,
  type Difference,
  type Report,
  type ReportFigure,
  reportSpecs,
  type Verdict,
} from '../protocol/report.ts'
import { drawChart } from './chart.ts'
import { thresholds, totalsOf } from './html.ts'
import { number, page, section, table, text, time } from './page.ts'

export async function renderComparisonHtml(comparison: Comparison, verdicts: readonly Verdict[]): Promise<string> {
  const { a, b, differences } = comparison
  const body = [
    `<h1>What changed</h1><p class="quiet">A: ${period(a)} · B: ${period(b)} · made ${text(time(b.generatedAt))}</p>`,
    verdicts.length > 0 ? section('Thresholds, of B', thresholds(verdicts)) : '',
    section('Differences', differenceTable(differences)),
    '<p class="quiet">A connection counts once, by its mean. The interval holds the difference with 95 % confidence (bootstrap).</p>',
    section('In sum', sums(a, b)),
    section('Over time, from the beginning of each', `<div class="charts">${(await charts(a, b)).join('')}</div>`),
    damaged([...a.damaged, ...b.damaged]),
  ]
  return page('mcpx comparison', body, comparison)
}

const period = ({ from, to }: Report) => `${text(time(from))} to ${text(time(to))} UTC`

function differenceTable(differences: Comparison['differences']): string {
  const rows = Object.entries(differences).map(([figure, one]) => {
    const { title, unit } = reportSpecs[figure as ReportFigure]
    return [
      text(title),
      ...[one.a, one.b, one.difference].map((value) => number(value, unit)),
      one.low === null ? '–' : text(`${number(one.low)} to ${number(one.high, unit)}`),
      text(one.counts.join(' and ')),
      verdict(one),
    ]
  })
  if (rows.length === 0) return '<p>Nobody watched anything in either of them.</p>'
  return table(['Figure', 'A', 'B', 'B less A', 'Interval', 'Connections', 'Verdict'], rows)
}

const verdict = ({ verdict }: Difference) =>
  verdict === 'worse' ? `<span class="bad">${text(verdict)}</span>` : text(verdict)

function sums(a: Report, b: Report): string {
  const [one, other] = [totalsOf(a), totalsOf(b)]
  return table(
    ['', 'A', 'B'],
    one.map(([name, value], at) => [text(name), text(value), text(other[at]![1])]),
  )
}

async function charts(a: Report, b: Report): Promise<string[]> {
  const drawn: string[] = []
  // B is laid over A: both begin where A does.
  const shiftMs = Date.parse(a.from) - Date.parse(b.from)
  for (const figure of chartedFigures) {
    const { title, unit } = reportSpecs[figure]
    const [first, second] = [a, b].map(({ series }, at) =>
      series.map((step) => ({
        at: new Date(Date.parse(step.at) + (at === 0 ? 0 : shiftMs)).toISOString(),
        value: step[figure],
      })),
    )
    if ([...first!, ...second!].every(({ value }) => value === undefined)) continue
    const legend = '<span class="line-a">A</span> <span class="line-b">B</span>'
    drawn.push(
      `<figure><figcaption>${text(title)} ${legend}</figcaption>${await drawChart([first!, second!], unit)}</figure>`,
    )
  }
  return drawn
}

const damaged = (days: readonly string[]) =>
  days.length > 0
    ? section('Days that could not be read', days.map((one) => `<p class="bad">${text(one)}</p>`).join(''))
    : ''
