// A reverse proxy in front: whether server and address agree on the base path, and whether Host and scheme are passed on.
import { routes } from '../../protocol/routes.ts'
import { infoReply } from '../../protocol/schemas.ts'
import { defineCheck } from '../check.ts'
import { ask, bearer } from '../http-ask.ts'
import { parseJson } from '../parse-json.ts'

export const proxyCheck = defineCheck({
  name: 'proxy',
  group: 'server',
  title: 'Reverse proxy',
  about: 'Base path, and the forwarded Host and scheme, as pages of the server need them',
  where: 'here',
  needs: ['access'],
  deadlineS: 6,
  troubles: {
    'base-path': {
      cause:
        'The proxy serves it below a path that the server was not told: the links and addresses that it gives lead nowhere.',
      fix: 'Start it with `mcpx serve --base-path /mcpx`, with the path of the proxy.',
    },
    'host-not-forwarded': {
      cause:
        'The proxy sends a Host of its own, so that the pages of the server seem to come from elsewhere and may change nothing.',
      fix: 'Add proxy_set_header Host $http_host; to the location (nginx), or start it with `mcpx serve --allowed-origin <origin>`.',
    },
    'scheme-not-forwarded': {
      cause: 'The proxy does TLS and does not say so: the session cookie goes out without Secure.',
      fix: 'Add proxy_set_header X-Forwarded-Proto $scheme; to the location (nginx).',
    },
  },
  async run({ server, signal }) {
    const { url, token } = server!
    const { origin, pathname, protocol } = new URL(`${url}/`)
    const authorization = bearer(token)
    const info = await ask(`${url}${routes.mcpPrefixes[0]}`, { signal, headers: authorization })
    const said = basePathOf(info.body)
    const asked = pathname.replace(/\/+$/, '')
    // With the base path and without it: the server answers to both, and a proxy may have several names for it.
    if (said !== undefined && asked !== '' && said !== asked)
      return {
        status: 'fail',
        detail: `the address has the base path ${asked}, the server ${said || 'none'}`,
        trouble: 'base-path',
        fix: `Start it with \`mcpx serve --base-path ${asked}\`.`,
      }
    // A ticket of 30 s is all that this leaves behind.
    const asPage = await ask(`${url}${routes.ticket}`, {
      method: 'POST',
      signal,
      headers: { ...authorization, origin },
    })
    if (asPage.status === 403)
      return {
        status: 'fail',
        detail: `a page of ${origin} may not change anything`,
        trouble: 'host-not-forwarded',
        fix: `Add proxy_set_header Host $http_host; to the location (nginx), or start it with \`mcpx serve --allowed-origin ${origin}\`.`,
      }
    if (protocol === 'https:' && token !== undefined && !(await isCookieSecure(url, token, signal)))
      return {
        status: 'warn',
        detail: 'the server does not know that it is reached over https',
        trouble: 'scheme-not-forwarded',
      }
    const by = info.headers.via ?? info.headers.server
    const path = asked === '' ? '' : ` at ${asked}`
    return {
      status: 'pass',
      detail: by === undefined ? `reached directly${path}` : `through ${String(by).slice(0, 60)}${path}`,
    }
  },
})

function basePathOf(body: string): string | undefined {
  const { success, data } = infoReply.safeParse(parseJson(body))
  return success ? data.endpoints.api_base?.replace(/\/api\/v0$/, '') : undefined
}

async function isCookieSecure(url: string, token: string, signal: AbortSignal): Promise<boolean> {
  const headers = { 'content-type': 'application/json' }
  const answer = await ask(`${url}${routes.session}`, {
    method: 'POST',
    signal,
    headers,
    body: JSON.stringify({ token }),
  })
  const cookies = answer.headers['set-cookie'] ?? []
  return cookies.length === 0 || cookies.every((cookie) => /;\s*secure/i.test(cookie))
}
