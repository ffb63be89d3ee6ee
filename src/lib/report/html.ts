// The report as one HTML file: it opens without network and without script, in light and dark, and can be printed.
import { formatDurationS } from '../base/units.ts'
import { drawChart } from './chart.ts'
import { type Report, type ReportConnection, type ReportFigure, reportFigures } from './report.ts'
import type { Verdict } from './threshold.ts'

const charted: readonly (readonly [ReportFigure, string])[] = [
  ['bitrate', 'Bitrate'],
  ['loss', 'Packet loss'],
  ['rtt', 'Round trip time'],
  ['jitter', 'Jitter'],
  ['buffer', 'Buffer ahead of the playhead'],
  ['fps', 'Frame rate'],
  ['health', 'Stream health'],
  ['quality', 'Video quality'],
]
const names: Readonly<Record<ReportFigure, string>> = {
  startup: 'Time to the first frame',
  ...(Object.fromEntries(charted) as Record<Exclude<ReportFigure, 'startup'>, string>),
}

export interface Look {
  readonly title?: string
  /** As the reader's system has it when absent. */
  readonly theme?: 'light' | 'dark'
  /** An open page loads itself again so often. */
  readonly refreshS?: number
}

const light =
  '--ground:#fff;--text:#16181d;--quiet:#5c6370;--line:#dfe2e8;--accent:#2563eb;--bad:#b42318;--card:#f6f7f9'
const dark =
  '--ground:#101216;--text:#e8eaee;--quiet:#9aa1ad;--line:#2a2e36;--accent:#7aa7ff;--bad:#ff8a80;--card:#171a20'
const colours = {
  light: `:root{color-scheme:light;${light}}`,
  dark: `:root{color-scheme:dark;${dark}}`,
  system: `:root{color-scheme:light dark;${light}}@media(prefers-color-scheme:dark){:root{${dark}}}`,
} as const
const style = `
*{box-sizing:border-box}body{margin:0 auto;padding:28px 20px;max-width:1080px;font:15px/1.5 system-ui,sans-serif;background:var(--ground);color:var(--text)}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:34px 0 10px}p{margin:4px 0}.quiet{color:var(--quiet)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:10px;margin-top:18px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 14px}.tile b{display:block;font-size:1.4rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:14px}figure{margin:0}figcaption{font-weight:600}
svg{width:100%;height:auto}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--quiet);font-weight:600}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}.bad{color:var(--bad)}code{overflow-wrap:anywhere;font-size:.85em}
@media print{body{max-width:none}}`

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Everything that is not ours goes through here: content, names and errors come from anybody. */
const text = (value: unknown): string => String(value).replace(/[&<>"']/g, (character) => escapes[character]!)

const number = (value: number | null | undefined, unit = ''): string =>
  value === null || value === undefined ? '–' : `${Number(value.toPrecision(3))}${unit && ` ${unit}`}`

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="wide"><table><thead><tr>${head.map((one) => `<th>${text(one)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
    .join('')}</tbody></table></div>`

const section = (title: string, body: string): string => `<section><h2>${text(title)}</h2>${body}</section>`
const time = (iso: string) => iso.replace('T', ' ').slice(0, 19)

export async function renderHtml(report: Report, verdicts: readonly Verdict[], look: Look = {}): Promise<string> {
  const { title = 'How it played', theme = 'system', refreshS } = look
  const { summary } = report
  const tiles = [
    ['Connections', number(summary.connections)],
    ['Watched', formatDurationS(summary.watchedS)],
    ['Failed', number(summary.failed)],
    ['Freezes', summary.reporting > 0 ? number(summary.freezes) : 'unknown'],
    ['Say what they see', `${summary.reporting} of ${summary.connections}`],
    ['Operations', number(summary.operations)],
    ['Operations failed', number(summary.failedOperations)],
  ]
  const body = [
    `<h1>${text(title)}</h1><p class="quiet">${text(time(report.from))} to ${text(time(report.to))} UTC · made ${text(time(report.generatedAt))}</p>`,
    `<div class="tiles">${tiles.map(([name, value]) => `<div class="tile"><b>${text(value)}</b>${text(name)}</div>`).join('')}</div>`,
    verdicts.length > 0 ? section('Thresholds', thresholds(verdicts)) : '',
    summary.connections === 0 ? '<p>Nobody watched anything in this time.</p>' : await details(report),
    report.damaged.length > 0
      ? section('Days that could not be read', report.damaged.map((one) => `<p class="bad">${text(one)}</p>`).join(''))
      : '',
  ]
  // A script element that is data, never run: `<` cannot end it.
  const raw = JSON.stringify(report).replaceAll('<', '\\u003c')
  const refresh = refreshS === undefined ? '' : `<meta http-equiv="refresh" content="${refreshS}">`
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>mcpx report</title><style>${colours[theme]}${style}</style></head>
<body>${body.join('\n')}<script type="application/json" id="report">${raw}</script></body></html>\n`
}

async function details(report: Report): Promise<string> {
  const figures = Object.entries(report.figures).map(([figure, d]) => {
    const unit = reportFigures[figure as ReportFigure]
    const cells = [d.mean, d.min, d.p50, d.p90, d.p95, d.p99, d.max].map((value) => number(value, unit))
    return [text(names[figure as ReportFigure]), ...cells, number(d.count)]
  })
  const charts: string[] = []
  for (const [figure, name] of charted) {
    const points = report.series.map((step) => ({ at: step.at, value: step[figure] }))
    if (points.every(({ value }) => value === undefined)) continue
    charts.push(
      `<figure><figcaption>${text(name)}</figcaption>${await drawChart(points, reportFigures[figure])}</figure>`,
    )
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
            ['When', 'Connection', 'From', 'To'],
            report.qualitySwitches.map((one) => [time(one.at), one.connection, one.from, one.to].map(text)),
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

const thresholds = (verdicts: readonly Verdict[]): string =>
  table(
    ['Threshold', 'Value', 'Verdict'],
    verdicts.map(({ threshold, value, passed }) => [
      `<code>${text(threshold)}</code>`,
      number(value),
      passed ? 'passed' : '<span class="bad">failed</span>',
    ]),
  )
