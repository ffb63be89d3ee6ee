// What of a report can be held to a threshold.
import { judge, parseThreshold, type Threshold, type ThresholdSubjects } from '../model/threshold.ts'
import { type Report, type ReportFigure, reportSpecs, type Verdict } from '../protocol/report.ts'

/** Sums of the period, which have no distribution, with their units. */
export const reportTotals = {
  connections: '',
  failed: '',
  reporting: '',
  freezes: '',
  frozenS: 's',
  failedOperations: '',
} as const
type Total = keyof typeof reportTotals
/** Only viewers can say. */
const saidByViewers: readonly Total[] = ['freezes', 'frozenS']

const subjects: ThresholdSubjects = {
  figures: Object.fromEntries(Object.entries(reportSpecs).map(([name, { unit }]) => [name, unit])),
  totals: reportTotals,
}

/** Throws INVALID_OPTION with what is wrong and what there is. */
export const parseReportThreshold = (text: string): Threshold => parseThreshold(text, subjects)

export const judgeReport = (report: Report, threshold: Threshold): Verdict =>
  judge(threshold, (subject) =>
    subject.figure === undefined
      ? totalOf(report, subject.total as Total)
      : report.figures[subject.figure as ReportFigure]?.[subject.statistic],
  )

/** Undefined where nobody said: a viewer that says nothing may have seen any number of freezes. */
const totalOf = ({ summary }: Report, total: Total): number | undefined =>
  saidByViewers.includes(total) && summary.reporting === 0 ? undefined : summary[total]
