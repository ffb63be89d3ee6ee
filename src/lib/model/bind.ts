// Which addresses only this machine reaches, and the rule that others need a token.
import { isIP } from 'node:net'
import { McpxError } from '../base/errors.ts'

/** Whether only this machine reaches an address that is listened on. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (isIP(name) === 4) return name.startsWith('127.')
  if (isIP(name) === 6) return name === '::1' || name.startsWith('::ffff:127.')
  return name === 'localhost' || name.endsWith('.localhost')
}

/** Throws OPEN_BIND_REFUSED for an address that others can reach, without a token, unless that was asked for. */
export function checkBind(host: string, authToken: string | undefined, insecure: boolean): void {
  if (isLoopback(host) || authToken || insecure) return
  throw new McpxError('OPEN_BIND_REFUSED', `listening on ${host || 'every address'} without a token is refused`)
}
