// The routes of plugins, and the list of their panels for the dashboard.
import type { PanelInfo } from '../../protocol/panels.ts'
import { routes } from '../../protocol/routes.ts'
import { type App, grantOf, type RouteContext } from '../context.ts'
import { checkPlugins, defaultEveryS, type PluginRequest, pluginPath } from '../plugins.ts'

/** Adds the routes of all plugins, and the one that lists their panels. Throws INVALID_OPTION. */
export function pluginRoutes(app: App, { engine, basePath, plugins }: RouteContext): void {
  checkPlugins(plugins)
  for (const { name, routes: own = [] } of plugins) {
    for (const { method, path, role, summary, body, query, handler } of own) {
      app.route({
        method,
        url: pluginPath(name, path),
        config: { role },
        schema: {
          tags: ['plugins'],
          ...(summary && { summary }),
          ...(body && { body }),
          ...(query && { querystring: query }),
        },
        handler: async (request, reply) => {
          const params = request.params as Readonly<Record<string, string>>
          const { role: granted } = grantOf(request)
          const asked = { params, query: request.query, body: request.body, role: granted, engine }
          const answer = await handler(asked as PluginRequest<never, never>)
          return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer ?? null))
        },
      })
    }
  }
  const panels: readonly PanelInfo[] = plugins.flatMap(({ name, panels: own = [] }) =>
    own.map(({ id, title, path, everyS = defaultEveryS }) => ({
      id: `${name}.${id}`,
      title,
      url: basePath + pluginPath(name, path),
      everyS,
    })),
  )
  app.get(
    routes.webrtc.panels,
    {
      config: { role: 'operator' },
      schema: { tags: ['plugins'], summary: 'Panels that plugins add to the dashboard' },
    },
    async () => ({ success: true, panels }),
  )
}
