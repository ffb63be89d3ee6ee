// DNS rebinding: a page of another name that leads to this address must not be answered.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'

export const foreignHostCheck = defineCheck({
  name: 'foreign-host',
  group: 'security',
  title: 'Another Host is refused',
  about: 'Requests for a host name that is not its own are refused, against DNS rebinding',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    answered: {
      cause:
        'A proxy in front takes every name and sends a Host of its own, so that the server cannot tell them apart.',
      fix: 'Name the host in the proxy (nginx: server_name and a default server that returns 421), and add proxy_set_header Host $http_host;',
    },
  },
  async run({ server, signal }) {
    const { status } = await ask(`${server!.url}${routes.health}`, { signal, headers: { host: 'rebinding.invalid' } })
    if (status >= 200 && status < 300)
      return { status: 'fail', detail: `answered ${status} to rebinding.invalid`, trouble: 'answered' }
    return { status: 'pass', detail: `answered ${status}` }
  },
})
