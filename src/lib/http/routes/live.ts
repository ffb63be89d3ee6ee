// The monitor as it happens, for the dashboard, `mcpx monitor` and whoever else watches.
import { routes } from '../../protocol/routes.ts'
import type { App, RouteContext } from '../context.ts'
import { createLiveFeed } from '../live-feed.ts'
import { addSocketRoute } from '../sockets.ts'

export function liveRoutes(app: App, context: RouteContext): void {
  const { monitor, engine, clock, options } = context
  if (!monitor) return
  const feed = createLiveFeed({ engine, monitor, clock, pollIntervalS: options.pollInterval })
  app.addHook('onClose', async () => feed.close())
  addSocketRoute(app, context, {
    path: routes.webrtc.live,
    controller: 'monitor',
    role: 'operator',
    schema: { tags: ['monitor'], summary: 'All that is known now; as a WebSocket also what changes' },
    answer: async () => feed.state(),
    handler: (socket) => socket.onClose(feed.watch((text) => socket.send(text))),
  })
}
