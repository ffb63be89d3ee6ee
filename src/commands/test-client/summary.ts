// What a load test came to, for a person: within 80 columns, on a terminal or in a log.
import Table from 'cli-table3'
import { type ErrorCode, errorKinds } from '../../lib/base/errors.ts'
import { plain } from '../../lib/base/plain-text.ts'
import { histogram, sparkline } from '../../lib/base/sparkline.ts'
import { formatDurationS } from '../../lib/base/units.ts'
import { figureValues } from '../../lib/protocol/load-figures.ts'
import { type LoadFigure, type LoadResult, loadFigureSpec, loadFigures } from '../../lib/protocol/load-result.ts'
import { figureText, type Judgement, judgementsOf, pText } from '../../lib/report/load-verdicts.ts'

const width = 80
const spreadBins = 10
const shownErrors = 10
const shownRanks = ['p50', 'p90', 'p95', 'p99', 'max'] as const

interface Look {
  readonly unicode: boolean
}

export function summaryText(result: LoadResult, look: Look): string {
  const parts = [
    bannerLines(result),
    headLines(result),
    [figureTable(result, look)],
    errorLines(result),
    comparisonLines(result, look),
    judgementsOf(result)
      .filter(({ group, status }) => group !== 'baseline' || status === 'failed')
      .flatMap(judgementLines),
  ]
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** Nothing where the tool kept up. */
export function bannerLines({ tool }: LoadResult): string[] {
  if (tool.trusted) return []
  const rule = '!'.repeat(width)
  return [
    rule,
    ...wrapped('NOT TO BE TRUSTED: the tool itself was too slow, and what it measured may be its own doing.', ''),
    ...tool.reasons.flatMap((reason) => wrapped(plain`- ${reason}`, '  ')),
    rule,
  ]
}

function headLines({ server, plan, summary, startedAt, endedAt, outcome }: LoadResult): string[] {
  const tookS = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000
  const browsers =
    plan.browserViewers > 0
      ? ` (${plan.browserViewers} in ${plan.browserViewers === 1 ? 'a browser' : 'browsers'})`
      : ''
  return [
    plain`${plan.viewers} viewers${browsers}, ${plan.scenario}, at ${server}`,
    plain`${outcome}, after ${formatDurationS(tookS)}; ${plan.impairment ? `path ${plan.impairment}` : 'path as it is'}; seed ${plan.seed}`,
    `sessions ${summary.sessions}, connected ${summary.connected}, failed ${summary.failed}, freezes ${summary.freezes} (${figureText(summary.frozenS)} s), quality switches ${summary.switches}`,
  ].flatMap((line) => wrapped(line, '  '))
}

const asciiBorders = {
  ...{ top: '-', 'top-mid': '+', 'top-left': '+', 'top-right': '+' },
  ...{ bottom: '-', 'bottom-mid': '+', 'bottom-left': '+', 'bottom-right': '+' },
  ...{ left: '|', right: '|', middle: '|' },
}
const noLines = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }

const createTable = (head: string[], colAligns: ('left' | 'right')[], { unicode }: Look) =>
  new Table({
    head,
    colAligns,
    chars: { ...(unicode ? {} : asciiBorders), ...noLines },
    style: { head: [], border: [] },
  })

function figureTable({ figures, sessions }: LoadResult, look: Look): string {
  const aligns = ['left', ...shownRanks.map(() => 'right'), 'left'] as ('left' | 'right')[]
  const table = createTable(['', ...shownRanks, 'spread'], aligns, look)
  for (const figure of loadFigures) {
    const found = figures[figure]
    if (!found) continue
    const spread = spreadText(figureValues(sessions, figure), look)
    table.push([nameOf(figure), ...shownRanks.map((rank) => valueText(figure, found[rank])), spread])
  }
  return table.length > 0 ? table.toString() : 'Nobody measured anything.'
}

/** How many sessions lie where, from the least to the most; nothing where all are the same. */
function spreadText(values: readonly (number | null)[], { unicode }: Look): string {
  const known = values.filter((value) => value !== null)
  if (new Set(known).size < 2) return ''
  return sparkline(
    histogram(known, spreadBins).map((count) => count || null),
    { unicode },
  )
}

const nameOf = (figure: LoadFigure): string => {
  const { unit } = loadFigureSpec(figure)
  return unit && unit !== figure ? `${figure} ${unit}` : figure
}

function comparisonLines({ comparison }: LoadResult, look: Look): string[] {
  if (!comparison) return []
  const table = createTable(
    ['median', 'before', 'now', 'p', 'verdict'],
    ['left', 'right', 'right', 'right', 'left'],
    look,
  )
  for (const [name, { before, now, adjustedPValue, verdict }] of Object.entries(comparison.figures)) {
    const figure = name as LoadFigure
    const p = adjustedPValue === null ? '-' : pText(adjustedPValue)
    table.push([nameOf(figure), valueText(figure, before), valueText(figure, now), p, verdict])
  }
  const { file, startedAt } = comparison.baseline
  return [
    ...wrapped(
      plain`against ${file} of ${startedAt} (Mann-Whitney U test, p corrected for the number of figures):`,
      '  ',
    ),
    table.toString(),
    ...comparison.warnings.flatMap((warning) => wrapped(plain`- ${warning}`, '  ')),
  ]
}

const valueText = (figure: LoadFigure, value: number | null): string =>
  value !== null ? figureText(value) : loadFigureSpec(figure).isWait ? 'never' : '-'

function errorLines({ summary }: LoadResult): string[] {
  const { errors } = summary
  if (errors.length === 0) return []
  const left = errors.length - shownErrors
  return [
    ...errors
      .slice(0, shownErrors)
      .flatMap(({ code, message, count }) => [
        ...wrapped(plain`${count} x ${code}: ${message}`, '    '),
        ...hintOf(code).flatMap((hint) => wrapped(`    ${hint}`, '    ')),
      ]),
    ...(summary.connected === 0 ? ['`mcpx check-connectivity <cid>` says at which step it ends, and why.'] : []),
    ...(left > 0 ? [`and ${left} other errors`] : []),
  ]
}

const hintOf = (code: string): string[] => {
  const hint = Object.hasOwn(errorKinds, code) ? errorKinds[code as ErrorCode].hint : ''
  return hint ? [hint] : []
}

const statusWords: Readonly<Record<Judgement['status'], string>> = {
  passed: 'passed   ',
  failed: 'FAILED   ',
  doubtful: 'DOUBTFUL ',
}

/** `FAILED   startup_p95<1ms: 248 ms` */
export const judgementLines = ({ group, name, status, detail }: Judgement): string[] =>
  wrapped(statusWords[status] + plain`${group === 'baseline' ? `baseline ${name}` : name}: ${detail}`, ' '.repeat(11))

/** Between words, further lines after `indent`; a word that is longer than a line is cut. */
function wrapped(text: string, indent: string): string[] {
  const lines: string[] = []
  // The first word keeps the space behind it.
  for (const word of text.split(/(?<=\S) /)) {
    const last = lines.at(-1)
    const short = word.length > width - indent.length ? `${word.slice(0, width - indent.length - 3)}...` : word
    if (last !== undefined && last.length + 1 + short.length <= width) lines[lines.length - 1] = `${last} ${short}`
    else lines.push(`${lines.length > 0 ? indent : ''}${short}`)
  }
  return lines
}
