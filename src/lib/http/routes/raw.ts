// `/ipfs/<cid>/<path>`: the bytes themselves, as a gateway serves them, for players that read files.
import { z } from 'zod'
import { routes } from '../../protocol/routes.ts'
import { requireContent } from '../access.ts'
import { type App, grantOf, type Request, type RouteContext } from '../context.ts'
import { sendContent } from '../send-content.ts'

const query = z.object({ filename: z.string().max(255).optional() })

export function rawRoutes(app: App, { engine, gatekeeper }: RouteContext): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: routes.ipfs,
    config: { role: 'viewer', checksContent: true },
    schema: { tags: ['content'], summary: 'Bytes of a file, with Range', querystring: query },
    handler: async (request, reply) => {
      const content = (request.params as { '*': string })['*']
      requireContent(grantOf(request as Request), content)
      const { filename } = request.query
      return sendContent(engine, request as Request, reply, content, {
        filename,
        isImmutable: true,
        isPublic: !gatekeeper.required,
      })
    },
  })
}
