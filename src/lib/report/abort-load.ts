// Whether a load test that goes on has failed already: --abort-on-fail. What can only get worse (a count, the longest wait) ends a run
// as soon as it is passed; a percentile, a mean or a share once there are enough sessions to speak of one.
import type { Threshold, ThresholdOperator, Verdict } from '../model/threshold.ts'
import { distributionOf, figureOf } from '../protocol/load-figures.ts'
import { type LoadFigure, type LoadResult, type LoadSession, loadFigureSpec } from '../protocol/load-result.ts'
import { judgeLoad } from './judge-load.ts'

type SoFar = Pick<LoadResult, 'summary' | 'sessions'>

/** Sessions that must have a figure before its percentiles, mean or share count; for a p99 five times as many. */
export const leastSamples = 20
/** A rate of a session that goes on counts once it has watched so long, in seconds. */
export const leastWatchedS = 10

const isUpper = (operator: ThresholdOperator) => operator === '<' || operator === '<='
const isLower = (operator: ThresholdOperator) => operator === '>' || operator === '>='
/** It has the value when a session ends its wait, and keeps it. */
const isWait = (figure: LoadFigure) => loadFigureSpec(figure).isWait === true

/** The verdicts that are reason to end the run. */
export const failedForGood = (soFar: SoFar, thresholds: readonly Threshold[]): Verdict[] =>
  thresholds.flatMap((threshold) => {
    const verdict = verdictSoFar(soFar, threshold)
    return verdict && !verdict.passed ? [verdict] : []
  })

/** Undefined where it is too early to say. */
function verdictSoFar(soFar: SoFar, threshold: Threshold): Verdict | undefined {
  const { subject, operator } = threshold
  if (operator === '!=') return undefined
  if (subject.figure !== undefined)
    return figureSoFar(soFar, threshold, subject.figure as LoadFigure, subject.statistic)
  const verdict = judgeLoad({ summary: soFar.summary, figures: {} }, threshold)
  if (subject.total === 'failureRate')
    return soFar.summary.sessions >= leastSamples && operator !== '==' ? verdict : undefined
  return growsPast(threshold, verdict) ? verdict : undefined
}

function figureSoFar(
  { summary, sessions }: SoFar,
  threshold: Threshold,
  figure: LoadFigure,
  statistic: string,
): Verdict | undefined {
  const { operator } = threshold
  const values = sessions.map((session) => valueSoFar(session, figure, operator)).filter((value) => value !== undefined)
  const found = distributionOf(values)
  if (!found) return undefined
  const verdict = judgeLoad({ summary, figures: { [figure]: found } }, threshold)
  const isSettled = isWait(figure) || figure === 'switches'
  if (statistic === 'count' || (statistic === 'max' && isSettled))
    return growsPast(threshold, verdict) ? verdict : undefined
  if (statistic === 'min' && isSettled) return isLower(operator) ? verdict : undefined
  const isEnough = found.count >= (statistic === 'p99' ? 5 * leastSamples : leastSamples)
  return isEnough && operator !== '==' ? verdict : undefined
}

/** Of what only grows: it is beyond its bound for good, or within. */
const growsPast = ({ operator, bound }: Threshold, { value = Number.POSITIVE_INFINITY }: Verdict) =>
  isUpper(operator) || (operator === '==' && value > bound)

/** A wait that goes on is at least as long as it has been; it is told where that can only be too kind. */
function valueSoFar(session: LoadSession, figure: LoadFigure, operator: ThresholdOperator): number | null | undefined {
  const value = figureOf(session, figure)
  if (session.outcome !== 'interrupted') return value
  if (!isWait(figure)) return figure === 'switches' || session.watchedS >= leastWatchedS ? value : undefined
  if (value !== null) return value
  return isLower(operator) ? undefined : Math.max(0, session.endedS - session.plannedS) * 1000
}
