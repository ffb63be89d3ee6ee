// `startup_p95<800ms`: a figure, how it is summed up, and what it must not pass, as in k6. What there is to be judged is told by who
// asks: a report has other figures than a test of a connection.
import { McpxError } from '../base/errors.ts'

export const thresholdStatistics = ['p50', 'p90', 'p95', 'p99', 'mean', 'min', 'max', 'count'] as const
export type ThresholdStatistic = (typeof thresholdStatistics)[number]

/** Names to units. A figure has a distribution, a total is one number. */
export interface ThresholdSubjects {
  readonly figures: Readonly<Record<string, string>>
  readonly totals: Readonly<Record<string, string>>
}

export interface Threshold {
  readonly text: string
  readonly subject:
    | { readonly figure: string; readonly statistic: ThresholdStatistic }
    | { readonly total: string; readonly figure?: undefined }
  readonly operator: '<' | '<=' | '>' | '>='
  readonly bound: number
}

export interface Verdict {
  readonly threshold: string
  /** Absent where nobody measured it: then it has failed. */
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

const pattern = /^\s*([a-z]+)(?:_([a-z0-9]+))?\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*([a-z%]*)\s*$/i

/** Throws INVALID_OPTION with what is wrong and what there is. */
export function parseThreshold(text: string, { figures, totals }: ThresholdSubjects): Threshold {
  const found = pattern.exec(text)
  if (!found) throw wrong(text, 'it reads <figure>_<statistic><operator><number><unit>, as startup_p95<800ms')
  const [, name = '', statistic, operator = '<', number = '', unit = ''] = found
  const common = { text: text.trim(), operator: operator as Threshold['operator'] }
  const boundIn = (measuredIn: string) => {
    const known = units[measuredIn] ?? { '': 1 }
    if (!Object.hasOwn(known, unit.toLowerCase())) throw wrong(text, `${name} is not measured in "${unit}"`)
    return Number(number) * known[unit.toLowerCase()]!
  }
  if (Object.hasOwn(totals, name) && !statistic)
    return { ...common, subject: { total: name }, bound: boundIn(totals[name]!) }
  if (!Object.hasOwn(figures, name)) {
    const there = `there are ${Object.keys(figures).join(', ')}, and ${Object.keys(totals).join(', ')}`
    throw wrong(text, `there is no figure "${name}"; ${there}`)
  }
  const known = thresholdStatistics.find((one) => one === (statistic ?? 'mean'))
  if (!known) throw wrong(text, `there is no statistic "${statistic}"; there are ${thresholdStatistics.join(', ')}`)
  const bound = boundIn(known === 'count' ? '' : figures[name]!)
  return { ...common, subject: { figure: name, statistic: known }, bound }
}

const wrong = (text: string, why: string) =>
  new McpxError('INVALID_OPTION', `--threshold ${JSON.stringify(text)}: ${why}`)

/** `read` gives the value of a subject, undefined where nobody measured it. */
export function judge(
  { subject, operator, bound, text }: Threshold,
  read: (subject: Threshold['subject']) => number | undefined,
): Verdict {
  const value = read(subject)
  if (value === undefined) return { threshold: text, passed: false }
  const passed = { '<': value < bound, '<=': value <= bound, '>': value > bound, '>=': value >= bound }[operator]
  return { threshold: text, value, passed }
}
