// How checks look: a table with what to do under each failure; boxes on a terminal, plain columns elsewhere.
import Table from 'cli-table3'
import { plain, plainText } from '../../lib/base/plain-text.ts'
import type { CheckResult } from '../../lib/model/check.ts'
import type { ChecksReport } from '../../lib/protocol/checks.ts'

export interface View {
  readonly columns: number
  readonly isTerminal: boolean
}

const noBorders = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, '']),
)

const mostColumns = 160
const statusWidth = 9
const timeWidth = 9

/** Check and detail share what is left; of a box five characters are lines. */
function widthsOf({ columns, isTerminal }: View): number[] {
  const width = Math.min(mostColumns, Math.max(60, columns)) - (isTerminal ? 5 : 1)
  const checkWidth = Math.min(34, Math.floor((width - statusWidth - timeWidth) * 0.4))
  return [statusWidth, checkWidth, timeWidth, width - statusWidth - timeWidth - checkWidth]
}

/** A narrower terminal has no room for columns. */
const leastBoxColumns = 70

export function reportText(report: ChecksReport, view: View): string {
  const isNarrow = view.columns < leastBoxColumns
  const width = Math.min(mostColumns, Math.max(20, view.columns))
  const results = isNarrow ? stacked(report, width) : tableText(report, view)
  const end = [summaryLine(report), ...adviceOf(report)].map((text) => wrapped(text, width)).join('\n')
  return `${results}\n${end}\n`
}

/** Each result as a line with what was found below. */
function stacked({ results }: ChecksReport, width: number): string {
  return results
    .flatMap((result) => {
      const { status, elapsedMs, detail } = result
      const time = status === 'skipped' ? '' : ` ${timeText(elapsedMs)}`
      const below = [plainText(detail), ...wordsOf(result)].flatMap((text) => wrapped(text, width - 2).split('\n'))
      return [...wrapped(`${status} ${nameOf(result)}${time}`, width).split('\n'), ...below.map((line) => `  ${line}`)]
    })
    .join('\n')
}

function tableText(report: ChecksReport, view: View): string {
  const table = new Table({
    head: ['', 'check', 'time', 'found'],
    colWidths: widthsOf(view),
    colAligns: ['left', 'left', 'right', 'left'],
    style: { head: [], border: [], compact: true },
    ...(!view.isTerminal && { chars: noBorders }),
  })
  const widths = widthsOf(view)
  for (const result of report.results) for (const row of rowsOf(result, widths)) table.push(row)
  return table.toString().replaceAll(/ +$/gm, '')
}

type Cell = string | { content: string; colSpan?: number; style?: { head?: string[] } }

function rowsOf(result: CheckResult, [, checkWidth = 0, timeWidth = 0, detailWidth = 0]: readonly number[]): Cell[][] {
  const { status, elapsedMs, detail } = result
  const time = status === 'skipped' ? '' : timeText(elapsedMs)
  const inside = (text: string, width: number) => wrapped(text, width - 2)
  const first = [status, inside(nameOf(result), checkWidth), time, inside(plainText(detail), detailWidth)]
  const words = wordsOf(result).map((text): Cell[] => [
    '',
    { content: inside(text, checkWidth + timeWidth + detailWidth), colSpan: 3 },
  ])
  return [first, ...words]
}

/** Why, and what to do, where something is wrong. */
function wordsOf({ status, cause, fix }: CheckResult): string[] {
  if (status === 'pass' || status === 'skipped') return []
  return [...(cause ? [plain`why: ${cause}`] : []), ...(fix ? [plain`fix: ${fix}`] : [])]
}

function nameOf({ check, subject, where }: CheckResult): string {
  const place = where === 'server' ? ' (server)' : ''
  return subject === undefined ? `${plainText(check)}${place}` : `${plainText(check)} ${plainText(subject)}${place}`
}

/** Lines of at most so many characters, broken between words; a longer word is cut into pieces. */
export function wrapped(text: string, width: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((word) => piecesOf(word, width))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= width) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  return [...lines, line].join('\n')
}

const piecesOf = (word: string, width: number): string[] =>
  Array.from({ length: Math.max(1, Math.ceil(word.length / width)) }, (_, at) =>
    word.slice(at * width, (at + 1) * width),
  )

export function timeText(elapsedMs: number): string {
  if (elapsedMs < 10) return `${elapsedMs.toFixed(1)} ms`
  return elapsedMs < 10_000 ? `${Math.round(elapsedMs)} ms` : `${(elapsedMs / 1000).toFixed(1)} s`
}

/** `http://…: 12 passed, 1 warning, 0 failed, 4 skipped, in 0.8 s`. */
function summaryLine({ server, serverState, outcome, counts, elapsedMs }: ChecksReport): string {
  const { pass, warn, fail, skipped } = counts
  const state = {
    none: ' (no server runs here, and none is named)',
    unreachable: ' (cannot be reached)',
    untrusted: ' (its certificate is not trusted)',
    reached: outcome === 'refused' ? ' (it does not let us in)' : '',
  }[serverState]
  const amounts = `${pass} passed, ${warn} ${warn === 1 ? 'warning' : 'warnings'}, ${fail} failed, ${skipped} skipped`
  return plain`${server ?? 'here'}${state}: ${amounts}, in ${(elapsedMs / 1000).toFixed(1)} s`
}

/** What to do where no check could say it, because none reached the server. */
function adviceOf({ serverState, outcome, results }: ChecksReport): string[] {
  if (serverState === 'none') return ['fix: Start one with `mcpx serve`, or name it with --server.']
  if (serverState === 'unreachable')
    return [
      'why: Nothing answers at this address: it does not run, its name, address or port is another, or a firewall lies between.',
      'fix: Start it with `mcpx serve` (it prints its address), correct --server, or open its TCP port.',
    ]
  const isSaid = results.some(({ check, status }) => check === 'token' && status === 'fail')
  return outcome === 'refused' && !isSaid ? ['fix: Give the token of the server with --token or in MCPX_TOKEN.'] : []
}

/** `3 of 20: gateways, kubo`. */
export const progressLine = (running: readonly string[], done: number, total: number): string =>
  `${done} of ${total}: ${running.join(', ')}`

const keyOf = ({ check, subject }: CheckResult): string => `${check} ${subject ?? ''}`

/** A line for each result that is otherwise than before, with the fix where it went wrong; nothing when all is as it was. */
export function changesText(before: ChecksReport, now: ChecksReport): string {
  const known = new Map(before.results.map((result) => [keyOf(result), result]))
  const changed = now.results.filter((result) => known.get(keyOf(result))?.status !== result.status)
  const time = now.startedAt.slice(11, 19)
  const lines = changed.map((result) => {
    const was = known.get(keyOf(result))?.status ?? 'new'
    const fix = result.fix ? plain`\n         fix: ${result.fix}` : ''
    return plain`${time} ${nameOf(result)}: ${was} → ${result.status}: ${result.detail}` + fix
  })
  if (now.serverState !== before.serverState)
    lines.unshift(plain`${time} the server: ${before.serverState} → ${now.serverState}`)
  return lines.map((line) => `${line}\n`).join('')
}

export interface ListedCheck {
  readonly name: string
  readonly group: string
  readonly title: string
  readonly about: string
  readonly where: string
  readonly runs: string
}

export function listText(checks: readonly ListedCheck[], columns: number): string {
  if (columns < leastListColumns) return stackedList(checks, Math.max(20, columns))
  const table = new Table({
    head: ['group', 'name', 'runs', 'what it looks at'],
    colWidths: [10, 22, 12, Math.min(mostColumns, columns) - 45],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
    chars: noBorders,
  })
  for (const { group, name, runs, about } of checks) table.push([group, name, runs, about])
  return `${table.toString().replaceAll(/ +$/gm, '')}\n`
}

const leastListColumns = 75

const stackedList = (checks: readonly ListedCheck[], width: number): string =>
  checks
    .flatMap(({ group, name, runs, about }) => [
      ...wrapped(`${group}: ${name} (${runs})`, width).split('\n'),
      ...wrapped(about, width - 2)
        .split('\n')
        .map((line) => `  ${line}`),
    ])
    .map((line) => `${line}\n`)
    .join('')
