// Inside of the server, for whoever started it with --debug.

import { routes } from '../../protocol/routes.ts'
import type { App, RouteContext } from '../context.ts'

export function debugRoutes(app: App, { engine, options, version, clock }: RouteContext): void {
  const answer = async () => {
    if (!options.debug) return { success: false, error: 'Debug mode not enabled', error_type: 'DebugDisabled' }
    return {
      success: true,
      timestamp: clock.wallMs() / 1000,
      version,
      info: { ...engine.info, iceServers: engine.info.iceServers.map(({ urls }) => urls) },
      workers: engine.health(),
      streams: engine.list(),
      content_store: engine.store.kind,
    }
  }
  for (const path of ['/debug', ...routes.mcpPrefixes.map((prefix) => `${prefix}/debug`)])
    app.get(path, { config: { role: 'admin' }, schema: { tags: ['server'], summary: 'State of the server' } }, answer)
}
