// What is needed to ask for a WebSocket by hand.
import { randomBytes } from 'node:crypto'
import { McpxError } from '../base/errors.ts'
import { routes } from '../protocol/routes.ts'
import { ask, bearer } from './http-ask.ts'
import { parseJson } from './parse-json.ts'

/** RFC 6455, 4.1. */
export const upgradeHeaders = (): Record<string, string> => ({
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': randomBytes(16).toString('base64'),
})

/** A WebSocket cannot carry the token; each ticket opens one. Empty without a token. */
export async function ticketQuery(url: string, token: string | undefined, signal: AbortSignal): Promise<string> {
  if (token === undefined) return ''
  const { status, body } = await ask(`${url}${routes.ticket}`, { method: 'POST', headers: bearer(token), signal })
  const { ticket } = (parseJson(body) ?? {}) as { ticket?: unknown }
  if (typeof ticket !== 'string')
    throw new McpxError('INVALID_REQUEST', `${routes.ticket} answered ${status}, and no ticket`)
  return `?ticket=${encodeURIComponent(ticket)}`
}
