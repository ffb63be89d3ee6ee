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
      const { name = [], content, deadline: deadlineS } = request.query
      const asked = {
        names: [name].flat(),
        ...(content !== undefined && { content }),
        ...(deadlineS !== undefined && { deadlineS }),
      }
      const results = await runChecks(asked, leavingSignal(reply))
      return { success: true as const, results }
    },
  )
}
