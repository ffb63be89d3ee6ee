// The strategy that follows nothing: a named quality is a rung, and `auto` the best one, of those that are made here the best up to
// a height.
import type { DecisionReason } from '../model/decision.ts'
import { rungOf } from '../model/quality.ts'
import type { Rung } from '../model/stream.ts'
import type { Policy } from './policy.ts'
import type { Strategy, StrategyState } from './strategy.ts'

export const fixedQuality: Strategy = {
  name: 'fixed',
  decide(state, figures, policy, nowMs) {
    const [index, reason] = wanted(state, policy)
    const to = state.rungs[index]
    if (!to || index === state.rung) return []
    const from = state.rung === undefined ? undefined : state.rungs[state.rung]
    return [
      {
        type: 'rung',
        atMs: nowMs,
        by: fixedQuality.name,
        ...(from && { from }),
        to,
        reason,
        ...(figures && { inputs: figures }),
      },
    ]
  },
}

function wanted({ rungs, isTranscoded }: StrategyState, { quality, maxMadeHeight }: Policy): [number, DecisionReason] {
  if (quality !== 'auto') return [rungOf(quality, rungs.length), { code: 'named', values: { quality } }]
  const best = rungs.length - 1
  if (!isTranscoded || isWithin(rungs[best], maxMadeHeight)) return [best, { code: 'best' }]
  const within = Math.max(
    0,
    rungs.findLastIndex((rung) => isWithin(rung, maxMadeHeight)),
  )
  return [within, { code: 'best_within', values: { height: maxMadeHeight } }]
}

const isWithin = (rung: Rung | undefined, height: number): boolean =>
  rung?.width !== undefined && rung.height !== undefined && Math.min(rung.width, rung.height) <= height
