// The Host rule: whether the server answers to the name by which it is called here.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'
import { parseJson } from '../parse-json.ts'

export const hostCheck = defineCheck({
  name: 'host',
  group: 'server',
  title: 'Host name',
  about: 'Whether the server answers to the name that it is called by',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    refused: {
      cause: 'The server answers only to names that it knows, against DNS rebinding, and this is none of them.',
      fix: 'Start it with `mcpx serve --allowed-host <name>`.',
    },
  },
  async run({ server, signal }) {
    const { host, hostname } = new URL(server!.url)
    const { status, body } = await ask(`${server!.url}${routes.health}`, { signal })
    const { code } = (parseJson(body) ?? {}) as { code?: unknown }
    if (status === 403 && code === 'FORBIDDEN')
      return {
        status: 'fail',
        detail: `it does not answer to ${host}`,
        trouble: 'refused',
        fix: `Start it with \`mcpx serve --allowed-host ${hostname}\`, or let the proxy send another Host.`,
      }
    return { status: 'pass', detail: `answers to ${host}` }
  },
})
