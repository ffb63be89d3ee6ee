// What this server is and where its parts are.

import { routes } from '../../protocol/routes.ts'
import { infoReply } from '../../protocol/schemas.ts'
import type { App, RouteContext } from '../context.ts'

export function infoRoutes(app: App, { engine, version, clock, basePath, metricsPath }: RouteContext): void {
  const at = (path: string) => `${basePath}${path}`
  for (const prefix of routes.mcpPrefixes) {
    app.get(
      prefix,
      {
        config: { role: 'viewer', checksContent: true },
        schema: { tags: ['server'], summary: 'About this server', response: { 200: infoReply } },
      },
      async () => {
        const { nodeId, startedAtMs, encoder, sampleCid } = engine.info
        return {
          success: true as const,
          name: 'mcpx',
          version,
          node_id: nodeId,
          uptime_seconds: Math.max(0, clock.wallMs() - startedAtMs) / 1000,
          encoder,
          content_store: engine.store.kind,
          ...(sampleCid ? { sample_cid: sampleCid } : {}),
          endpoints: {
            api_base: at(prefix),
            health: at(routes.health),
            documentation: at(routes.openapi),
            ...(metricsPath ? { metrics: at(metricsPath) } : {}),
            player: at('/player/<cid>'),
            whep: at('/whep/<cid>'),
            signalling: at(routes.signalling[0]),
            dashboard: at(routes.webrtc.dashboard),
          },
        }
      },
    )
  }
}
