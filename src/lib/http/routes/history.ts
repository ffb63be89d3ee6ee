// The history over HTTP: rows of one table in a range of time, for `mcpx report` and whoever draws.
import type { z } from 'zod'
import { McpxError } from '../../base/errors.ts'
import { type HistoryTable, historyTables } from '../../model/history.ts'
import { routes } from '../../protocol/routes.ts'
import { historyQuery } from '../../protocol/schemas.ts'
import type { App, RouteContext } from '../context.ts'

/** More than anybody can look at; a longer period is read in minutes. */
const maxRows = 500_000

export function historyRoutes(app: App, { readHistory, clock }: RouteContext): void {
  if (!readHistory) return
  app.get<{ Params: { table: string } }>(
    routes.history,
    {
      config: { role: 'operator' },
      schema: { tags: ['monitor'], summary: 'Rows of the history', querystring: historyQuery },
    },
    async (request) => {
      const { table } = request.params
      if (!historyTables.includes(table as HistoryTable))
        throw new McpxError('NOT_FOUND', `the history has ${historyTables.join(', ')}, no "${table.slice(0, 50)}"`)
      const { from, to, connection } = request.query as z.infer<typeof historyQuery>
      const { rows, damaged } = await readHistory(table as HistoryTable, {
        fromMs: from,
        toMs: to ?? clock.wallMs() + 1,
        limit: maxRows + 1,
        ...(connection !== undefined && { connection }),
      })
      if (rows.length > maxRows)
        throw new McpxError('MESSAGE_TOO_LARGE', `more than ${maxRows} rows of ${table} in that time`, {
          hint: 'Ask for a shorter time, or for minutes or hours in place of samples.',
        })
      return { success: true, rows, damaged }
    },
  )
}
