// What is wrong is said without what lies where on the server's machine, and without the inside of its program.
import { routes } from '../../protocol/routes.ts'
import { healthReply } from '../../protocol/schemas.ts'
import { defineCheck } from '../check.ts'
import { ask, bearer } from '../http-ask.ts'
import { parseJson } from '../parse-json.ts'

export const errorsCheck = defineCheck({
  name: 'errors',
  group: 'security',
  title: 'Errors tell no paths',
  about: 'Refusals hold no absolute paths and no stack; the server does not run with --debug',
  where: 'here',
  needs: ['server'],
  deadlineS: 6,
  troubles: {
    leaks: {
      cause:
        'An answer holds a path of the server or a stack: it runs with --debug, or a plugin or proxy says too much.',
      fix: 'Start it without --debug; in a plugin throw an McpxError in place of what the system said.',
    },
    debug: {
      cause: 'The server runs with --debug: its answers hold stacks and paths, and GET /debug is open to its admins.',
      fix: 'Start it without --debug.',
    },
  },
  async run({ server, signal }) {
    const { url, token } = server!
    const headers = bearer(token)
    const asked = [
      '/no-such-page',
      routes.ipfs.replace('*', 'no-cid'),
      routes.history.replace(':table', 'none'),
      '/%zz',
      '/player/%00',
    ]
    for (const path of asked) {
      const { body } = await ask(`${url}${path}`, { signal, headers })
      const found = leak.exec(body.replaceAll(/<[^>]*>/g, ' '))
      if (found)
        return { status: 'fail', detail: `${path} answers ${JSON.stringify(found[0].slice(0, 80))}`, trouble: 'leaks' }
    }
    const health = healthReply.safeParse(parseJson((await ask(`${url}${routes.health}`, { signal })).body))
    if (health.data?.debug_mode) return { status: 'warn', detail: 'it runs with --debug', trouble: 'debug' }
    return { status: 'pass', detail: `${asked.length} refusals, none of which says where` }
  },
})

/** Absolute paths of the usual systems, and lines of a stack. */
const leak =
  /(?:\/(?:home|root|usr|var|opt|srv|tmp|etc|Users|app)\/[\w.-]+|[A-Z]:\\\\?[\w.-]+|node_modules|\bat \S+ \(?(?:file|node):\S+:\d+)/
