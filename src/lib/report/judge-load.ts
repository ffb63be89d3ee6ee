// What of a load test can be held to a threshold.
import { judge, parseThreshold, type Threshold, type ThresholdSubjects, type Verdict } from '../model/threshold.ts'
import { type LoadFigure, type LoadResult, loadFigureSpecs } from '../protocol/load-result.ts'

type Run = Pick<LoadResult, 'summary' | 'figures'>
type Total = keyof typeof loadTotals

/** Figures of the whole run, which have no distribution. */
export const loadTotals = {
  viewers: { title: 'Viewers', unit: '' },
  sessions: { title: 'Sessions begun', unit: '' },
  connected: { title: 'Sessions that connected', unit: '' },
  failed: { title: 'Sessions that failed', unit: '' },
  failureRate: { title: 'Share of the sessions that failed', unit: '%' },
  freezes: { title: 'Freezes of all together', unit: '' },
  frozenS: { title: 'Time that pictures were frozen, of all together', unit: 's' },
  watchedS: { title: 'Time that was watched, of all together', unit: 's' },
  switches: { title: 'Quality switches of all together', unit: '' },
} as const

const unitsOf = <K extends string>(table: Readonly<Record<K, { unit: string }>>) =>
  Object.fromEntries(Object.entries<{ unit: string }>(table).map(([name, { unit }]) => [name, unit]))

const subjects: ThresholdSubjects = { figures: unitsOf(loadFigureSpecs), totals: unitsOf(loadTotals) }

/** Throws INVALID_OPTION with what is wrong and what there is. */
export const parseLoadThreshold = (text: string): Threshold => parseThreshold(text, subjects)

export const judgeLoad = ({ summary, figures }: Run, threshold: Threshold): Verdict =>
  judge(threshold, (subject) =>
    subject.figure === undefined
      ? totalOf(summary, subject.total as Total)
      : subject.statistic === 'count'
        ? (figures[subject.figure as LoadFigure]?.count ?? 0)
        : figures[subject.figure as LoadFigure]?.[subject.statistic],
  )

function totalOf(summary: Run['summary'], total: Total): number | undefined {
  if (total !== 'failureRate') return summary[total]
  return summary.sessions > 0 ? (100 * summary.failed) / summary.sessions : undefined
}
