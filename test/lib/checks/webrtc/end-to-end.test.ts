import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { McpxError } from '../../../../src/lib/base/errors.ts'
import { endToEndCheck } from '../../../../src/lib/checks/webrtc/end-to-end.ts'
import { explainPath } from '../../../../src/lib/checks/webrtc/explain-path.ts'
import { type PathOptions, type PathRun, runPath } from '../../../../src/lib/checks/webrtc/path-run.ts'
import { createApi } from '../../../../src/lib/client/api.ts'
import { StunMessage, stunClasses, stunMethods } from '../../../../src/lib/webrtc/werift.ts'
import { runCheck } from '../../../support/checks.ts'
import { closedUdpPort, udpServer } from '../../../support/stun-faults.ts'
import { startWhepServer, type WhepServerOptions } from '../../../support/whep-server.ts'

async function whep(options: Partial<WhepServerOptions> = {}) {
  const server = await startWhepServer({ frames: 1000, answersCommands: true, ...options })
  onTestFinished(() => server.stop())
  return server
}

const optionsFor = ({ url }: { url: string }, more: Partial<PathOptions> = {}): PathOptions & { url: string } => ({
  api: createApi({ url }),
  url,
  content: 'bafy',
  clock: systemClock,
  signal: new AbortController().signal,
  kind: 'host',
  iceServers: [],
  limitsMs: { ice: 1500, dtls: 1000, 'first-rtp': 1200, 'first-key-frame': 1500, control: 700 },
  ...more,
})

/** The step at which it ends, and why. */
async function ended(server: { url: string }, more: Partial<PathOptions> = {}) {
  const options = optionsFor(server, more)
  const run = await runPath(options)
  if (!run.failure) return { step: 'none', trouble: 'none' }
  const { trouble } = await explainPath(run, options)
  return { step: run.failure.step, trouble }
}

const port = (sdp: string, to: number) => sdp.replaceAll(/( udp \d+ \S+ )\d+( typ host)/g, `$1${to}$2`)

it('times each step of a path of host candidates, and skips what is not configured', async () => {
  const server = await whep()
  const [host, reflexive, relay] = await runCheck(endToEndCheck, { url: server.url, content: 'bafy' })
  expect(host).toMatchObject({ status: 'pass', subject: 'host', values: { candidatePair: 'host/host' } })
  for (const figure of ['offerMs', 'iceMs', 'dtlsMs', 'firstRtpMs', 'firstKeyFrameMs', 'controlRoundTripMs'])
    expect(host!.values![figure]).toBeGreaterThanOrEqual(0)
  expect(reflexive).toMatchObject({ status: 'skipped', subject: 'server-reflexive' })
  expect(relay).toMatchObject({ status: 'skipped', subject: 'relay' })
  expect(server.openPeers()).toBe(0)
})

it('sums up to the time that it took, and is steady where nothing is in the way', async () => {
  const seen: string[] = []
  const run = await runPath(optionsFor(await whep(), { steadyS: 1, onStep: ({ step }) => seen.push(step) }))
  expect(run.failure).toBeUndefined()
  expect(seen).toEqual(['offer', 'ice', 'dtls', 'first-rtp', 'first-key-frame', 'control', 'steady'])
  for (const [i, { startMs }] of run.steps.entries())
    expect(startMs).toBeCloseTo(i === 0 ? 0 : run.steps[i - 1]!.startMs + run.steps[i - 1]!.ms, 6)
  expect(run.steps.at(-1)!.detail).toMatch(/^\d+ frames, no freeze, 0\.0 % lost$/)
})

it('ends at the step that fails, and says why', async () => {
  const fingerprint = (sdp: string) => sdp.replaceAll(/(a=fingerprint:\S+ )../g, '$100')
  const dead = await closedUdpPort()
  const body = { success: false, error: 'nobody has it', code: 'CONTENT_NOT_FOUND', hint: 'add it' }
  const toDead = (sdp: string) => port(sdp, dead)
  const changeBoth = { changeAnswer: toDead, changeOffer: toDead }
  const sentAll = { media: 'none', counts: { video: { packetsSent: 40 } } } as const
  const cases: readonly [Partial<WhepServerOptions>, step: string, trouble: string][] = [
    [{ refuse: { status: 404, body } }, 'offer', 'refused'],
    [changeBoth, 'ice', 'blocked'],
    [{ ...changeBoth, counts: { packetsReceived: 7 } }, 'ice', 'blocked-in'],
    [{ changeAnswer: fingerprint }, 'dtls', 'no-dtls'],
    [{ media: 'none' }, 'first-rtp', 'no-media'],
    [sentAll, 'first-rtp', 'large-lost'],
    [{ media: 'no-key' }, 'first-key-frame', 'no-key-frame'],
    [{ media: 'keys-lost' }, 'first-key-frame', 'large-lost'],
    [{ answersCommands: false }, 'control', 'no-control'],
    [{ media: 'stops' }, 'steady', 'unsteady'],
  ]
  const found = await Promise.all(cases.map(async ([options]) => ended(await whep(options), { steadyS: 2 })))
  expect(found).toEqual(cases.map(([, step, trouble]) => ({ step, trouble })))
}, 30_000)

/** A run of which ICE came to nothing. */
const failedIce: PathRun = {
  steps: [],
  failure: { step: 'ice', startMs: 0, ms: 6000, error: new McpxError('PEER_FAILED', 'nothing after 6 s') },
  stats: { nacksSent: 0, pictureLossSent: 0, reportsSent: 0, feedbackSent: 0 },
  seen: { packets: 0, largestBytes: 0 },
  sent: [],
  offered: [],
}

it('looks at UDP where ICE came to nothing', async () => {
  expect(await explainPath(failedIce, optionsFor(await whep()))).toMatchObject({ trouble: 'no-path' })
  // Its own checks reach us, ours go to a port where nobody is.
  const dead = await closedUdpPort()
  const out = await whep({ changeAnswer: (sdp) => port(sdp, dead) })
  expect(await explainPath(failedIce, optionsFor(out))).toMatchObject({ trouble: 'blocked-out' })
}, 30_000)

it('knows servers that give no candidate, and one that shows that there is no NAT', async () => {
  const silent = await udpServer(() => undefined)
  const mirror = await udpServer((request) => {
    const answer = new StunMessage(stunMethods.BINDING, stunClasses.RESPONSE, request.subarray(8, 20))
    return answer.setAttribute('XOR-MAPPED-ADDRESS', ['127.0.0.1', 9]).bytes
  })
  const account = { username: 'u', credential: 'c' }
  const turn = { urls: `turn:127.0.0.1:${silent}`, ...account }
  const iceServers = [{ urls: `stun:127.0.0.1:${mirror}` }, turn]
  const server = await whep()
  const found = await runCheck(endToEndCheck, { url: server.url, content: 'bafy', settings: { iceServers } })
  expect(found).toMatchObject([
    { status: 'pass', subject: 'host' },
    { status: 'skipped', subject: 'server-reflexive', detail: expect.stringContaining('no NAT') },
    { status: 'fail', subject: 'relay', trouble: 'no-candidate' },
  ])
})
