// The pages. They hold no data, so they need no token: a token in the URL fragment must be able to reach the script.

import { routes } from '../../protocol/routes.ts'
import type { App, Reply, Request, RouteContext } from '../context.ts'
import type { Page } from '../page.ts'

export function pageRoutes(app: App, { pages }: RouteContext): void {
  const serve = (page: Page) => async (request: Request, reply: Reply) => {
    reply.headers({ 'content-security-policy': page.policy, etag: page.etag, 'cache-control': 'no-cache' })
    if (request.headers['if-none-match'] === page.etag) return reply.code(304).send()
    return reply.type('text/html; charset=utf-8').send(page.html)
  }
  const config = { role: 'public' as const }
  const schema = { hide: true }
  app.get(routes.home, { config, schema }, serve(pages.home))
  for (const path of ['/player/*', routes.webrtc.player]) app.get(path, { config, schema }, serve(pages.player))
  for (const path of [routes.dashboard, routes.webrtc.dashboard])
    app.get(path, { config, schema }, serve(pages.dashboard))
  app.get(routes.openapi, { config, schema }, async () => app.swagger())
}
