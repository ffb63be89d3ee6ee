// What both addresses of metrics are held to.
import type { FindingOf } from './check.ts'
import { parseExposition } from './exposition.ts'
import type { Answer } from './http-ask.ts'

export const metricsTroubles = {
  refused: {
    cause: 'Metrics need a token with the role operator where the server has one.',
    fix: 'Give Prometheus such a token: `authorization: { credentials: <token> }` in its scrape configuration; here --token.',
  },
  'no-answer': {
    cause: 'Something on the way keeps the address back, or something else answers there.',
    fix: 'Let the proxy forward --metrics-path, or scrape the server directly.',
  },
  invalid: {
    cause: 'The text is not that of Prometheus: cut off, or of something else.',
    fix: 'Look at it: `curl -s <address> | promtool check metrics`.',
  },
  foreign: {
    cause: 'The metrics are of another program: on port 9090 that is Prometheus itself.',
    fix: 'Name the right address, or another port with --webrtc-metrics-port.',
  },
} as const

/** Prometheus takes as much as there is; this is far more than any server of ours has. */
export const maxMetricsBytes = 32 * 2 ** 20

/** `known`: names of metrics, of which one at least must be there. */
export function judgeMetrics({ status, body }: Answer, known: readonly string[]): FindingOf<typeof metricsTroubles> {
  if (status === 401 || status === 403) return { status: 'warn', detail: `answered ${status}`, trouble: 'refused' }
  if (status !== 200) return { status: 'fail', detail: `answered ${status}`, trouble: 'no-answer' }
  try {
    const { families, samples } = parseExposition(body)
    if (!known.some((name) => families.has(name)))
      return { status: 'fail', detail: `${families.size} metrics, and none of mcpx`, trouble: 'foreign' }
    return {
      status: 'pass',
      detail: `${families.size} metrics, ${samples} samples`,
      values: { metrics: families.size, samples, bytes: body.length },
    }
  } catch (error) {
    return { status: 'fail', detail: (error as Error).message, trouble: 'invalid' }
  }
}
