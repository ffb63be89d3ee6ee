// Headers that hold browsers to what the pages are: on a page and on an answer of the API.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { type Answer, ask } from '../http-ask.ts'

export const headersCheck = defineCheck({
  name: 'headers',
  group: 'security',
  title: 'Security headers',
  about: 'Content-Security-Policy, frame-ancestors, nosniff, Referrer-Policy, and HSTS with https',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    missing: {
      cause: 'A proxy on the way takes headers off or replaces them: they are on every answer of the server.',
      fix: 'Take proxy_hide_header and add_header for these names out of the proxy.',
    },
    'no-hsts': {
      cause:
        'The proxy does TLS, and the server, which does not know, cannot say that browsers are to stay with https.',
      fix: 'Add add_header Strict-Transport-Security "max-age=15552000" always; to the proxy (nginx).',
    },
  },
  async run({ server, signal }) {
    const { url } = server!
    const answers = {
      page: await ask(`${url}${routes.home}`, { signal }),
      API: await ask(`${url}${routes.health}`, { signal }),
    }
    const missing = Object.entries(answers).flatMap(([where, answer]) =>
      missingIn(answer).map((name) => `${name} (${where})`),
    )
    if (missing.length > 0) return { status: 'fail', detail: `missing: ${missing.join(', ')}`, trouble: 'missing' }
    const hasHsts = /max-age=\s*"?[1-9]/.test(answers.API.headers['strict-transport-security'] ?? '')
    if (url.startsWith('https:') && !hasHsts)
      return { status: 'warn', detail: 'no Strict-Transport-Security', trouble: 'no-hsts' }
    return { status: 'pass', detail: 'all there' }
  },
})

function missingIn({ headers }: Answer): string[] {
  const policy = String(headers['content-security-policy'] ?? '')
  const found = {
    'Content-Security-Policy default-src': /default-src\s+'none'/.test(policy),
    'frame-ancestors':
      /frame-ancestors\s+'none'/.test(policy) || headers['x-frame-options']?.toString().toUpperCase() === 'DENY',
    'X-Content-Type-Options': headers['x-content-type-options'] === 'nosniff',
    'Referrer-Policy': headers['referrer-policy'] === 'no-referrer',
  }
  return Object.entries(found).flatMap(([name, isThere]) => (isThere ? [] : [name]))
}
