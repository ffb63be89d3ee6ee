// `startup_p95<800ms`: a figure, how it is summed up, and what it must not pass, as in k6. What there is to be judged is told by who
// asks: a report has other figures than a test of a connection.
import { McpxError } from '../base/errors.ts'
import { didYouMean } from '../base/near-name.ts'

export const thresholdStatistics = ['p50', 'p90', 'p95', 'p99', 'mean', 'min', 'max', 'count'] as const
export type ThresholdStatistic = (typeof thresholdStatistics)[number]

/** Names to units. A figure has a distribution, a total is one number. */
export interface ThresholdSubjects {
  readonly figures: Readonly<Record<string, string>>
  readonly totals: Readonly<Record<string, string>>
}

export const thresholdOperators = ['<=', '>=', '==', '!=', '<', '>'] as const
export type ThresholdOperator = (typeof thresholdOperators)[number]

export interface Threshold {
  readonly text: string
  readonly subject:
    | { readonly figure: string; readonly statistic: ThresholdStatistic }
    | { readonly total: string; readonly figure?: undefined }
  readonly operator: ThresholdOperator
  readonly bound: number
}

export interface Verdict {
  readonly threshold: string
  /** Absent where nobody measured it, which has failed, and where it is without end. */
  readonly value?: number | undefined
  readonly passed: boolean
}

/** Unit as written → factor to the unit of the figure. */
const units: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ms: { ms: 1, s: 1000, '': 1 },
  s: { s: 1, ms: 0.001, '': 1 },
  kbps: { kbps: 1, mbps: 1000, bps: 0.001, '': 1 },
  '%': { '%': 1, '': 1 },
  fps: { fps: 1, '': 1 },
  '': { '': 1 },
}

const pattern = /^\s*([a-z]+)(?:_([a-z0-9]+))?\s*(<=|>=|==|!=|<|>)\s*(\d+(?:\.\d+)?)\s*([a-z%]*)\s*$/i

/** Throws INVALID_OPTION with what is wrong, what there is, and what may have been meant. */
export function parseThreshold(text: string, subjects: ThresholdSubjects): Threshold {
  const found = pattern.exec(text)
  if (!found)
    throw wrong(
      text,
      `it reads <figure>_<statistic><operator><number><unit>, as startup_p95<800ms; operators are ${thresholdOperators.join(' ')}`,
    )
  const [, name = '', statistic, operator = '<', number = '', unit = ''] = found
  const { subject, measuredIn } = subjectOf(text, name, statistic, subjects)
  const known = units[measuredIn] ?? { '': 1 }
  if (!Object.hasOwn(known, unit.toLowerCase())) {
    const those = Object.keys(known).filter(Boolean)
    throw wrong(
      text,
      `${name} is not measured in "${unit}" but ${those.length > 0 ? `in ${those.join(', ')}` : 'has no unit'}`,
    )
  }
  const bound = Number(number) * known[unit.toLowerCase()]!
  return { text: text.trim(), subject, operator: operator as ThresholdOperator, bound }
}

function subjectOf(
  text: string,
  name: string,
  statistic: string | undefined,
  { figures, totals }: ThresholdSubjects,
): { subject: Threshold['subject']; measuredIn: string } {
  if (Object.hasOwn(totals, name) && !statistic) return { subject: { total: name }, measuredIn: totals[name]! }
  if (!Object.hasOwn(figures, name)) {
    if (Object.hasOwn(totals, name)) throw wrong(text, `${name} is one number and has no ${statistic}`)
    const all = [...Object.keys(figures), ...Object.keys(totals)]
    const there = `there are ${Object.keys(figures).join(', ')}, and ${Object.keys(totals).join(', ')}`
    throw wrong(text, `there is no figure "${name}"${didYouMean(name, all)}; ${there}`)
  }
  const known = thresholdStatistics.find((one) => one === (statistic ?? 'mean'))
  if (!known) {
    const near = didYouMean(statistic!, thresholdStatistics)
    throw wrong(text, `there is no statistic "${statistic}"${near}; there are ${thresholdStatistics.join(', ')}`)
  }
  return { subject: { figure: name, statistic: known }, measuredIn: known === 'count' ? '' : figures[name]! }
}

const wrong = (text: string, why: string) =>
  new McpxError('INVALID_OPTION', `--threshold ${JSON.stringify(text)}: ${why}`)

const holds: Readonly<Record<ThresholdOperator, (value: number, bound: number) => boolean>> = {
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
  '==': (value, bound) => value === bound,
  '!=': (value, bound) => value !== bound,
}

/** `read` gives the value of a subject: undefined where nobody measured it, null where it is without end, as a wait can be. */
export function judge(
  { subject, operator, bound, text }: Threshold,
  read: (subject: Threshold['subject']) => number | null | undefined,
): Verdict {
  const value = read(subject)
  if (value === undefined) return { threshold: text, passed: false }
  const passed = holds[operator](value ?? Number.POSITIVE_INFINITY, bound)
  return { threshold: text, ...(value !== null && { value }), passed }
}
