// Clocks: the server's against that of this machine, by the answer that came back fastest.
import { routes } from '../../protocol/routes.ts'
import { defineCheck } from '../check.ts'
import { ask } from '../http-ask.ts'
import { parseJson } from '../parse-json.ts'

const samples = 3
const mostSkewS = 1

export const clockCheck = defineCheck({
  name: 'clock',
  group: 'server',
  title: 'Clocks',
  about: "The server's clock against the one here, half a round trip taken off",
  where: 'here',
  needs: ['server'],
  deadlineS: 10,
  troubles: {
    skew: {
      cause:
        'One of the two machines does not set its clock by the network. Tokens end early or late by that, and times in reports differ.',
      fix: 'Let both follow a time server: `timedatectl set-ntp true`, or chrony.',
    },
    'no-time': {
      cause: 'The answer has no time: something else than mcpx answered, or a proxy made the answer.',
      fix: 'Look at what GET /health answers: `curl -i <server>/health`.',
    },
  },
  async run({ server, clock, signal }) {
    const found: { roundTripMs: number; skewMs: number }[] = []
    for (let count = 0; count < samples; count++) {
      const sentMs = clock.wallMs()
      const beganMs = clock.now()
      const { body, headers } = await ask(`${server!.url}${routes.health}`, { signal })
      const roundTripMs = clock.now() - beganMs
      const thereMs = timeOf(body, headers.date)
      if (thereMs === undefined) return { status: 'fail', detail: 'the answer says no time', trouble: 'no-time' }
      found.push({ roundTripMs, skewMs: thereMs - (sentMs + roundTripMs / 2) })
    }
    const best = found.reduce((a, b) => (b.roundTripMs < a.roundTripMs ? b : a))
    const skewS = best.skewMs / 1000
    const values = { skewMs: best.skewMs, roundTripMs: best.roundTripMs }
    // Half the round trip is all that is uncertain: the way there and back may differ.
    const isSure = Math.abs(best.skewMs) - best.roundTripMs / 2 > mostSkewS * 1000
    if (isSure)
      return {
        status: 'warn',
        detail: `the server's clock is ${Math.abs(skewS).toFixed(1)} s ${skewS > 0 ? 'ahead' : 'behind'}`,
        trouble: 'skew',
        values,
      }
    return { status: 'pass', detail: `apart by ${Math.round(Math.abs(best.skewMs))} ms`, values }
  },
})

/** Of the answer itself to the millisecond, else of its Date header, which says the second that began (RFC 9110). */
function timeOf(body: string, date: string | undefined): number | undefined {
  const { timestamp } = (parseJson(body) ?? {}) as { timestamp?: unknown }
  if (typeof timestamp === 'number' && Number.isFinite(timestamp)) return timestamp * 1000
  const atMs = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(atMs) ? undefined : atMs + 500
}
