// Whether a load test was held back by the tool itself: then what it measured may be the tool's own doing.
import type { LoadResult } from '../protocol/load-result.ts'
import type { LoadStrain } from './load-plane.ts'

/** Beyond these the tool was too slow for what it measures. */
const maxLagP99Ms = 20
const maxLagMs = 500
const maxLateMs = 500

interface ToolAccount {
  /** The last that each group told. */
  readonly strains: readonly LoadStrain[]
  /** Of all processes of the tool. */
  readonly cpuS: number
  readonly elapsedS: number
  readonly workers: number
  /** What went wrong with the tool besides. */
  readonly troubles: readonly string[]
}

export function judgeTool({ strains, cpuS, elapsedS, workers, troubles }: ToolAccount): LoadResult['tool'] {
  const most = (of: (strain: LoadStrain) => number) => (strains.length > 0 ? Math.max(...strains.map(of)) : null)
  const loopLagP99Ms = most(({ lagP99Ms }) => lagP99Ms)
  const loopLagMaxMs = most(({ lagMaxMs }) => lagMaxMs)
  const lateMs = most((strain) => strain.lateMs) ?? 0
  const known = strains.flatMap(({ socketDrops }) => socketDrops ?? [])
  const socketDrops = known.length > 0 ? known.reduce((sum, drops) => sum + drops, 0) : null
  const cpuRatio = elapsedS > 0 ? cpuS / elapsedS : 0
  const reasons = [
    ...((loopLagP99Ms ?? 0) > maxLagP99Ms
      ? [`its event loop was ${ms(loopLagP99Ms!)} late at the 99th percentile (at most ${maxLagP99Ms} ms)`]
      : []),
    ...((loopLagMaxMs ?? 0) > maxLagMs ? [`its event loop stood still for ${ms(loopLagMaxMs!)}`] : []),
    ...((socketDrops ?? 0) > 0 ? [`the kernel dropped ${socketDrops} datagrams that it did not read in time`] : []),
    ...(lateMs > maxLateMs ? [`sessions began up to ${ms(lateMs)} later than planned`] : []),
    ...troubles,
  ]
  return { trusted: reasons.length === 0, reasons, loopLagP99Ms, loopLagMaxMs, cpuRatio, socketDrops, workers }
}

const ms = (value: number) => `${Math.round(value)} ms`
