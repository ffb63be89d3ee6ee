// Who reaches the server may do everything where no token is demanded: that is for this machine alone.
import { isLoopback } from '../../model/bind.ts'
import { defineCheck } from '../check.ts'
import { demandsToken } from '../demands-token.ts'

export const openBindCheck = defineCheck({
  name: 'open-bind',
  group: 'security',
  title: 'Reachable without a token',
  about: 'An address that others reach demands a token',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    open: {
      cause:
        'The server was started with --insecure, or a proxy lets others reach one that listens on loopback: who comes in is its admin.',
      fix: 'Set MCPX_TOKEN to 16 characters or more (`openssl rand -hex 16`) and restart it without --insecure.',
    },
  },
  async run({ server, signal }) {
    const { hostname } = new URL(server!.url)
    if (await demandsToken(server!.url, signal)) return { status: 'pass', detail: 'a token is demanded' }
    if (isLoopback(hostname)) return { status: 'pass', detail: 'no token, and only this machine reaches it' }
    return { status: 'fail', detail: `${hostname} lets everybody in`, trouble: 'open' }
  },
})
