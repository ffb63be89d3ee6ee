// The HTTP API: it answers, says that it is well, describes itself, and is of the version of this mcpx.
import { packageVersion } from '../../base/version.ts'
import { routes } from '../../protocol/routes.ts'
import { healthReply } from '../../protocol/schemas.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'
import { parseJson } from '../parse-json.ts'

export const apiCheck = defineCheck({
  name: 'api',
  group: 'server',
  title: 'HTTP API',
  about: 'Health, description of the API, and whether server and command are of one version',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    'not-mcpx': {
      cause: 'Something else than mcpx answers at this address: another program, or a proxy with a page of its own.',
      fix: 'Correct --server; behind a reverse proxy name the base path too, as --server https://host/mcpx.',
    },
    moved: {
      cause: 'The address leads to another one, as from http to https; a token is not sent after it.',
      fix: 'Name that address with --server.',
    },
    unwell: {
      cause: 'The server runs, and says that something of it does not.',
      fix: 'Look at `problems` and `daemons` of GET /health, and at the log of the server (`mcpx serve --debug`).',
    },
    'no-description': {
      cause: 'A proxy in between lets some addresses through and not others.',
      fix: 'Forward everything below the base path to the server: `location /mcpx/ { proxy_pass http://127.0.0.1:8000; }`.',
    },
    'other-version': {
      cause: 'Server and command were installed at different times.',
      fix: 'Update the older one (npm install -g mcpx@latest) and restart the server.',
    },
  },
  async run({ server, signal }) {
    const { url, info } = server!
    const health = await ask(`${url}${routes.health}`, { signal })
    if (health.status === 403) return { status: 'skipped', detail: 'it refuses the host name: see the check host' }
    const { location } = health.headers
    if (health.status >= 300 && health.status < 400 && location !== undefined) {
      const target = (URL.parse(location, url)?.href ?? location).replace(routes.health, '').slice(0, 200)
      return { status: 'fail', detail: `it leads to ${target}`, trouble: 'moved', fix: `Use --server ${target}.` }
    }
    const { success, data } = healthReply.safeParse(parseJson(health.body))
    if (!success)
      return { status: 'fail', detail: `/health answered ${health.status}, and not as mcpx does`, trouble: 'not-mcpx' }
    if (data.status !== 'ok') return { status: 'fail', detail: wrongIn(data), trouble: 'unwell' }
    const description = await ask(`${url}${routes.openapi}`, { signal })
    const api = parseJson(description.body) as { openapi?: unknown; info?: { version?: unknown } } | undefined
    if (description.status !== 200 || typeof api?.openapi !== 'string')
      return { status: 'fail', detail: `${routes.openapi} answered ${description.status}`, trouble: 'no-description' }
    const here = packageVersion()
    const there = info?.version ?? String(api.info?.version ?? '')
    const values = { version: there, ownVersion: here }
    if (there !== here)
      return {
        status: 'warn',
        detail: `the server is ${there}, this command ${here}`,
        trouble: 'other-version',
        values,
      }
    return { status: 'pass', detail: `mcpx ${there}, well`, values }
  },
})

function wrongIn({
  problems,
  daemons,
}: {
  problems: readonly string[]
  daemons: Readonly<Record<string, { running: boolean; error?: string | undefined }>>
}): string {
  const down = Object.entries(daemons).flatMap(([name, { running, error }]) =>
    running ? [] : [`${name}: ${error ?? 'not running'}`],
  )
  return [...problems, ...down].join('; ').slice(0, 500) || 'degraded'
}
