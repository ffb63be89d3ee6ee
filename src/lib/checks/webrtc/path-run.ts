// A headless viewer watches content over a path of one kind, and each step on the way is timed: offer, ICE, DTLS, the first packet,
// the first key frame, an answer on the control channel, and whether it stays steady.
import { type Clock, delay } from '../../base/clock.ts'
import { withDeadline } from '../../base/deadline.ts'
import { McpxError, toMcpxError } from '../../base/errors.ts'
import type { Api } from '../../client/api.ts'
import { openViewer, type Viewer } from '../../client/viewer.ts'
import { openWhep, type WhepSession } from '../../client/whep-client.ts'
import type { IceServer } from '../../protocol/media-plane.ts'
import { createReceivingPeer, type ReceivingPeer, type ViewerStats } from '../../webrtc/receiving-peer.ts'
import { type CandidateType, candidatesIn, keepCandidates } from './candidates.ts'
import { type MediaSeen, type Milestone, Milestones } from './milestones.ts'

export type PathKind = 'any' | 'host' | 'srflx' | 'relay'
export type PathStepName = 'offer' | Milestone | 'steady'

export interface PathStep {
  readonly step: PathStepName
  /** Since the run began, and how long it took. */
  readonly startMs: number
  readonly ms: number
  readonly detail?: string
}

export interface PathFailure {
  readonly step: PathStepName
  readonly startMs: number
  /** Until it was given up. */
  readonly ms: number
  /** What the server said, or why it was given up. */
  readonly error: McpxError
  /** Why it did not even begin: no server gave a candidate of the kind, or the one that it gave is an address of our own. */
  readonly unfit?: 'no-candidate' | 'no-nat'
}

export interface PathRun {
  readonly steps: readonly PathStep[]
  readonly failure?: PathFailure
  readonly session?: Pick<WhepSession, 'streamId' | 'times'>
  readonly stats: ViewerStats
  readonly seen: MediaSeen
  readonly sent: Viewer['sent']
  readonly controlRoundTripMs?: number
  /** Our own candidates, as they were offered. */
  readonly offered: readonly { readonly type: CandidateType; readonly address: string }[]
}

export interface PathOptions {
  readonly api: Api
  readonly content: string
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly kind: PathKind
  readonly iceServers: readonly IceServer[]
  /** How long it is watched after the first key frame; not at all when absent. */
  readonly steadyS?: number
  /** Whether an answer on the control channel is waited for; it is when absent. */
  readonly isControlAsked?: boolean
  /** In place of those below, for tests. */
  readonly limitsMs?: Partial<Record<PathStepName, number>>
  /** As each step is done. */
  onStep?(step: PathStep): void
}

/** The offer waits for content to be found and opened; a transcode may have to start before the first key frame. */
const limitsMs: Readonly<Record<PathStepName, number>> = {
  offer: 15_000,
  ice: 6000,
  dtls: 5000,
  'first-rtp': 6000,
  'first-key-frame': 8000,
  control: 3000,
  steady: 15_000,
}

/** Share of the time that the picture may stand still: what a busy machine makes of it is no fault of the path. */
const mostFrozen = 0.1

/** On either side, for a path of this kind. */
const keptTypes: Readonly<Record<PathKind, { ours: readonly CandidateType[]; theirs: readonly CandidateType[] }>> = {
  any: { ours: ['host', 'srflx', 'relay'], theirs: ['host', 'srflx', 'prflx', 'relay'] },
  host: { ours: ['host'], theirs: ['host'] },
  srflx: { ours: ['srflx'], theirs: ['host', 'srflx', 'prflx'] },
  relay: { ours: ['relay'], theirs: ['host', 'srflx', 'prflx', 'relay'] },
}

/** Rejects only with the reason of the signal. The stream is closed at the end. */
export async function runPath(options: PathOptions): Promise<PathRun> {
  const { clock, kind, iceServers } = options
  const peer = await createReceivingPeer({
    clock,
    iceServers: kind === 'host' ? [] : iceServers,
    ...(kind === 'relay' && { relayOnly: true }),
  })
  const run = new Run(options, peer)
  try {
    await run.all()
  } finally {
    await run.close()
  }
  return run.result()
}

class Run {
  readonly #options: PathOptions
  readonly #peer: ReceivingPeer
  readonly #milestones: Milestones
  readonly #beganMs: number
  readonly #steps: PathStep[] = []
  #failure: PathFailure | undefined
  #session: WhepSession | undefined
  #viewer: Viewer | undefined
  #offered: PathRun['offered'] = []
  #unfit: PathFailure['unfit']
  #stats: ViewerStats | undefined

  constructor(options: PathOptions, peer: ReceivingPeer) {
    this.#options = options
    this.#peer = peer
    this.#milestones = new Milestones(peer, options.clock)
    this.#beganMs = options.clock.now()
  }

  /** Stops at the first step that fails. */
  async all(): Promise<void> {
    const { steadyS, isControlAsked = true } = this.#options
    const milestone = (name: Milestone) => () => this.#untilOver(this.#milestones.until(name))
    const work: (readonly [PathStepName, (signal: AbortSignal) => Promise<string | undefined>])[] = [
      ['offer', (signal) => this.#offer(signal)],
      ['ice', milestone('ice')],
      ['dtls', milestone('dtls')],
      ['first-rtp', milestone('first-rtp')],
      ['first-key-frame', milestone('first-key-frame')],
      ...(isControlAsked ? [['control', milestone('control')] as const] : []),
      ...(steadyS === undefined ? [] : [['steady', (signal: AbortSignal) => this.#steady(steadyS, signal)] as const]),
    ]
    for (const [step, act] of work) if (!(await this.#take(step, act))) return
  }

  async close(): Promise<void> {
    this.#stats = this.#peer.stats()
    await (this.#viewer ?? this.#peer).close()
  }

  result(): PathRun {
    const { seen, roundTripMs } = this.#milestones
    return {
      steps: this.#steps,
      ...(this.#failure && { failure: this.#failure }),
      ...(this.#session && { session: this.#session }),
      stats: this.#stats ?? this.#peer.stats(),
      seen,
      sent: this.#viewer?.sent ?? [],
      ...(roundTripMs !== undefined && { controlRoundTripMs: roundTripMs }),
      offered: this.#offered,
    }
  }

  /** False when it failed. A step may be over before the one before it is looked at: it took no time then. */
  async #take(step: PathStepName, act: (signal: AbortSignal) => Promise<string | undefined>): Promise<boolean> {
    const { clock, signal, onStep } = this.#options
    const limit = this.#options.limitsMs?.[step] ?? limitsMs[step]
    const last = this.#steps.at(-1)
    const startMs = last ? last.startMs + last.ms : 0
    try {
      const tooLate = () => new McpxError('PEER_FAILED', `nothing after ${limit / 1000} s`)
      const detail = await withDeadline(clock, limit, signal, act, tooLate)
      const endMs = this.#reachedMs ?? clock.now()
      this.#reachedMs = undefined
      const done = { step, startMs, ms: Math.max(0, endMs - this.#beganMs - startMs), ...(detail && { detail }) }
      this.#steps.push(done)
      onStep?.(done)
      return true
    } catch (error) {
      signal.throwIfAborted()
      const ms = clock.now() - this.#beganMs - startMs
      this.#failure = { step, startMs, ms, error: toMcpxError(error), ...(this.#unfit && { unfit: this.#unfit }) }
      return false
    }
  }

  /** When the milestone was reached that a step ended with. */
  #reachedMs: number | undefined

  /** Throws what ends the stream before. */
  async #untilOver(reached: Promise<number>): Promise<undefined> {
    const over = this.#viewer!.done.then(({ reason, detail }) => {
      throw new McpxError('PEER_FAILED', `the stream was ${reason} before${detail ? ` (${detail})` : ''}`)
    })
    this.#reachedMs = await Promise.race([reached, over])
    return undefined
  }

  async #offer(signal: AbortSignal): Promise<undefined> {
    const { api, clock, content, kind } = this.#options
    const kept = keptTypes[kind]
    this.#viewer = await openViewer(
      { content },
      {
        clock,
        createPeer: async () => this.#peer,
        door: {
          open: async (request, written) => {
            const offer = kind === 'any' ? written : keepCandidates(written, kept.ours)
            this.#offered = candidatesIn(offer)
            this.#unfit = unfitness(kind, written, this.#offered)
            if (this.#unfit) throw new McpxError('PEER_FAILED', 'there is no candidate of this kind to offer')
            const session = await openWhep(api, request, offer, signal)
            this.#session = session
            return { ...session, answer: keepCandidates(session.answer, kept.theirs) }
          },
          watch: () => () => {},
        },
      },
    )
    this.#milestones.follow(this.#viewer)
    return undefined
  }

  async #steady(steadyS: number, signal: AbortSignal): Promise<string> {
    const { clock } = this.#options
    const before = this.#viewer!.snapshot()
    const end = await Promise.race([
      delay(clock, steadyS * 1000, signal).then(() => undefined),
      this.#viewer!.done.then(({ reason, detail }) => (reason === 'ended' ? reason : (detail ?? reason))),
    ])
    const after = this.#viewer!.snapshot(before)
    const frames = after.framesReceived - before.framesReceived
    const lost = `${(after.lossRatio * 100).toFixed(1)} % lost`
    if (end !== undefined && end !== 'ended') throw new McpxError('PEER_FAILED', `the stream was closed (${end})`)
    const freezes = after.freezeCount - before.freezeCount
    const frozenS = after.totalFreezesDurationS - before.totalFreezesDurationS
    const still = freezes === 0 ? 'no freeze' : `${freezes} freezes, ${frozenS.toFixed(1)} s in all`
    if (frozenS > steadyS * mostFrozen) throw new McpxError('PEER_FAILED', `${still}, ${lost}`)
    const packets = after.packetsReceived - before.packetsReceived
    if (packets === 0 && end === undefined) throw new McpxError('PEER_FAILED', 'nothing came any more')
    const what = this.#viewer!.sent.some(({ kind }) => kind === 'video') ? `${frames} frames` : `${packets} packets`
    return `${what}, ${still}, ${lost}${end === 'ended' ? '; it ended before' : ''}`
  }
}

function unfitness(kind: PathKind, written: string, offered: PathRun['offered']): PathFailure['unfit'] {
  if (offered.length === 0) return 'no-candidate'
  if (kind !== 'srflx') return undefined
  const own = new Set(candidatesIn(keepCandidates(written, ['host'])).map(({ address }) => address))
  return offered.every(({ address }) => own.has(address)) ? 'no-nat' : undefined
}
