// What crosses the border between the coordinator of a load test and its workers, which are threads or processes: only what JSON has.
import type { ErrorRecord } from '../base/errors.ts'
import type { Impairment } from '../impairment/impairment.ts'
import type { Quality } from '../model/quality.ts'
import type { LoadSession } from '../protocol/load-result.ts'
import type { PlanOptions } from './plan.ts'

export interface ViewerShare {
  readonly first: number
  readonly step: number
  readonly below: number
}

export const viewersOf = ({ first, step, below }: ViewerShare): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((below - first) / step)) }, (_, at) => first + at * step)

/** What a worker is told as it begins: with the token, which stands on no command line. */
export interface LoadWorkerSettings {
  readonly plan: PlanOptions
  /** Every so manieth viewer of the first so many of the plan is this worker's. */
  readonly share: ViewerShare
  readonly server: string
  readonly token?: string
  readonly quality?: Quality
  /** Of the path of each viewer. */
  readonly impairment?: Impairment
  /** To gather on. */
  readonly addresses: readonly string[]
}

/** Sums over the sessions so far, those that are over too. */
export interface LoadCounts {
  readonly begun: number
  /** Sees something now. */
  readonly watching: number
  readonly failed: number
  readonly bytes: number
  readonly packets: number
  readonly packetsLost: number
  readonly packetsRecovered: number
  readonly freezes: number
}

/** How the tool itself fared. */
export interface LoadStrain {
  /** Of the event loop, since the begin. */
  readonly lagP99Ms: number
  readonly lagMaxMs: number
  /** The worst by which a session began later than planned. */
  readonly lateMs: number
  /** Datagrams that the kernel dropped at the viewers' sockets; null where it does not say. */
  readonly socketDrops: number | null
  /** Of the process, where it is one of its own. */
  readonly cpuS: number
}

export interface LoadStep {
  /** Seconds since the worker began: what its counts are of. */
  readonly atS: number
  readonly counts: LoadCounts
  readonly strain: LoadStrain
  /** Of the event loop, since the step before. */
  readonly stepLagP99Ms: number
  /** Sessions that go on, as they stand; of many not all at once but in turn. */
  readonly open: readonly LoadSession[]
}

/** Why sessions end before their time: the run is interrupted, or it went wrong as this says. */
export type LoadCut = { readonly error: ErrorRecord | null }

export type LoadWorkerMethods = {
  /** Makes ready for a begin that takes no time. */
  prepare: [LoadWorkerSettings, undefined]
  /** Begins the plan now and resolves when all of it is over, with the last step. */
  run: [undefined, LoadStep]
  /** Ends every session now; `run` resolves when they are closed. */
  cut: [LoadCut, undefined]
  stop: [undefined, undefined]
}

export type LoadWorkerEvents = {
  /** Every second. */
  step: LoadStep
  /** It is over. */
  session: LoadSession
  /** An error that nobody waited for. */
  stray: { readonly message: string }
}
