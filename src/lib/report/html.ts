// One period as a page.
import { formatDurationS } from '../base/units.ts'
import { decisionWords } from '../model/decision.ts'
import {
  chartedFigures,
  type Report,
  type ReportConnection,
  type ReportFigure,
  reportSpecs,
  reportUnit,
  type Verdict,
} from '../protocol/report.ts'
import { drawChart } from './chart.ts'
import { type Look, number, page, section, table, text, tiles, time } from './page.ts'

export async function renderHtml(report: Report, verdicts: readonly Verdict[], look: Look = {}): Promise<string> {
  const { summary } = report
  const body = [
    `<h1>${text(look.heading ?? 'How it played')}</h1><p class="quiet">${text(time(report.from))} to ${text(time(report.to))} UTC · made ${text(time(report.generatedAt))}</p>`,
    tiles(totalsOf(report)),
    verdicts.length > 0 ? section('Thresholds', thresholds(verdicts)) : '',
    summary.connections === 0 ? '<p>Nobody watched anything in this time.</p>' : await details(report),
    report.damaged.length > 0
      ? section('Days that could not be read', report.damaged.map((one) => `<p class="bad">${text(one)}</p>`).join(''))
      : '',
  ]
  return page('mcpx report', body, report, look)
}

export function totalsOf({ summary }: Report): [name: string, value: string][] {
  return [
    ['Connections', number(summary.connections)],
    ['Watched', formatDurationS(summary.watchedS)],
    ['Failed', number(summary.failed)],
    ['Freezes', summary.reporting > 0 ? number(summary.freezes) : 'unknown'],
    ['Say what they see', `${summary.reporting} of ${summary.connections}`],
    ['Operations', number(summary.operations)],
    ['Operations failed', number(summary.failedOperations)],
  ]
}

async function details(report: Report): Promise<string> {
  const figures = Object.entries(report.figures).map(([figure, d]) => {
    const { title, unit } = reportSpecs[figure as ReportFigure]
    const cells = [d.mean, d.min, d.p50, d.p90, d.p95, d.p99, d.max].map((value) => number(value, unit))
    return [text(title), ...cells, number(d.count)]
  })
  const charts: string[] = []
  for (const figure of chartedFigures) {
    const { title, unit } = reportSpecs[figure]
    const points = report.series.map((step) => ({ at: step.at, value: step[figure] }))
    if (points.every(({ value }) => value === undefined)) continue
    charts.push(`<figure><figcaption>${text(title)}</figcaption>${await drawChart([points], unit)}</figure>`)
  }
  return [
    section('In numbers', table(['Figure', 'Mean', 'Least', 'p50', 'p90', 'p95', 'p99', 'Most', 'Values'], figures)),
    section('Over time', `<div class="charts">${charts.join('')}</div>`),
    section(
      'Connections, the worst first',
      table(connectionHead, report.connections.slice(0, 50).map(connectionCells)),
    ),
    report.qualitySwitches.length > 0
      ? section(
          'Quality switches',
          table(
            ['When', 'Connection', 'From', 'To', 'Why', 'What was known'],
            report.qualitySwitches.map((one) =>
              [time(one.at), one.connection, one.from, one.to, whyOf(one.why), knownOf(one.known)].map(text),
            ),
          ),
        )
      : '',
    report.errors.length > 0
      ? section(
          'Errors',
          table(
            ['When', 'Connection', 'Code', 'What'],
            report.errors.map((one) => [time(one.at), one.connection, one.code, one.message].map(text)),
          ),
        )
      : '',
  ].join('\n')
}

const whyOf = (why: string | null): string => (why === null ? '–' : decisionWords(why))

const knownOf = (known: Partial<Record<ReportFigure, number>>): string =>
  chartedFigures
    .flatMap((figure) =>
      known[figure] === undefined ? [] : [`${reportSpecs[figure].title} ${number(known[figure], reportUnit(figure))}`],
    )
    .join(', ') || '–'

const connectionHead = ['Content', 'Began', 'Health', 'Quality', 'First frame', 'Freezes', 'Why', 'End']
const connectionCells = (one: ReportConnection): string[] => [
  `<code>${text(one.content)}</code>`,
  text(time(one.startedAt)),
  number(one.healthMean),
  number(one.qualityMean),
  number(one.startupMs, 'ms'),
  one.freezes === null ? 'unknown' : text(`${one.freezes} (${number(one.frozenS, 's')})`),
  text(one.reasons.join(', ') || '–'),
  one.error === null ? text(one.closeReason ?? 'open') : `<span class="bad">${text(one.error)}</span>`,
]

export const thresholds = (verdicts: readonly Verdict[]): string =>
  table(
    ['Threshold', 'Value', 'Verdict'],
    verdicts.map(({ threshold, value, passed }) => [
      `<code>${text(threshold)}</code>`,
      number(value),
      passed ? 'passed' : '<span class="bad">failed</span>',
    ]),
  )
