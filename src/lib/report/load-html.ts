// A load test as a page: whether it passed, then everything that it was judged by.
import { exitCodes } from '../base/errors.ts'
import { formatDurationS } from '../base/units.ts'
import type { LoadResult } from '../protocol/load-result.ts'
import { loadCharts } from './load-html-charts.ts'
import { comparisonSection, figureTable, sessionTable } from './load-html-tables.ts'
import { exitOf, type Judgement, judgementsOf } from './load-verdicts.ts'
import { type Look, number, page, section, table, text, tiles, time } from './page.ts'

export async function renderLoadHtml(result: LoadResult, look: Look = {}): Promise<string> {
  const { summary, sessions } = result
  const body = [
    head(result, look),
    result.tool.trusted ? '' : doubt(result),
    tiles(totals(result)),
    section('Verdicts', verdictTable(judgementsOf(result).filter(({ group }) => group !== 'baseline'))),
    summary.errors.length > 0 ? section('Errors', errorTable(summary.errors)) : '',
    result.comparison ? section('Against the baseline', comparisonSection(result.comparison)) : '',
    section('In numbers', figureTable(result)),
    section('Over time', `<div class="charts">${(await loadCharts(result)).join('')}</div>`),
    sessions.length > 0 ? section('Sessions, the worst first', sessionTable(result)) : '',
    section('The tool itself', toolTable(result)),
  ]
  return page('mcpx load test', body, result, look)
}

/** In a word, and in its colour. */
function outcomeOf(result: LoadResult): string {
  const code = exitOf(result)
  if (code === exitCodes.ok) return '<span class="good">passed</span>'
  if (code === exitCodes.interrupted) return '<span class="bad">interrupted</span>'
  if (code === exitCodes.thresholdsFailed) return '<span class="bad">failed</span>'
  return `<span class="bad">${result.outcome === 'server-gone' ? 'the server was gone' : 'nobody connected'}</span>`
}

function head(result: LoadResult, look: Look): string {
  const { plan, server, startedAt, endedAt } = result
  const tookS = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000
  const facts = [
    `${plan.scenario}, seed ${plan.seed}`,
    server,
    `${time(startedAt)} UTC, ${formatDurationS(tookS)}`,
    plan.impairment === null ? 'path as it is' : `path ${plan.impairment}`,
    ...(plan.quality === null ? [] : [`quality ${plan.quality}`]),
    ...(plan.browserViewers > 0
      ? [`${plan.browserViewers} in ${plan.browserViewers === 1 ? 'a browser' : 'browsers'}`]
      : []),
  ]
  const contents = plan.contents.map((one) => `<code>${text(one)}</code>`).join(' ')
  return `<h1>${text(look.heading ?? 'Load test')}: ${outcomeOf(result)}</h1><p class="quiet">${facts.map(text).join(' · ')}</p><p class="quiet">${contents}</p>`
}

const doubt = ({ tool }: LoadResult): string =>
  `<div class="doubt"><p><b>Not to be trusted.</b> The tool itself was too slow, and what it measured may be its own doing.</p>${tool.reasons
    .map((reason) => `<p>${text(reason)}</p>`)
    .join('')}</div>`

const totals = ({ summary, figures }: LoadResult): [name: string, value: string][] => [
  ['Viewers', number(summary.viewers)],
  ['Sessions connected', `${summary.connected} of ${summary.sessions}`],
  ['Failed', number(summary.failed)],
  ['First frame, p95', figures.startup?.p95 === null ? 'never' : number(figures.startup?.p95, 'ms')],
  [summary.freezes > 0 ? `Freezes, ${number(summary.frozenS)} s of all together` : 'Freezes', number(summary.freezes)],
  ['Watched', formatDurationS(summary.watchedS)],
  ['Quality switches', number(summary.switches)],
]

const statuses: Readonly<Record<Judgement['status'], string>> = {
  passed: '<span class="good">passed</span>',
  failed: '<span class="bad">failed</span>',
  doubtful: '<b>doubtful</b>',
}

const verdictTable = (judgements: readonly Judgement[]): string =>
  table(
    ['Verdict', 'Of', 'Value'],
    judgements.map(({ group, name, status, detail }) => [
      statuses[status],
      group === 'threshold' ? `<code>${text(name)}</code>` : text(name),
      text(detail),
    ]),
  )

const errorTable = (errors: LoadResult['summary']['errors']): string =>
  table(
    ['Times', 'Code', 'What'],
    errors.map(({ count, code, message }) => [number(count), `<code>${text(code)}</code>`, text(message)]),
  )

const toolTable = ({ tool }: LoadResult): string =>
  table(
    ['Cores used', 'Workers', 'Own lag, p99', 'Own lag, most', 'Datagrams dropped at its sockets'],
    [
      [
        number(tool.cpuRatio),
        number(tool.workers),
        number(tool.loopLagP99Ms, 'ms'),
        number(tool.loopLagMaxMs, 'ms'),
        tool.socketDrops === null ? 'unknown' : number(tool.socketDrops),
      ],
    ],
  )
