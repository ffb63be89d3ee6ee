// What the token may: whether one is demanded, whether this one holds, its role, what it is narrowed to and when it ends.
import { McpxError } from '../../base/errors.ts'
import { routes } from '../../protocol/routes.ts'
import { sessionReply } from '../../protocol/schemas.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'
import { parseJson } from '../parse-json.ts'

/** A token that a person has to renew by hand. */
const soonS = 86_400

export const tokenCheck = defineCheck({
  name: 'token',
  group: 'server',
  title: 'Rights of the token',
  about: 'Whether a token is demanded and this one holds; its role, its CID, its expiry',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    missing: {
      cause: 'The server demands a token, and none was given.',
      fix: 'Give it with --token or in MCPX_TOKEN; it is what `mcpx serve` was started with.',
    },
    refused: {
      cause:
        'The token is not that of this server, or it has expired, or the server was started with another one since.',
      fix: 'Give the token of the server with --token or MCPX_TOKEN; make a narrower one anew with POST /api/v0/tokens.',
    },
    narrow: {
      cause:
        'The token was made for a viewer or for one CID: it plays, but it may not open streams for others or look inside.',
      fix: 'For the dashboard and for all checks use a token with the role operator: POST /api/v0/tokens {"role":"operator"}.',
    },
    'expires-soon': {
      cause: 'Tokens of POST /api/v0/tokens end at the time that they were given.',
      fix: 'Make another one: POST /api/v0/tokens {"role":"operator","expires_in":2592000}.',
    },
  },
  async run({ server, clock, signal }) {
    const { url, token, access, reason = '' } = server!
    if (token === undefined)
      return access === 'refused'
        ? { status: 'fail', detail: reason, trouble: 'missing' }
        : { status: 'pass', detail: 'no token is demanded: who reaches the server is its admin' }
    const found = await rights(url, token, signal)
    if (found === undefined) return { status: 'fail', detail: 'the server refuses the token', trouble: 'refused' }
    const { role, cid, expires_at: expiresAt } = found
    const values = { role, ...(expiresAt !== undefined && { expiresAt }) }
    if (cid !== undefined) return { status: 'warn', detail: `${role}, for ${cid} only`, trouble: 'narrow', values }
    if (role === 'viewer') return { status: 'warn', detail: 'viewer', trouble: 'narrow', values }
    const leftS = expiresAt === undefined ? Infinity : (Date.parse(expiresAt) - clock.wallMs()) / 1000
    if (leftS < soonS)
      return {
        status: 'warn',
        detail: `${role}, ends in ${Math.round(leftS / 60)} min`,
        trouble: 'expires-soon',
        values,
      }
    return { status: 'pass', detail: role, values }
  },
})

/** Undefined where the server refuses it. */
async function rights(url: string, token: string, signal: AbortSignal) {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ token })
  const answer = await ask(`${url}${routes.session}`, { method: 'POST', headers, body, signal })
  if (answer.status === 401) return undefined
  const { success, data } = sessionReply.safeParse(parseJson(answer.body))
  if (!success)
    throw new McpxError('INVALID_REQUEST', `${routes.session} answered ${answer.status}, and not as mcpx does`)
  return data
}
