// What is needed to ask for a WebSocket by hand.
import { randomBytes } from 'node:crypto'
import type { Api } from '../client/api.ts'
import { routes } from '../protocol/routes.ts'

/** RFC 6455, 4.1. */
export const upgradeHeaders = (): Record<string, string> => ({
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': randomBytes(16).toString('base64'),
})

/** A WebSocket cannot carry the token; each ticket opens one. Empty without a token. */
export async function ticketQuery(
  api: Pick<Api, 'request'>,
  token: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (token === undefined) return ''
  const answer = await api.request(routes.ticket, { method: 'POST', signal })
  const { ticket } = (await answer.json()) as { ticket?: unknown }
  return `?ticket=${encodeURIComponent(String(ticket))}`
}
