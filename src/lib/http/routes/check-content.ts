// The server's half of the waterfall of a CID: where it is found, its first block, and what it turns out to be, each with its time.
import { routes } from '../../protocol/routes.ts'
import { contentTraceQuery, contentTraceReply } from '../../protocol/waterfall.ts'
import { type App, leavingSignal, type RouteContext } from '../context.ts'

export function checkContentRoutes(app: App, { traceContent }: RouteContext): void {
  if (!traceContent) return
  app.get(
    routes.checkContent,
    {
      config: { role: 'operator', maxPerMinute: 30 },
      schema: {
        tags: ['server'],
        summary: 'How content is found and opened, step by step',
        querystring: contentTraceQuery,
        response: { 200: contentTraceReply },
      },
    },
    async (request, reply) => {
      const steps = await traceContent(request.query.content, leavingSignal(reply))
      return { success: true as const, steps }
    },
  )
}
