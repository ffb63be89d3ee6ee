// The session cookie: not for scripts, not for other sites, and only over TLS where there is TLS.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'

export const cookiesCheck = defineCheck({
  name: 'cookies',
  group: 'security',
  title: 'Session cookie',
  about: 'HttpOnly, SameSite=Strict, and Secure with https',
  where: 'here',
  needs: ['server', 'token'],
  deadlineS: 5,
  troubles: {
    'for-scripts': {
      cause: 'Something on the way rewrites cookies without HttpOnly: a script in a page could read the session.',
      fix: 'Take proxy_cookie_flags out of the proxy, or add httponly to it.',
    },
    'for-other-sites': {
      cause:
        'Something on the way rewrites cookies without SameSite=Strict: other sites could act in the name of who is logged in.',
      fix: 'Take proxy_cookie_flags out of the proxy, or add samesite=strict to it.',
    },
    'without-tls': {
      cause: 'The proxy does TLS and does not say so to the server: the cookie may go out over plain http too.',
      fix: 'Add proxy_set_header X-Forwarded-Proto $scheme; to the location (nginx).',
    },
  },
  async run({ server, signal }) {
    const { url, token } = server!
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ token })
    const { headers: answered, status } = await ask(`${url}${routes.session}`, {
      method: 'POST',
      signal,
      headers,
      body,
    })
    const [cookie] = answered['set-cookie'] ?? []
    if (cookie === undefined) return { status: 'skipped', detail: `no cookie is set (${status})` }
    const has = (flag: RegExp) => flag.test(cookie)
    if (!has(/;\s*httponly/i)) return { status: 'fail', detail: 'without HttpOnly', trouble: 'for-scripts' }
    if (!has(/;\s*samesite=strict/i))
      return { status: 'fail', detail: 'without SameSite=Strict', trouble: 'for-other-sites' }
    if (url.startsWith('https:') && !has(/;\s*secure/i))
      return { status: 'fail', detail: 'without Secure, over https', trouble: 'without-tls' }
    return {
      status: 'pass',
      detail: cookie
        .split(';')
        .slice(1)
        .map((part) => part.trim())
        .join(', ')
        .slice(0, 100),
    }
  },
})
