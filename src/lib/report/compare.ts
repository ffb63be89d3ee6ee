// Two periods side by side: how much each figure differs, and whether that is more than chance. A connection counts once, by its
// mean: samples of one connection resemble each other, and taken singly would make every difference look certain.
import { seeded } from '../base/random.ts'
import {
  type Comparison,
  comparisonVersion,
  type Difference,
  type Report,
  type ReportFigure,
  reportFigures,
  reportSpecs,
} from '../protocol/report.ts'

/** The means of each connection, by figure. */
export type ConnectionMeans = Partial<Record<ReportFigure, readonly number[]>>

interface Side {
  readonly report: Report
  readonly means: ConnectionMeans
}

/** Fewer connections show nothing, whatever they say. */
const leastConnections = 5
const resamples = 2000
const seed = 1

export function compare(a: Side, b: Side): Comparison {
  const found = reportFigures.flatMap((figure) => {
    const [one, other] = [a.means[figure] ?? [], b.means[figure] ?? []]
    return one.length + other.length > 0 ? [[figure, differenceOf(figure, one, other)] as const] : []
  })
  return { version: comparisonVersion, a: a.report, b: b.report, differences: Object.fromEntries(found) }
}

function differenceOf(figure: ReportFigure, a: readonly number[], b: readonly number[]): Difference {
  const [meanA, meanB] = [meanOf(a), meanOf(b)]
  const known = { a: meanA, b: meanB, counts: [a.length, b.length] as const }
  const difference = meanA === null || meanB === null ? null : meanB - meanA
  if (a.length < leastConnections || b.length < leastConnections)
    return { ...known, difference, low: null, high: null, verdict: 'too few connections' }
  const [low, high] = interval(a, b)
  return { ...known, difference, low, high, verdict: verdictOf(figure, low, high) }
}

function verdictOf(figure: ReportFigure, low: number, high: number): Difference['verdict'] {
  if (low <= 0 && high >= 0) return 'no difference shown'
  const { better } = reportSpecs[figure]
  if (!better) return 'different'
  return high < 0 === (better === 'less') ? 'better' : 'worse'
}

/** 95 % of the differences of means over resamples of both (percentile bootstrap); the same for the same figures. */
function interval(a: readonly number[], b: readonly number[]): [low: number, high: number] {
  const random = seeded(seed)
  const differences = Float64Array.from(
    { length: resamples },
    () => resampledMean(b, random) - resampledMean(a, random),
  )
  differences.sort()
  return [differences[Math.floor(resamples * 0.025)]!, differences[Math.ceil(resamples * 0.975) - 1]!]
}

function resampledMean(values: readonly number[], random: () => number): number {
  let sum = 0
  for (let drawn = 0; drawn < values.length; drawn++) sum += values[Math.floor(random() * values.length)]!
  return sum / values.length
}

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
