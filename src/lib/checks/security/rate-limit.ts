// The rate limit, by what the server says is left: nobody is locked out to see that.
import { isLoopback } from '../../model/bind.ts'
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask, bearer } from '../http-ask.ts'

export const rateLimitCheck = defineCheck({
  name: 'rate-limit',
  group: 'security',
  title: 'Rate limit',
  about: 'A limit of requests holds: it is told (RateLimit headers) and goes down; at its end 429 with Retry-After',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    none: {
      cause: 'The server was started with --rate-limit 0, or something else answers in its place.',
      fix: 'Start it with `mcpx serve --rate-limit 600`.',
    },
    'not-counted': {
      cause: 'What is left does not go down: answers come from a cache on the way.',
      fix: 'Switch off caching in the proxy: proxy_cache off;',
    },
    'no-retry-after': {
      cause:
        'The limit is reached, and the answer does not say for how long: something on the way takes the header off.',
      fix: 'Let the proxy pass Retry-After on, and raise --rate-limit where clients behind it share one address.',
    },
  },
  async run({ server, signal }) {
    const { url, token } = server!
    const look = () => ask(`${url}${routes.mcpPrefixes[0]}`, { signal, headers: bearer(token) })
    const [first, second] = [await look(), await look()]
    if (second.status === 429) {
      const retryAfter = second.headers['retry-after']
      if (retryAfter === undefined)
        return { status: 'fail', detail: '429 without Retry-After', trouble: 'no-retry-after' }
      return { status: 'pass', detail: `429, again in ${retryAfter.slice(0, 20)} s` }
    }
    const limit = Number(second.headers['ratelimit-limit'])
    const [before, after] = [first, second].map(({ headers }) => Number(headers['ratelimit-remaining']))
    if (!(limit > 0)) {
      const detail = 'no limit of requests is told'
      return isLoopback(new URL(url).hostname)
        ? { status: 'warn', detail, trouble: 'none' }
        : { status: 'fail', detail, trouble: 'none' }
    }
    // In a new minute there is more again.
    if (after === before)
      return { status: 'fail', detail: `${after} of ${limit} are left, again and again`, trouble: 'not-counted' }
    return { status: 'pass', detail: `${limit} a minute, ${after} left`, values: { limit, remaining: after! } }
  },
})
