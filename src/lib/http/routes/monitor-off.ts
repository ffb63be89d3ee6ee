// What answers in place of the monitor with --disable-webrtc-monitor: that it is off, not that there is no such thing.
import { McpxError } from '../../base/errors.ts'
import { routes } from '../../protocol/routes.ts'
import type { App, RouteContext } from '../context.ts'

export function monitorOffRoutes(app: App, { monitor, readHistory }: RouteContext): void {
  if (monitor) return
  const { webrtc, monitor: origin, mcp, history } = routes
  const { summary, operations, tasks, connection, live } = webrtc
  const all: string[] = [summary, operations, tasks, connection, live, `${mcp.prefix}/*`, ...Object.values(origin)]
  if (!readHistory) all.push(history)
  for (const url of all)
    app.route({
      method: ['GET', 'POST'],
      url,
      config: { role: 'operator' },
      schema: { hide: true },
      handler: async () => {
        throw new McpxError('MONITOR_OFF', 'this server runs without its monitor (--disable-webrtc-monitor)')
      },
    })
}
