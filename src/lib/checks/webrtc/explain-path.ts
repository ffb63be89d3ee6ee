// From the step at which a path failed to what it probably is: what passes on UDP and what the server has sent are looked at then.

import type { Clock } from '../../base/clock.ts'
import { delay } from '../../base/clock.ts'
import { toMcpxError } from '../../base/errors.ts'
import { jsonOf } from '../../base/response-text.ts'
import type { Api } from '../../client/api.ts'
import { routes } from '../../protocol/routes.ts'
import { probeUdp } from '../network/ice-probe.ts'
import { judgeUdp } from '../network/judge-udp.ts'
import type { PathKind, PathRun } from './path-run.ts'
import type { PathTrouble } from './path-troubles.ts'

export interface PathExplanation {
  readonly trouble: PathTrouble
  readonly detail: string
  /** What the server says to do. */
  readonly fix?: string
}

interface ExplainOptions {
  readonly api: Api
  readonly url: string
  readonly content: string
  readonly kind: PathKind
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Largest RTP payload on a path that loses the large ones: those of a key frame fill packets of some 1200 bytes. */
const smallBytes = 1000

/** Of a run that failed. */
export async function explainPath(run: PathRun, options: ExplainOptions): Promise<PathExplanation> {
  const { error, step, unfit } = run.failure!
  const detail = `${step}: ${error.message}`
  switch (step) {
    case 'offer':
      return unfit
        ? { trouble: 'no-candidate', detail: error.message }
        : { trouble: 'refused', detail: error.message, fix: error.hint }
    case 'ice':
      return options.kind === 'relay' ? { trouble: 'no-path', detail } : explainIce(detail, options)
    case 'dtls':
      return { trouble: 'no-dtls', detail }
    case 'control':
      return { trouble: 'no-control', detail }
    case 'steady':
      return { trouble: 'unsteady', detail }
    default:
      return explainMedia(run, detail, options)
  }
}

async function explainIce(detail: string, options: ExplainOptions): Promise<PathExplanation> {
  try {
    const found = judgeUdp(await probeUdp(options))
    return found.status === 'fail'
      ? { trouble: found.trouble, detail: `${detail}; ${found.detail}` }
      : { trouble: 'no-path', detail }
  } catch (error) {
    options.signal.throwIfAborted()
    return { trouble: 'no-path', detail: `${detail}; ${toMcpxError(error).message}` }
  }
}

/** The handshake passed, which is small packets both ways: media is missing because it was not sent, or because it is large. */
async function explainMedia(run: PathRun, detail: string, options: ExplainOptions): Promise<PathExplanation> {
  const { seen, stats, failure } = run
  if (failure!.error.code !== 'PEER_FAILED') return { trouble: 'no-media', detail, fix: failure!.error.hint }
  const lost = (stats.video?.packetsLost ?? 0) + (stats.audio?.packetsLost ?? 0)
  if (seen.packets === 0) {
    const sent = await packetsSent(run, options)
    return sent !== undefined && sent > 0
      ? { trouble: 'large-lost', detail: `${detail}, of ${sent} that the server sent` }
      : { trouble: 'no-media', detail }
  }
  const counts = `${seen.packets} packets arrived, the largest of ${seen.largestBytes} bytes, and ${lost} did not`
  const isLargeLost = seen.largestBytes < smallBytes && (lost > 0 || stats.video === undefined)
  return { trouble: isLargeLost ? 'large-lost' : 'no-key-frame', detail: `${detail}; ${counts}` }
}

/** Undefined where the server does not tell us. The stream is over by now: what it counted last is remembered for a while. */
async function packetsSent({ session }: PathRun, { api, clock, signal }: ExplainOptions): Promise<number | undefined> {
  if (session?.streamId === undefined) return undefined
  const address = routes.webrtc.connection.replace(':id', encodeURIComponent(session.streamId))
  for (let tries = 0; tries < 3; tries++) {
    try {
      const response = await api.request(address, { signal })
      const body = (await jsonOf(response)) as { connection?: { stats?: Record<string, unknown> | null } }
      const { video, audio } = (body.connection?.stats ?? {}) as Record<string, { packetsSent?: unknown } | undefined>
      const counts = [video?.packetsSent, audio?.packetsSent].filter((count) => typeof count === 'number')
      if (counts.length > 0) return counts.reduce((sum, count) => sum + count, 0)
    } catch {
      signal.throwIfAborted()
      return undefined
    }
    await delay(clock, 300, signal)
  }
  return undefined
}
