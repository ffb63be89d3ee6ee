// Routes that other parts bring (metrics): a text, made when asked.

import type { Role } from '../../protocol/schemas.ts'
import type { App } from '../context.ts'

export interface ExtraRoute {
  readonly path: string
  /** Least role of a token, where the server has one. */
  readonly role: Role
  /** Not counted by the rate limit. */
  readonly unlimited?: boolean
  answer(): Promise<{ readonly contentType: string; readonly body: string }>
}

export function extraRoutes(app: App, routes: readonly ExtraRoute[]): void {
  for (const { path, role, unlimited = false, answer } of routes) {
    app.get(path, { config: { role, unlimited }, schema: { hide: true } }, async (_request, reply) => {
      const { contentType, body } = await answer()
      return reply.type(contentType).send(body)
    })
  }
}
