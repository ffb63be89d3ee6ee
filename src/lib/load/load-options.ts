// What a load test is told, once texts are parsed.
import type { Clock } from '../base/clock.ts'
import type { Impairment } from '../impairment/impairment.ts'
import type { Quality } from '../model/quality.ts'
import type { LoadMoment, LoadResult, LoadScenario, ViewerKind } from '../protocol/load-result.ts'

export interface LoadOptions {
  /** Home page of the server. */
  readonly server: string
  readonly token?: string
  /** CIDs, taken in turn. */
  readonly contents: readonly string[]
  readonly viewers: number
  readonly rampS: number
  readonly durationS: number
  readonly scenario: LoadScenario
  readonly seed: number
  readonly quality?: Quality
  /** Child processes that share the viewers; threads of this one where it is 0. */
  readonly processes: number
  /** Of each viewer's own path. */
  readonly impairment?: Impairment
  /** Some of the viewers are real browsers. */
  readonly browser?: { readonly kind: Exclude<ViewerKind, 'mcpx'>; readonly viewers: number; readonly path?: string }
}

/** What was measured; who asked adds verdicts. */
export type LoadRun = Omit<LoadResult, 'thresholds' | 'comparison'>

export interface LoadDeps {
  readonly clock: Clock
  /** Ends the run; what was measured is the result. */
  readonly signal: AbortSignal
  /** Something that the person should know now. */
  onNote?(text: string): void
  /** Every second. `soFar` sums up what was measured until then; true ends the run as 'aborted'. */
  onMoment(moment: LoadMoment, soFar: () => LoadRun): boolean | undefined
}
