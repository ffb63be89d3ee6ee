// Writes the parts of the documentation that come from the declarations: commands, options, errors, exit codes.
// `node scripts/docs.mjs` rewrites the blocks between `<!-- name:begin -->` and `<!-- name:end -->`; a test keeps them current.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCommands } from '../src/commands/index.ts'
import { metricSwitches } from '../src/lib/app/monitor-config-file.ts'
import { createServer } from '../src/lib/app.ts'
import { errorKinds, exitCodes } from '../src/lib/base/errors.ts'
import { optionRows } from '../src/lib/base/help.ts'
import { allChecks } from '../src/lib/checks/index.ts'
import { checkNeeds } from '../src/lib/checks/needs.ts'
import { checkGroups } from '../src/lib/model/check.ts'
import { scoreTerms, scoreVersion } from '../src/lib/model/score.ts'
import { scoreWords } from '../src/lib/model/score-words.ts'
import { thresholdStatistics } from '../src/lib/model/threshold.ts'
import { checksReportJsonSchema } from '../src/lib/protocol/checks.ts'
import { loadFigureSpecs, loadResultJsonSchema } from '../src/lib/protocol/load-result.ts'
import { mcpMetrics, metricSources, webrtcMetrics } from '../src/lib/protocol/metrics.ts'
import { plotStyles } from '../src/lib/protocol/monitor-config.ts'
import { reportJsonSchema, reportSpecs } from '../src/lib/protocol/report.ts'
import { routes } from '../src/lib/protocol/routes.ts'
import { waterfallJsonSchema } from '../src/lib/protocol/waterfall.ts'
import { loadTotals } from '../src/lib/report/judge-load.ts'
import { reportTotals } from '../src/lib/report/judge-report.ts'
import { rulesText, ruleTestsText } from './observability/alerts.mjs'
import { dashboardText } from './observability/dashboard.mjs'

const commands = await loadCommands()

const root = resolve(fileURLToPath(new URL('..', import.meta.url)))
export const generatedFiles = [
  'README.md',
  'docs/options.md',
  'docs/errors.md',
  'docs/http-api.md',
  'docs/metrics.md',
  'docs/scores.md',
  'docs/monitor-config.md',
  'docs/verdicts.md',
  'docs/checks.md',
]

/** Files that are generated as a whole. */
export const wholeFiles = {
  'docs/checks.schema.json': () => `${JSON.stringify(checksReportJsonSchema(), null, 2)}\n`,
  'docs/waterfall.schema.json': () => `${JSON.stringify(waterfallJsonSchema(), null, 2)}\n`,
  'docs/report.schema.json': () => `${JSON.stringify(reportJsonSchema(), null, 2)}\n`,
  'docs/load-result.schema.json': () => `${JSON.stringify(loadResultJsonSchema(), null, 2)}\n`,
  'deploy/grafana/webrtc_dashboard.json': dashboardText,
  'deploy/prometheus/alerts.yml': rulesText,
  'deploy/prometheus/alerts.test.yml': ruleTestsText,
}

/** A `<` is escaped outside of code only: inside it stands for itself. */
const cell = (text) =>
  String(text)
    .replaceAll('|', '\\|')
    .replaceAll(/`[^`]*`|</g, (found) => (found === '<' ? '&lt;' : found))
const code = (text) => (text ? `\`${String(text).replaceAll('|', '\\|')}\`` : '')
const row = (cells) => `| ${cells.join(' | ')} |`
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

function commandTable() {
  const usage = ({ name, arguments: list = [] }) =>
    [
      'mcpx',
      name,
      ...list.map(({ name, required, variadic }) => (required ? `<${name}>` : `[${name}${variadic ? '...' : ''}]`)),
    ].join(' ')
  return table(
    ['Command', 'What it does'],
    commands.map((command) => [code(usage(command)), cell(command.summary)]),
  )
}

function optionTables() {
  const seen = new Set()
  const sections = commands.flatMap((command) => {
    const groups = Object.entries(command.options).filter(([title, options]) => {
      const isNew = title !== 'Global' || !seen.has(title)
      seen.add(title)
      return isNew && title !== 'Global' && Object.keys(options).length > 0
    })
    if (groups.length === 0) return []
    return [`## mcpx ${command.name}`, ...groups.map(([title, options]) => `### ${title}\n\n${optionTable(options)}`)]
  })
  const global = commands.find(({ name }) => name === 'completion')
  return [...sections, `## Every command\n\n${optionTable(global.options.Global)}`].join('\n\n')
}

function optionTable(options) {
  return table(
    ['Flag', 'Environment', 'Config key', 'Default', 'What it does'],
    optionRows(options).map((one) => [
      code(one.flag),
      one.env.split(', ').map(code).join(', '),
      code(one.key),
      code(one.default),
      cell(one.help),
    ]),
  )
}

const errorTable = () =>
  table(
    ['Code', 'Exit', 'HTTP', 'What to do'],
    Object.entries(errorKinds).map(([name, { exit, status, hint }]) => [code(name), exit, status, cell(hint)]),
  )

function exitTable() {
  const words = {
    ok: 'Done',
    error: 'It failed; stderr says why',
    usage: 'The command line, the configuration or the named content is not valid',
    cannotConnect: 'The server, the daemon or the viewer cannot be reached',
    notAllowed: 'The token or the origin does not allow it',
    thresholdsFailed: 'A measured value is beyond its threshold',
    interrupted: 'Ended by Ctrl-C (`mcpx serve` ends with 0: it is how a server ends)',
  }
  return table(
    ['Exit code', 'Meaning'],
    Object.entries(exitCodes).map(([name, number]) => [number, words[name]]),
  )
}

/** What a real server says of itself. */
async function readOpenApi() {
  const options = {
    port: 0,
    isolation: true,
    offline: true,
    mediaWorkers: 1,
    disableWebrtcMetrics: true,
    logLevel: 'error',
  }
  const server = await createServer(options)
  try {
    return await (await fetch(`${server.url}${routes.openapi}`)).json()
  } finally {
    await server.stop()
  }
}
const openApi = await readOpenApi()

/** Routes that stand under two prefixes, or have an older name besides, are one row. */
function apiTables() {
  const titles = {
    whep: 'WHEP',
    content: 'Content',
    webrtc: 'Streams',
    monitor: 'Monitor',
    mcp: 'MCP WebRTC controller',
    access: 'Access',
    server: 'Server',
  }
  const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { tags, summary }]) => ({
      path: path.replace('{*}', '{cid}'),
      method,
      tags,
      summary,
    })),
  )
  const isTwin = ({ path, tags }) => path.startsWith(routes.mcpPrefixes[1]) && !tags?.includes('mcp')
  const shown = operations.filter((one) => !isTwin(one) && one.method !== 'head')
  return Object.entries(titles)
    .map(([tag, title]) => {
      const own = Object.values(
        Object.groupBy(
          shown.filter(({ tags }) => tags?.includes(tag)),
          ({ summary }) => summary,
        ),
      )
      const rows = own.map((same) => [
        same.map(({ method, path }) => code(`${method.toUpperCase()} ${path}`)).join('<br>'),
        cell(same[0].summary),
      ])
      return `### ${title}\n\n${table(['Route', 'What it does'], rows)}`
    })
    .join('\n\n')
}

const otherRoutes = () =>
  table(
    ['Address', 'What is there'],
    [
      [code(routes.home), 'The home page'],
      [code(routes.player.replace(':cid', '{cid}')), 'The player'],
      [code(routes.metrics), 'Metrics for Prometheus (another path with `--metrics-path`)'],
      [code(routes.openapi), 'The description of this API (OpenAPI 3)'],
      [routes.signalling.map(code).join(', '), 'Signalling over WebSocket'],
    ],
  )

const switchTable = () =>
  table(
    ['Switch', 'Series that it removes'],
    Object.entries(metricSwitches).map(([name, group]) => {
      const names = Object.entries({ ...mcpMetrics, ...webrtcMetrics }).filter(([, metric]) => metric.group === group)
      return [code(`metrics.${name}`), names.map(([metric]) => code(metric)).join(', ')]
    }),
  )

/** What the figure is counted in, as its name says. */
function unitOf(name) {
  const units = {
    seconds: 's',
    ms: 'ms',
    bytes: 'bytes',
    kbps: 'kbit/s',
    bps: 'bit/s',
    percent: '%',
    ratio: '0 to 1',
    score: '0 to 100',
    frames: 'frames',
    rate: 'frames/s',
  }
  return (
    name
      .replace(/_total$/, '')
      .split('_')
      .map((word) => units[word])
      .findLast(Boolean) ?? ''
  )
}

const metricTable = (metrics) =>
  table(
    ['Metric', 'Type', 'Labels', 'Unit', 'Group', 'What it says', 'From'],
    Object.entries(metrics).map(([name, { type, labels, help, group, source }]) => [
      code(name),
      type,
      labels.map(code).join(', '),
      unitOf(name),
      group,
      cell(help),
      metricSources[source],
    ]),
  )

/** Which points a term takes off, from the value that each step begins at. */
const scoreTable = (terms) =>
  table(
    ['Input', 'Without it', 'Points off'],
    terms.map(({ code, isRequired, lessIsWorse, steps }) => [
      scoreWords[code].name,
      isRequired ? 'no score' : 'at most 95',
      steps
        .map(
          ([bound, points]) => `${lessIsWorse ? 'below' : 'more than'} ${scoreWords[code].amount(bound)}: −${points}`,
        )
        .join('; '),
    ]),
  )

const betterWords = { less: 'less', more: 'more' }

/** What a threshold can name. */
const figureTable = (specs) =>
  table(
    ['Figure', 'What it is', 'Unit', 'Better', 'Never over'],
    Object.entries(specs).map(([name, { title, unit, better, isWait }]) => [
      code(name),
      cell(title),
      unit,
      better ? betterWords[better] : '',
      isWait ? 'counts as for ever' : '',
    ]),
  )

const totalTable = (totals) =>
  table(
    ['Total', 'What it is', 'Unit'],
    Object.entries(totals).map(([name, { title, unit }]) => [code(name), cell(title), unit]),
  )
const checkPlaces = { here: 'Here', server: 'In the server', either: 'In the server, or here without one' }

/** A section for each group, and for each check what it looks at and what can be wrong. */
function checkTables() {
  const groups = Map.groupBy(allChecks, ({ group }) => group)
  return checkGroups
    .flatMap((group) => (groups.has(group) ? [`## ${group}`, ...groups.get(group).map(checkSection)] : []))
    .join('\n\n')
}

function checkSection({ name, title, about, where, needs, deadlineS, onlyAsked, troubles }) {
  const needed = needs.map((need) => checkNeeds[need].title)
  const facts = [
    checkPlaces[where],
    needed.length > 0 ? `needs ${needed.join('; ')}` : 'needs nothing',
    `at most ${deadlineS} s`,
    ...(onlyAsked ? ['with `--all` or by its name'] : []),
  ]
  const rows = Object.entries(troubles).map(([trouble, { cause, fix }]) => [code(trouble), cell(cause), cell(fix)])
  return `### ${name}\n\n${title}. ${cell(about)}. ${facts.join('; ')}.\n\n${table(['Trouble', 'Cause', 'Fix'], rows)}`
}

const blocks = {
  checks: checkTables,
  scoreVersion: () => `Version ${scoreVersion}.`,
  streamHealth: () => scoreTable(scoreTerms.health),
  videoQuality: () => scoreTable(scoreTerms.videoQuality),
  mcpMetrics: () => metricTable(mcpMetrics),
  webrtcMetrics: () => metricTable(webrtcMetrics),
  api: () => `${apiTables()}\n\n### Pages and the rest\n\n${otherRoutes()}`,
  commands: commandTable,
  options: optionTables,
  errors: errorTable,
  exits: exitTable,
  styles: () => `${plotStyles.map(code).join(', ')}.`,
  switches: switchTable,
  statistics: () => `${thresholdStatistics.map(code).join(', ')}.`,
  loadFigures: () => `${figureTable(loadFigureSpecs)}\n\n${totalTable(loadTotals)}`,
  reportFigures: () => {
    const figures = Object.entries(reportSpecs).map(([name, { title, unit }]) => [
      code(name),
      cell(title),
      unit || 'points',
    ])
    const totals = Object.entries(reportTotals).map(([name, unit]) => [code(name), 'total', unit])
    return table(['Of a report', 'What it is', 'Unit'], [...figures, ...totals])
  },
}

/** The text of a file with its blocks as the declarations have them now. Throws for a block that nothing generates. */
export function regenerate(text) {
  return text.replace(/(<!-- (\w+):begin -->\n)[\s\S]*?(<!-- \2:end -->)/g, (_all, begin, name, end) => {
    if (!blocks[name]) throw new Error(`nothing generates the block "${name}"`)
    return `${begin}${blocks[name]()}\n${end}`
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of generatedFiles) {
    const path = join(root, name)
    writeFileSync(path, regenerate(readFileSync(path, 'utf8')))
  }
  for (const [name, text] of Object.entries(wholeFiles)) writeFileSync(join(root, name), text())
}
