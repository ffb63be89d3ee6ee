// Every route that gives something away demands the token, and takes no other. Asked for with GET alone.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { demandsToken } from '../demands-token.ts'
import { type Answer, ask, bearer } from '../http-ask.ts'
import { parseJson } from '../parse-json.ts'

const mostRoutes = 100
/** Of the limit of requests, others need the rest. */
const leftOver = 0.25

export const tokenDemandCheck = defineCheck({
  name: 'token-demand',
  group: 'security',
  title: 'Token on every route',
  about:
    'Each route that can be read answers 401 without the token and with a wrong one; pages, health and the description excepted',
  where: 'here',
  needs: ['server'],
  deadlineS: 20,
  troubles: {
    'open-route': {
      cause:
        'A route gives something away without a token: a plugin that says so, or a proxy that answers by itself from its cache.',
      fix: 'Give the route of the plugin a role other than public; switch off caching in the proxy: proxy_cache off;',
    },
    'any-token': {
      cause:
        'A token that cannot be that of the server is taken: a proxy on the way adds the right one to every request.',
      fix: 'Take the Authorization header out of the configuration of the proxy, or let it ask for a password itself.',
    },
  },
  async run({ server, signal }) {
    const { url } = server!
    if (!(await demandsToken(url, signal))) return { status: 'skipped', detail: 'no token is demanded: see open-bind' }
    const wrong = await ask(`${url}${routes.mcpPrefixes[0]}`, {
      signal,
      headers: bearer('not-the-token-of-this-server'),
    })
    if (isGiven(wrong))
      return { status: 'fail', detail: `a wrong token is answered ${wrong.status}`, trouble: 'any-token' }
    const paths = await readable(url, signal)
    const open: string[] = []
    let asked = 0
    for (const path of paths) {
      const answer = await ask(`${url}${path}`, { signal, maxBytes: 4096 })
      asked++
      if (isGiven(answer) && !isPublic(path, answer)) open.push(path)
      if (isRunningOut(answer)) break
    }
    const values = { routes: paths.length, asked, open: open.length }
    if (open.length > 0)
      return {
        status: 'fail',
        detail: `open without a token: ${open.join(', ').slice(0, 200)}`,
        trouble: 'open-route',
        values,
      }
    const part = asked < paths.length ? ` of ${paths.length}; the rate limit allows no more now` : ''
    return { status: 'pass', detail: `${asked} routes${part}`, values }
  },
})

const isGiven = ({ status }: Answer): boolean => status >= 200 && status < 300

/** Pages hold nothing: they ask for the token themselves. */
const isPublic = (path: string, { headers }: Answer): boolean =>
  path.endsWith(routes.health) || path === routes.openapi || /^text\/html/.test(headers['content-type'] ?? '')

function isRunningOut({ headers }: Answer): boolean {
  const [limit, left] = [Number(headers['ratelimit-limit']), Number(headers['ratelimit-remaining'])]
  return limit > 0 && left < limit * leftOver
}

/** What the server says can be read, and the metrics, which it does not describe. */
async function readable(url: string, signal: AbortSignal): Promise<string[]> {
  const { body } = await ask(`${url}${routes.openapi}`, { signal, maxBytes: 8 * 2 ** 20 })
  const { paths = {} } = (parseJson(body) ?? {}) as { paths?: Record<string, object> }
  const described = Object.entries(paths).filter(([, methods]) => Object.hasOwn(methods ?? {}, 'get'))
  const filled = described.map(([path]) => path.replaceAll(/\{[^}]*\}/g, 'x')).filter((path) => path.startsWith('/'))
  return [...new Set([routes.metrics, ...filled])].slice(0, mostRoutes)
}
