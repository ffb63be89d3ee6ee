// A load test against an earlier one, figure by figure: whether the sessions of the one tend to have larger values than those of the
// other, and by more than the tolerance. What is worse beyond both fails the run.
import { holm, leastP, mannWhitney, type RankTest } from '../model/rank-test.ts'
import { distributionOf, figureValues } from '../protocol/load-figures.ts'
import {
  type LoadComparison,
  type LoadDifference,
  type LoadFigure,
  type LoadResult,
  loadFigureSpec,
  loadFigures,
} from '../protocol/load-result.ts'

type Side = Omit<LoadResult, 'thresholds' | 'comparison'>

/** A difference this unlikely by chance counts, corrected over all figures. */
export const alpha = 0.01

/** Differences smaller than these are none that anybody could see, whatever their share; by unit. */
export const smallest: Readonly<Record<string, number>> = { ms: 1, '%': 0.1, kbps: 1, fps: 0.1, '': 0.1 }

interface Options {
  /** The baseline's file, as named. */
  readonly file: string
  /** Share of the baseline by which a figure may move. */
  readonly toleranceRatio: number
}

export function compareLoad(baseline: Side, run: Side, { file, toleranceRatio }: Options): LoadComparison {
  const pairs = loadFigures
    .map((figure) => ({
      figure,
      before: figureValues(baseline.sessions, figure),
      now: figureValues(run.sessions, figure),
    }))
    .filter(({ before, now }) => before.length + now.length > 0)
  const tests = pairs.map(({ before, now }) =>
    leastP(before.length, now.length) < alpha ? mannWhitney(before.map(orEndless), now.map(orEndless)) : undefined,
  )
  const adjusted = holm(tests.flatMap((test) => test?.pValue ?? []))
  const figures = pairs.map(({ figure, before, now }, at) => {
    const test = tests[at] && { ...tests[at], adjusted: adjusted.shift()! }
    return [figure, differenceOf(figure, before, now, test, toleranceRatio)] as const
  })
  return {
    baseline: { file, startedAt: baseline.startedAt, trusted: baseline.tool.trusted },
    test: 'Mann-Whitney U',
    toleranceRatio,
    warnings: warningsOf(baseline, run),
    figures: Object.fromEntries(figures),
  }
}

/** The figures that are worse for sure. */
export const worsened = (comparison: LoadComparison | undefined): LoadFigure[] =>
  loadFigures.filter((figure) => comparison?.figures[figure]?.verdict === 'worse')

type Values = readonly (number | null)[]
const orEndless = (value: number | null) => value ?? Number.POSITIVE_INFINITY

function differenceOf(
  figure: LoadFigure,
  before: Values,
  now: Values,
  test: (RankTest & { adjusted: number }) | undefined,
  toleranceRatio: number,
): LoadDifference {
  const [one, other] = [distributionOf(before), distributionOf(now)]
  const known = {
    before: one?.p50 ?? null,
    now: other?.p50 ?? null,
    counts: [before.length, now.length] as const,
    pValue: test?.pValue ?? null,
    adjustedPValue: test?.adjusted ?? null,
  }
  if (!test || !one || !other) return { ...known, verdict: 'too few sessions' }
  if (test.adjusted >= alpha) return { ...known, verdict: 'no difference shown' }
  // Where most have the same value, as no freeze at all, it is the mean that has moved.
  const [from, to] = one.p50 === other.p50 ? [one.mean, other.mean] : [one.p50, other.p50]
  const { unit, better } = loadFigureSpec(figure)
  if (from !== null && to !== null && Math.abs(to - from) < Math.max(smallest[unit]!, toleranceRatio * from))
    return { ...known, verdict: 'within tolerance' }
  if (!better) return { ...known, verdict: 'different' }
  const isMore = test.u > (before.length * now.length) / 2
  return { ...known, verdict: isMore === (better === 'more') ? 'better' : 'worse' }
}

const planWords: Readonly<Partial<Record<keyof LoadResult['plan'], string>>> = {
  scenario: 'scenario',
  viewers: 'number of viewers',
  browserViewers: 'number of browsers',
  rampS: 'ramp',
  durationS: 'duration',
  contents: 'content',
  quality: 'quality',
  impairment: 'impairment',
}

/** Why a difference may not be the server's. */
function warningsOf(baseline: Side, run: Side): string[] {
  const shown = (value: unknown) => (value === null ? 'none' : Array.isArray(value) ? value.join(', ') : String(value))
  const plans = Object.entries(planWords).flatMap(([name, words]) => {
    const [before, now] = [baseline, run].map(({ plan }) => shown(plan[name as keyof LoadResult['plan']]))
    return before === now ? [] : [`the ${words} was another: ${before} before, ${now} now`]
  })
  return [
    ...plans,
    ...(baseline.outcome === 'complete' ? [] : [`the baseline did not come to its end: ${baseline.outcome}`]),
    ...(run.outcome === 'complete' ? [] : [`this run did not come to its end: ${run.outcome}`]),
    ...(baseline.tool.trusted ? [] : ['the tool was too slow when the baseline was made']),
    ...(run.tool.trusted ? [] : ['the tool was too slow now']),
  ]
}
