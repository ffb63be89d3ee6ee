// `startup_p95<800ms`: a figure of the report, how it is summed up, and what it must not pass. As in k6.
import { McpxError } from '../base/errors.ts'
import { type Report, type ReportFigure, reportFigures, reportUnit, type Verdict } from '../protocol/report.ts'

const statistics = ['p50', 'p90', 'p95', 'p99', 'mean', 'min', 'max', 'count'] as const
/** Sums of the period, which have no distribution, with their units. */
const totals = { connections: '', failed: '', reporting: '', freezes: '', frozenS: 's', failedOperations: '' } as const
type Total = keyof typeof totals
/** Only viewers can say. */
const saidByViewers: readonly Total[] = ['freezes', 'frozenS']

export interface Threshold {
  readonly text: string
  readonly subject:
    | { readonly figure: ReportFigure; readonly statistic: (typeof statistics)[number] }
    | { readonly total: Total }
  readonly operator: '<' | '<=' | '>' | '>='
  readonly bound: number
}

/** Unit as written → factor to the unit of the report. */
const units: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ms: { ms: 1, s: 1000, '': 1 },
  s: { s: 1, ms: 0.001, '': 1 },
  kbps: { kbps: 1, mbps: 1000, bps: 0.001, '': 1 },
  '%': { '%': 1, '': 1 },
  fps: { fps: 1, '': 1 },
  '': { '': 1 },
}

const pattern = /^\s*([a-z]+)(?:_([a-z0-9]+))?\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*([a-z%]*)\s*$/i

/** Throws INVALID_OPTION with what is wrong and what there is. */
export function parseThreshold(text: string): Threshold {
  const found = pattern.exec(text)
  if (!found) throw wrong(text, 'it reads <figure>_<statistic><operator><number><unit>, as startup_p95<800ms')
  const [, name = '', statistic, operator = '<', number = '', unit = ''] = found
  const common = { text: text.trim(), operator: operator as Threshold['operator'] }
  const boundIn = (measuredIn: string) => {
    const known = units[measuredIn]!
    if (!Object.hasOwn(known, unit.toLowerCase())) throw wrong(text, `${name} is not measured in "${unit}"`)
    return Number(number) * known[unit.toLowerCase()]!
  }
  if (Object.hasOwn(totals, name) && !statistic) {
    const total = name as Total
    return { ...common, subject: { total }, bound: boundIn(totals[total]) }
  }
  const figure = reportFigures.find((one) => one === name)
  if (!figure)
    throw wrong(
      text,
      `there is no figure "${name}"; there are ${reportFigures.join(', ')}, and ${Object.keys(totals).join(', ')}`,
    )
  const known = statistics.find((one) => one === (statistic ?? 'mean'))
  if (!known) throw wrong(text, `there is no statistic "${statistic}"; there are ${statistics.join(', ')}`)
  const bound = boundIn(known === 'count' ? '' : reportUnit(figure))
  return { ...common, subject: { figure, statistic: known }, bound }
}

const wrong = (text: string, why: string) =>
  new McpxError('INVALID_OPTION', `--threshold ${JSON.stringify(text)}: ${why}`)

export function judge(report: Report, threshold: Threshold): Verdict {
  const { subject, operator, bound, text } = threshold
  const value =
    'total' in subject ? totalOf(report, subject.total) : report.figures[subject.figure]?.[subject.statistic]
  if (value === undefined) return { threshold: text, passed: false }
  const passed = { '<': value < bound, '<=': value <= bound, '>': value > bound, '>=': value >= bound }[operator]
  return { threshold: text, value, passed }
}

/** Undefined where nobody said: a viewer that says nothing may have seen any number of freezes. */
const totalOf = ({ summary }: Report, total: Total): number | undefined =>
  saidByViewers.includes(total) && summary.reporting === 0 ? undefined : summary[total]
