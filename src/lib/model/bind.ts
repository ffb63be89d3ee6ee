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

/** What nobody guesses over a network: 16 characters, and not the same few again and again. */
const leastTokenLength = 16
const leastDifferent = 8

/** Whether a token is too short or too uniform for others to be let near it. */
export const isWeakToken = (token: string): boolean =>
  token.length < leastTokenLength || new Set(token).size < leastDifferent

/**
 * Throws OPEN_BIND_REFUSED for an address that others can reach, without a token or with one that can be guessed, unless that was
 * asked for.
 */
export function checkBind(host: string, authToken: string | undefined, insecure: boolean): void {
  if (isLoopback(host) || insecure) return
  const where = `listening on ${host || 'every address'}`
  if (!authToken) throw new McpxError('OPEN_BIND_REFUSED', `${where} without a token is refused`)
  if (isWeakToken(authToken))
    throw new McpxError('OPEN_BIND_REFUSED', `${where} with a token that can be guessed is refused`, {
      hint: `Take a token of at least ${leastTokenLength} characters, ${leastDifferent} of them different, for example MCPX_TOKEN=$(openssl rand -hex 16).`,
    })
}
