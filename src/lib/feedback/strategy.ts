// Who decides what of a ladder is sent. Pure: the same state, figures, policy and time give the same decisions, in a worker and in
// whatever plays a recorded session again.
import type { RungDecision } from '../model/decision.ts'
import type { SampleFigures } from '../model/figure-table.ts'
import type { Rung } from '../model/stream.ts'
import type { Policy } from './policy.ts'

export interface StrategyState {
  /** What may be sent, from worst to best; none where there is no picture. */
  readonly rungs: readonly Rung[]
  /** Index of the one that is sent; undefined before anything is. */
  readonly rung: number | undefined
  /** The rungs are made here, and are not stored. */
  readonly isTranscoded: boolean
}

export interface Strategy {
  /** As it signs its decisions. */
  readonly name: string
  /** None where all may stay as it is. `figures` are undefined before anything was measured, `nowMs` is wall time. */
  decide(
    state: StrategyState,
    figures: SampleFigures | undefined,
    policy: Policy,
    nowMs: number,
  ): readonly RungDecision[]
}
