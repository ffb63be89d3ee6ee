// A viewer without a screen watches content over each kind of path: from one's own address, through a NAT, over a relay.
import type { IceServer } from '../../protocol/media-plane.ts'
import { defineCheck, type FindingOf } from '../check.ts'
import type { CheckContext } from '../context.ts'
import { iceServersOf } from './ice-servers.ts'
import type { PathRun } from './path-run.ts'
import { pathTroubles } from './path-troubles.ts'

type Found = FindingOf<typeof pathTroubles>

const subjects = { host: 'host', srflx: 'server-reflexive', relay: 'relay' } as const
type Kind = keyof typeof subjects

export const endToEndCheck = defineCheck({
  name: 'end-to-end',
  group: 'webrtc',
  title: 'WebRTC end to end',
  about:
    'A viewer watches over host, server-reflexive and relay candidates in turn: offer, ICE, DTLS, media, and an answer on the control channel',
  where: 'here',
  needs: ['access', 'content'],
  deadlineS: 30,
  troubles: pathTroubles,
  async run(context) {
    const servers = await iceServersOf(context)
    // With the WebRTC stack, which is slow to load.
    const { workingServers } = await import('./working-servers.ts')
    const has = (pattern: RegExp) => servers.some(({ urls }) => pattern.test(urls))
    const skipped = (kind: Kind, detail: string): Found => ({ status: 'skipped', subject: subjects[kind], detail })
    const working = workingServers(servers, context)
    return Promise.all([
      follow(context, 'host'),
      has(/^stuns?:/i)
        ? working.then(({ stun }) => follow(context, 'srflx', stun))
        : skipped('srflx', 'no STUN server: --ice-server stun:host:port'),
      has(/^turns?:/i)
        ? working.then(({ turn }) => follow(context, 'relay', turn))
        : skipped('relay', 'no TURN server: --ice-server "turn:…"'),
    ])
  },
})

async function follow({ server, content, clock, signal }: CheckContext, kind: Kind, by?: IceServer): Promise<Found> {
  const subject = subjects[kind]
  const beganMs = clock.now()
  const iceServers = by ? [by] : []
  const options = { api: server!.api, url: server!.url, content: content!, clock, signal, kind, iceServers }
  const [{ runPath }, { explainPath }] = await Promise.all([import('./path-run.ts'), import('./explain-path.ts')])
  const run = await runPath(options)
  const elapsed = () => ({ elapsedMs: clock.now() - beganMs, values: valuesOf(run) })
  if (run.failure?.unfit === 'no-nat')
    return { status: 'skipped', subject, detail: 'no NAT between here and the STUN server', ...elapsed() }
  if (run.failure) return { status: 'fail', subject, ...(await explainPath(run, options)), ...elapsed() }
  return { status: 'pass', subject, detail: summary(run), ...elapsed() }
}

const summary = ({ steps, stats, controlRoundTripMs }: PathRun): string => {
  const parts = steps.map(({ step, ms }) => `${step} ${Math.round(ms)} ms`)
  const { type } = stats.candidatePair ?? {}
  const echo = controlRoundTripMs === undefined ? '' : `, answered in ${Math.round(controlRoundTripMs)} ms`
  return `${type === undefined ? '' : `${type}: `}${parts.join(', ')}${echo}`
}

/** `ice` → `iceMs`, `first-key-frame` → `firstKeyFrameMs`. */
function valuesOf({ steps, stats, controlRoundTripMs }: PathRun): Record<string, number | string> {
  const named = steps.map(({ step, ms }) => [`${step.replaceAll(/-(.)/g, (_, letter) => letter.toUpperCase())}Ms`, ms])
  return {
    ...(Object.fromEntries(named) as Record<string, number>),
    ...(controlRoundTripMs !== undefined && { controlRoundTripMs }),
    ...(stats.candidatePair && { candidatePair: stats.candidatePair.type }),
  }
}
