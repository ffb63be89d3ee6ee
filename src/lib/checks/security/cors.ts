// CORS: pages of other origins may not read either, unless they are on the list.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { type Answer, ask } from '../http-ask.ts'

const origin = 'https://attacker.invalid'

export const corsCheck = defineCheck({
  name: 'cors',
  group: 'security',
  title: 'Pages of others read nothing',
  about: 'No wildcard and no echo in Access-Control-Allow-Origin, in answers and in preflights',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    wildcard: {
      cause: 'A proxy adds Access-Control-Allow-Origin: * to every answer.',
      fix: 'Take add_header Access-Control-Allow-Origin out of the proxy; name the pages that may with --allowed-origin.',
    },
    echoed: {
      cause: 'A proxy answers every origin as allowed by sending it back.',
      fix: 'Take add_header Access-Control-Allow-Origin out of the proxy; name the pages that may with --allowed-origin.',
    },
  },
  async run({ server, signal }) {
    const address = `${server!.url}${routes.health}`
    const preflight = {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    }
    const answers = [
      await ask(address, { signal, headers: { origin } }),
      await ask(address, { method: 'OPTIONS', signal, headers: preflight }),
    ]
    if (answers.some((answer) => allowed(answer) === '*'))
      return { status: 'fail', detail: 'every page may read', trouble: 'wildcard' }
    if (answers.some((answer) => allowed(answer) === origin || allowed(answer) === 'null'))
      return { status: 'fail', detail: `${origin} may read`, trouble: 'echoed' }
    return { status: 'pass', detail: 'other origins are not allowed' }
  },
})

const allowed = ({ headers }: Answer): string | undefined => headers['access-control-allow-origin']?.trim()
