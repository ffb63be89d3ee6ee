// The checks of `mcpx check-connectivity` that only the server can make: of its content, its machine, its history.

import { checksQuery, checksReply } from '../../protocol/checks.ts'
import { routes } from '../../protocol/routes.ts'
import { type App, leavingSignal, type RouteContext } from '../context.ts'

export function checkRoutes(app: App, { runChecks }: RouteContext): void {
  if (!runChecks) return
  app.get(
    routes.checks,
    {
      config: { role: 'operator', maxPerMinute: 30 },
      schema: {
        tags: ['server'],
        summary: 'What works on this side: content, encoder, disk, history',
        querystring: checksQuery,
        response: { 200: checksReply },
      },
    },
    async (request, reply) => {
      const { name = [] } = request.query
      const results = await runChecks([name].flat(), leavingSignal(reply))
      return { success: true as const, results }
    },
  )
}
