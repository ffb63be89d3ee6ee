// The numbers of the tiles, from what is known about all connections. Pure.
import type { LiveConnection, LiveState } from '../../lib/protocol/live.ts'
import { isCutOff, isOpen, isSilent, isWatched } from './connection-view.ts'

/** Of one score over the connections that are watched. */
interface ScoreSummary {
  readonly lowest?: number
  readonly median?: number
  readonly unknown: number
}

export interface Totals {
  readonly watching: number
  readonly waiting: number
  readonly cutOff: number
  readonly silent: number
  readonly bitrateBps: number
  /** Connections whose bitrate is in the sum. */
  readonly measured: number
  readonly health: ScoreSummary
  readonly videoQuality: ScoreSummary
  /** The longest of all workers; absent until one has said. */
  readonly loopDelayMs?: number
}

function scoresOf(connections: readonly LiveConnection[], score: 'health' | 'videoQuality'): ScoreSummary {
  const values = connections.map((one) => one[score]?.value).filter((value) => value !== undefined)
  const sorted = values.toSorted((a, b) => a - b)
  const unknown = connections.length - sorted.length
  if (sorted.length === 0) return { unknown }
  return { lowest: sorted[0]!, median: sorted[Math.floor((sorted.length - 1) / 2)]!, unknown }
}

export function totalsOf({ connections, workers }: LiveState): Totals {
  const watched = connections.filter(isWatched)
  const rates = watched.map(({ sample }) => sample?.bitrateBps).filter((rate) => typeof rate === 'number')
  return {
    watching: watched.length,
    waiting: connections.filter((one) => isOpen(one) && !isWatched(one) && !isCutOff(one)).length,
    cutOff: connections.filter(isCutOff).length,
    silent: watched.filter(isSilent).length,
    bitrateBps: rates.reduce((sum, rate) => sum + rate, 0),
    measured: rates.length,
    health: scoresOf(watched, 'health'),
    videoQuality: scoresOf(watched, 'videoQuality'),
    ...(workers.length > 0 && { loopDelayMs: Math.max(...workers.map((one) => one.loopDelayP99Ms)) }),
  }
}
