// Is the server well? For load balancers and service managers: no token, no limit, and never more than one check in flight.

import { routes } from '../../protocol/routes.ts'
import { type HealthReply, healthReply } from '../../protocol/schemas.ts'
import type { App, RouteContext } from '../context.ts'
import { toFailure } from '../errors.ts'

const checkLifeMs = 10_000
const checkTimeoutMs = 3_000

type Daemons = HealthReply['daemons']

export function healthRoutes(app: App, { engine, problems, options, clock }: RouteContext): void {
  let lastAtMs = -Infinity
  let last: Promise<Daemons> | undefined

  async function check(): Promise<Daemons> {
    const type = engine.store.kind
    if (type === 'embedded') return { ipfs: { type, running: true } }
    try {
      await engine.store.pins({ signal: AbortSignal.timeout(checkTimeoutMs) })
      return { ipfs: { type, running: true } }
    } catch (error) {
      return { ipfs: { type, running: false, error: toFailure(error, options.debug).body.error } }
    }
  }

  function daemons(): Promise<Daemons> {
    if (last && clock.now() - lastAtMs < checkLifeMs) return last
    lastAtMs = clock.now()
    last = check()
    return last
  }

  const route = {
    config: { role: 'public', unlimited: true } as const,
    schema: { tags: ['server'], summary: 'Health', response: { 200: healthReply } },
  }
  const answer = async (): Promise<HealthReply> => {
    const found = await daemons()
    const isRunning = Object.values(found).every((daemon) => daemon.running)
    const wrong = problems()
    return {
      success: isRunning,
      status: isRunning && wrong.length === 0 ? 'ok' : 'degraded',
      timestamp: clock.wallMs() / 1000,
      server_id: engine.info.nodeId,
      debug_mode: options.debug,
      isolation_mode: options.isolation,
      initialization: { success: true, error_count: 0, warning_count: engine.info.encoder === 'none' ? 1 : 0 },
      daemons: found,
      problems: [...wrong],
    }
  }
  for (const path of [routes.health, ...routes.mcpPrefixes.map((prefix) => `${prefix}/health`)])
    app.get(path, route, answer)
}
