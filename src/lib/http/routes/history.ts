// The history over HTTP: rows of one table in a range of time, for `mcpx report` and whoever draws.
import type { z } from 'zod'
import { McpxError } from '../../base/errors.ts'
import { historyTable, historyTables } from '../../model/history.ts'
import { routes } from '../../protocol/routes.ts'
import { historyQuery } from '../../protocol/schemas.ts'
import type { App, RouteContext } from '../context.ts'

/** More than anybody can look at; a longer period is read in minutes. */
const maxRows = 200_000

export function historyRoutes(app: App, { readHistory, clock }: RouteContext): void {
  if (!readHistory) return
  app.get<{ Params: { table: string } }>(
    routes.history,
    {
      config: { role: 'operator' },
      schema: { tags: ['monitor'], summary: 'Rows of the history', querystring: historyQuery },
    },
    async (request, reply) => {
      const { table: name } = request.params
      const table = historyTable(name)
      if (!table)
        throw new McpxError('NOT_FOUND', `the history has ${historyTables.join(', ')}, no "${name.slice(0, 50)}"`)
      const { from, to, connection } = request.query as z.infer<typeof historyQuery>
      const range = { fromMs: from, toMs: to ?? clock.wallMs() + 1, ...(connection !== undefined && { connection }) }
      const json = await readHistory(table, range, maxRows)
      return reply.type('application/json; charset=utf-8').send(Buffer.from(json.buffer, json.byteOffset, json.length))
    },
  )
}
