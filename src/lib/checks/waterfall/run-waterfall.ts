// From the text of a CID to a steady picture, step by step, each with its time: the server tells its half, a viewer here the other.

import type { Clock } from '../../base/clock.ts'
import { type McpxError, toMcpxError } from '../../base/errors.ts'
import { jsonOf } from '../../base/response-text.ts'
import { describeCid, parseCid } from '../../content/cid.ts'
import { parseLocator } from '../../content/locator.ts'
import { routes } from '../../protocol/routes.ts'
import {
  contentTraceReply,
  type WaterfallStep,
  type WaterfallStepName,
  waterfallStepNames,
} from '../../protocol/waterfall.ts'
import type { CheckContext, ServerTarget } from '../context.ts'
import { iceServersOf } from '../webrtc/ice-servers.ts'
import { runPath } from '../webrtc/path-run.ts'
import { workingServers } from '../webrtc/working-servers.ts'
import { viewerSteps } from './viewer-steps.ts'

export interface WaterfallOptions {
  readonly content: string
  /** Undefined or not reached: it ends after the first step. */
  readonly server: ServerTarget | undefined
  readonly settings: CheckContext['settings']
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How long it is watched. */
  readonly steadyS?: number
  /** What is known so far, after each step. */
  onSteps?(steps: readonly WaterfallStep[]): void
}

export interface Waterfall {
  /** All there are; those that did not come are skipped. */
  readonly steps: readonly WaterfallStep[]
  readonly failed?: WaterfallStepName
  /** The server could not be reached, or does not let us in: it is not the content that is at fault. */
  readonly stopped?: 'unreachable' | 'refused'
  readonly candidatePair?: string
}

/** The server bounds its half; this is for one that does not answer. */
const serverTimeoutMs = 75_000

/** Rejects only with the reason of the signal. */
export async function runWaterfall(options: WaterfallOptions): Promise<Waterfall> {
  const { clock, server, content, signal, onSteps } = options
  const beganMs = clock.now()
  const steps: WaterfallStep[] = []
  const take = (some: readonly WaterfallStep[]) => {
    steps.push(...some)
    onSteps?.(steps)
  }
  const end = (more: Omit<Waterfall, 'steps' | 'failed'> = {}): Waterfall => {
    const failed = steps.find(({ status }) => status === 'failed')?.step
    return { steps: complete(steps), ...(failed && { failed }), ...more }
  }

  take([parse(content, clock)])
  if (steps[0]!.status === 'failed') return end()
  if (server?.state !== 'reached') return end({ stopped: 'unreachable' })
  if (server.access === 'refused') return end({ stopped: 'refused' })
  const usable = iceServers(options)
  const askedMs = clock.now() - beganMs
  const told = await askServer(server, content, signal)
  take((told ?? []).map((step) => moved(step, askedMs)))
  if (steps.at(-1)!.status === 'failed') return end()
  const servers = await usable
  const startMs = clock.now() - beganMs
  const path = {
    api: server.api,
    content,
    clock,
    signal,
    kind: 'any',
    iceServers: servers,
    isControlAsked: false,
  } as const
  const run = await runPath({ ...path, steadyS: options.steadyS ?? 5 })
  take(await viewerSteps(run, { ...path, url: server.url, startMs, isTold: told !== undefined }))
  return end(run.stats.candidatePair && { candidatePair: run.stats.candidatePair.type })
}

function parse(content: string, clock: Clock): WaterfallStep {
  const beganMs = clock.now()
  const step = { step: 'parsed', where: 'here', startMs: 0 } as const
  try {
    const { namespace, root, path } = parseLocator(content)
    const below = path.map((name) => `/${name}`).join('')
    const detail =
      namespace === 'ipfs' ? describeCid(parseCid(root)) + (below && `, ${below}`) : `/ipns/${root}${below}`
    return { ...step, status: 'done', ms: clock.now() - beganMs, detail }
  } catch (error) {
    return { ...step, status: 'failed', ms: clock.now() - beganMs, ...failureOf(toMcpxError(error)) }
  }
}

const failureOf = ({ code, message, hint }: McpxError) => ({ code, cause: message, ...(hint !== '' && { fix: hint }) })

async function iceServers({ server, settings, clock, signal }: WaterfallOptions) {
  try {
    const all = await iceServersOf({ clock, signal, settings, ...(server && { server }) })
    const { stun, turn } = await workingServers(all, { clock, signal })
    return [stun, turn].filter((one) => one !== undefined)
  } catch {
    return []
  }
}

/** Undefined where the server does not tell us: it is older, or our token is a viewer's. */
async function askServer(
  { api }: ServerTarget,
  content: string,
  signal: AbortSignal,
): Promise<WaterfallStep[] | undefined> {
  const address = `${routes.checkContent}?${new URLSearchParams({ content })}`
  const limit = AbortSignal.any([signal, AbortSignal.timeout(serverTimeoutMs)])
  try {
    const response = await api.request(address, { signal: limit })
    const { success, data } = contentTraceReply.safeParse(await jsonOf(response))
    return success ? data.steps : undefined
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

const moved = (step: WaterfallStep, byMs: number): WaterfallStep =>
  step.startMs === undefined ? step : { ...step, startMs: step.startMs + byMs }

const untold = 'not told by the server: it takes a token with the role operator'

/** In their order, each once; what did not come is skipped. */
function complete(steps: readonly WaterfallStep[]): WaterfallStep[] {
  const known = new Map(steps.map((step) => [step.step, step]))
  const placeOf = (status: WaterfallStep['status']) => (name: WaterfallStepName) => known.get(name)?.status === status
  const failedAt = waterfallStepNames.findIndex(placeOf('failed'))
  const lastDoneAt = waterfallStepNames.findLastIndex(placeOf('done'))
  return waterfallStepNames.map((name, at) => {
    const isLater = failedAt >= 0 && at > failedAt
    const found = isLater ? undefined : known.get(name)
    if (found) return found
    const where = at < waterfallStepNames.indexOf('codec') && name !== 'parsed' ? 'server' : 'here'
    return { step: name, where, status: 'skipped', ...(at < Math.max(lastDoneAt, failedAt) && { detail: untold }) }
  })
}
