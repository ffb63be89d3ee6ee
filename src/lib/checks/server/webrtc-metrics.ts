// The WebRTC metrics, which have a port of their own that only the server knows.
import { webrtcMetrics } from '../../protocol/metrics.ts'
import { defineCheck } from '../check.ts'
import { ask, bearer } from '../http-ask.ts'
import { judgeMetrics, maxMetricsBytes, metricsTroubles } from '../judge-metrics.ts'

export const webrtcMetricsCheck = defineCheck({
  name: 'webrtc-metrics',
  group: 'server',
  title: 'WebRTC metrics',
  about: 'The port of the WebRTC metrics answers, and they parse',
  where: 'server',
  needs: ['inside'],
  deadlineS: 5,
  troubles: metricsTroubles,
  async run({ inside, signal }) {
    const { webrtcMetricsUrl: url, authToken } = inside!
    if (url === undefined) return { status: 'skipped', detail: 'off with --disable-webrtc-metrics' }
    // The server asks itself: whoever vouches for its certificate, it is its own.
    const answer = await ask(`${url}/metrics`, {
      signal,
      headers: bearer(authToken),
      trustAnybody: true,
      maxBytes: maxMetricsBytes,
    })
    return judgeMetrics(answer, Object.keys(webrtcMetrics))
  },
})
