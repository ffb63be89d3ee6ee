// Statistics as the clients of both dialects ask for them.
import type { Clock } from '../base/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { ConnectionStats, ServerMessage } from '../protocol/signalling.ts'

type StatsOf = readonly [id: string, stats: ConnectionStats]

/**
 * Of one stream, or of each by its id. Dialect B reads them under a name of its own.
 * @param metrics of the server, where the client wants them.
 * @param timestamp seconds since 1970.
 */
export function statsMessage(
  found: readonly StatsOf[],
  isOne: boolean,
  metrics: object | undefined,
  isB: boolean,
  timestamp: number,
): ServerMessage {
  const one = isOne ? found[0] : undefined
  const shown = one ? one[1] : Object.fromEntries(found)
  return {
    type: 'stats',
    ...(one ? { pc_id: one[0] } : {}),
    connection_stats: shown,
    ...(metrics ? { global_metrics: metrics } : {}),
    ...(isB ? { stats: shown, track_stats: {} } : {}),
    timestamp,
  }
}

export function globalMetrics(engine: Engine, clock: Clock): object {
  const open = engine.list().filter(({ state }) => state !== 'closed')
  return {
    active_connections: open.filter(({ state }) => state === 'active' || state === 'ended').length,
    total_connections: open.length,
    uptime: Math.max(0, clock.wallMs() - engine.info.startedAtMs) / 1000,
  }
}
