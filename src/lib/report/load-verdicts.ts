// What is to be said of a load test, one judgement after the other: table, page, JUnit and exit code are made from the same list.
import { type ErrorCode, errorKinds, exitCodes } from '../base/errors.ts'
import type { Threshold } from '../model/threshold.ts'
import {
  type LoadDifference,
  type LoadFigure,
  type LoadResult,
  loadFigureSpec,
  loadFigures,
} from '../protocol/load-result.ts'
import { loadTotals, parseLoadThreshold } from './judge-load.ts'

export interface Judgement {
  readonly group: 'run' | 'threshold' | 'baseline'
  readonly name: string
  /** `doubtful` fails nothing: it says that the others may be wrong. */
  readonly status: 'passed' | 'failed' | 'doubtful'
  /** In a few words, with the value. Error texts of others are not in it. */
  readonly detail: string
}

export const judgementsOf = (result: LoadResult): Judgement[] => [
  cameToEnd(result),
  connected(result),
  keptUp(result),
  ...result.thresholds.map((verdict) => ofThreshold(result, verdict)),
  ...ofBaseline(result),
]

/** 3 where the server was gone, that of the error where nobody connected for one and the same (2: no CID), otherwise 3, 130 for Ctrl-C, 99 where a threshold or the baseline failed. */
export function exitOf(result: LoadResult): number {
  const { outcome, summary } = result
  if (outcome === 'interrupted') return exitCodes.interrupted
  if (outcome === 'server-gone') return exitCodes.cannotConnect
  if (summary.connected === 0) return exitOfErrors(result)
  const failed = judgementsOf(result).some(({ status }) => status === 'failed')
  return failed ? exitCodes.thresholdsFailed : exitCodes.ok
}

/** Nobody connected: a CID that is none is not a server that cannot be reached. */
function exitOfErrors({ summary: { errors } }: LoadResult): number {
  const [code, ...others] = new Set(errors.map((error) => error.code))
  const isOne = code !== undefined && others.length === 0 && Object.hasOwn(errorKinds, code)
  // What failed for everybody never ends with 0.
  return (isOne && errorKinds[code as ErrorCode].exit) || exitCodes.cannotConnect
}

const outcomeWords: Readonly<Record<LoadResult['outcome'], string>> = {
  complete: 'complete',
  aborted: 'ended early: a threshold had failed',
  interrupted: 'interrupted: what was measured until then',
  'server-gone': 'the server was gone: what was measured until then',
}

function cameToEnd({ outcome, startedAt, endedAt }: LoadResult): Judgement {
  const tookS = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000
  return {
    group: 'run',
    name: 'the run came to its end',
    status: outcome === 'complete' ? 'passed' : 'failed',
    detail: `${outcomeWords[outcome]}, after ${tookS.toFixed(1)} s`,
  }
}

const connected = ({ summary }: LoadResult): Judgement => ({
  group: 'run',
  name: 'viewers connected',
  status: summary.connected > 0 ? 'passed' : 'failed',
  detail: `${summary.connected} of ${summary.sessions} sessions`,
})

const keptUp = ({ tool }: LoadResult): Judgement => ({
  group: 'run',
  name: 'the tool kept up',
  status: tool.trusted ? 'passed' : 'doubtful',
  detail: tool.trusted
    ? tool.loopLagP99Ms === null
      ? `${figureText(tool.cpuRatio)} cores`
      : `own lag p99 ${figureText(tool.loopLagP99Ms, 'ms')}, ${figureText(tool.cpuRatio)} cores`
    : `not to be trusted: ${tool.reasons.join('; ')}`,
})

function ofThreshold(
  { figures }: LoadResult,
  { threshold, value, passed }: LoadResult['thresholds'][number],
): Judgement {
  const of = { group: 'threshold', name: threshold, status: passed ? 'passed' : 'failed' } as const
  const { subject } = parseLoadThreshold(threshold)
  if (value === undefined) {
    const isEndless = subject.figure !== undefined && figures[subject.figure as LoadFigure] !== undefined
    return { ...of, detail: isEndless ? 'one waited for ever' : 'nobody measured it' }
  }
  return { ...of, detail: figureText(value, unitOf(subject)) }
}

function unitOf(subject: Threshold['subject']): string {
  if (subject.figure === undefined) return loadTotals[subject.total as keyof typeof loadTotals].unit
  return subject.statistic === 'count' ? '' : loadFigureSpec(subject.figure as LoadFigure).unit
}

const ofBaseline = ({ comparison }: LoadResult): Judgement[] =>
  loadFigures.flatMap((figure) => {
    const difference = comparison?.figures[figure]
    if (!difference) return []
    const status = difference.verdict === 'worse' ? 'failed' : 'passed'
    return [{ group: 'baseline' as const, name: figure, status, detail: differenceText(figure, difference) }]
  })

function differenceText(figure: LoadFigure, { before, now, verdict, adjustedPValue }: LoadDifference): string {
  const { unit, isWait } = loadFigureSpec(figure)
  const median = (value: number | null) =>
    value === null ? (isWait ? 'never' : 'not measured') : figureText(value, unit)
  const chance = adjustedPValue === null ? '' : `, p ${pText(adjustedPValue)}`
  return `${verdict}: median ${median(before)} before, ${median(now)} now${chance}`
}

export const pText = (p: number): string => (p < 0.0001 ? '< 0.0001' : p.toFixed(4))

/** Three digits, four of what is above a thousand. */
export const figureText = (value: number, unit = ''): string =>
  `${value >= 1000 ? Math.round(value) : Number(value.toPrecision(3))}${unit && ` ${unit}`}`
