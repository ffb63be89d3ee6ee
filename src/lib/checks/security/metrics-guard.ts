// The metrics name content and addresses of viewers: not for everybody.
import { isLoopback } from '../../model/bind.ts'
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'

export const metricsGuardCheck = defineCheck({
  name: 'metrics-guard',
  group: 'security',
  title: 'Metrics are guarded',
  about: 'The metrics demand the token where others reach them',
  where: 'here',
  needs: ['server'],
  deadlineS: 5,
  troubles: {
    open: {
      cause: 'Everybody who reaches the server can read its metrics: it demands no token, or a proxy adds one.',
      fix: 'Set MCPX_TOKEN, and give it to Prometheus: `authorization: { credentials: <token> }`; in the proxy deny all; for --metrics-path.',
    },
  },
  async run({ server, signal }) {
    const { url, info } = server!
    const { hostname, origin } = new URL(url)
    const address = info?.metricsPath ? new URL(info.metricsPath, origin).href : `${url}${routes.metrics}`
    const { status } = await ask(address, { signal, maxBytes: 4096 })
    if (status < 200 || status >= 300) return { status: 'pass', detail: `answered ${status} without the token` }
    if (isLoopback(hostname)) return { status: 'pass', detail: 'open, and only this machine reaches them' }
    return { status: 'fail', detail: `${address} is open`, trouble: 'open' }
  },
})
