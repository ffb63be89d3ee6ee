// The MCP metrics: an address that Prometheus can scrape, and a text that it can parse.
import { mcpMetrics } from '../../protocol/metrics.ts'
import { defineCheck } from '../check.ts'
import { ask, bearer } from '../http-ask.ts'
import { judgeMetrics, maxMetricsBytes, metricsTroubles } from '../judge-metrics.ts'

export const metricsCheck = defineCheck({
  name: 'metrics',
  group: 'server',
  title: 'MCP metrics',
  about: 'The MCP metrics are there for Prometheus, and parse',
  where: 'here',
  needs: ['access'],
  deadlineS: 5,
  troubles: metricsTroubles,
  async run({ server, signal }) {
    const { url, token, info } = server!
    if (info?.metricsPath === undefined) return { status: 'skipped', detail: 'off with --disable-metrics' }
    const answer = await ask(addressOf(url, info.metricsPath), {
      signal,
      headers: bearer(token),
      maxBytes: maxMetricsBytes,
    })
    return judgeMetrics(answer, Object.keys(mcpMetrics))
  },
})

/** The path is the server's, with its base path; a proxy may serve it below another one, which is what the address has. */
function addressOf(url: string, path: string): string {
  const base = new URL(url).pathname.replace(/\/+$/, '')
  return path.startsWith(`${base}/`) ? new URL(path, url).href : `${url}${path}`
}
