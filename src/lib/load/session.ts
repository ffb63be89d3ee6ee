// One session of a load test: a headless viewer that joins, does what was planned and leaves; and the record of it.
import { type Clock, delay, type Timer } from '../base/clock.ts'
import { McpxError, toErrorRecord, toMcpxError } from '../base/errors.ts'
import { createApi } from '../client/api.ts'
import type { Door } from '../client/door.ts'
import { openViewer, type Viewer, type ViewerEnd, type ViewerSnapshot } from '../client/viewer.ts'
import { whepDoor } from '../client/whep-client.ts'
import type { Quality } from '../model/quality.ts'
import type { LoadSession } from '../protocol/load-result.ts'
import type { ReceivingPeer, ViewerStats } from '../webrtc/receiving-peer.ts'
import type { LoadCut } from './load-plane.ts'
import type { PlannedAction, PlannedSession } from './plan.ts'

/** A viewer without a frame after this long has failed. */
const connectLimitMs = 30_000
/** Changes of what is sent that are listed. */
const maxRungs = 100
const maxMessageChars = 300

export interface SessionDeps {
  readonly clock: Clock
  readonly server: string
  readonly token?: string
  readonly quality?: Quality
  /** The path is closed after the peer. */
  createPeer(): Promise<{ readonly peer: ReceivingPeer; readonly path?: { close(): void } }>
  /** The begin of the run on the clock. */
  readonly originMs: number
}

type Ending = { readonly by: 'plan' | 'stream' | 'interrupt' } | { readonly by: 'error'; readonly error: McpxError }

export class ViewerSession {
  readonly planned: PlannedSession
  readonly #deps: SessionDeps
  readonly #cut = new AbortController()
  readonly #rungs: { atS: number; quality: string }[] = []
  readonly #actions: Timer[] = []
  readonly #roundTrip = new Mean()
  readonly #jitter = new Mean()
  #cutBy: LoadCut | undefined
  #peer: { readonly peer: ReceivingPeer; readonly createdAtMs: number } | undefined
  #path: { close(): void } | undefined
  #viewer: Viewer | undefined
  #answerMs: number | undefined
  #connectedAtMs: number | undefined
  #firstFrameAtMs: number | undefined
  #actionsDone = 0
  /** How it ended and what had been counted then. */
  #end: { readonly ending: Ending; readonly atMs: number; readonly seen: Seen | undefined } | undefined

  constructor(planned: PlannedSession, deps: SessionDeps) {
    this.planned = planned
    this.#deps = deps
  }

  get isWatching(): boolean {
    return this.#firstFrameAtMs !== undefined && !this.#end
  }

  get ports(): readonly number[] {
    return this.#peer?.peer.localPorts ?? []
  }

  /** Resolves once the session is over and closed; never rejects. To be called when it is to begin. */
  async run(): Promise<void> {
    let ending: Ending
    try {
      ending = await this.#watch()
    } catch (thrown) {
      ending = this.#cutBy ? endingOf(this.#cutBy) : { by: 'error', error: toMcpxError(thrown) }
    }
    this.#end = { ending, atMs: this.#deps.clock.now(), seen: this.#see() }
    for (const action of this.#actions) action.cancel()
    await this.#viewer?.close()
    this.#path?.close()
  }

  /** Ends it now. */
  cut(by: LoadCut): void {
    this.#cutBy ??= by
    this.#cut.abort(new McpxError('INTERRUPTED', 'the run is over'))
  }

  /** To be called every second. */
  sample(): void {
    const stats = this.#end ? undefined : this.#peer?.peer.stats()
    if (!stats) return
    if (stats.roundTripTimeS !== undefined) this.#roundTrip.add(stats.roundTripTimeS * 1000)
    const { jitterS } = stats.video ?? stats.audio ?? {}
    if (jitterS !== undefined) this.#jitter.add(jitterS * 1000)
  }

  /** As it stands; one that goes on reads as if it were interrupted now. */
  record(): LoadSession {
    const nowMs = this.#end?.atMs ?? this.#deps.clock.now()
    const ending: Ending = this.#end?.ending ?? { by: 'interrupt' }
    const { viewer, content, beginMs } = this.planned
    const seen = this.#end ? this.#end.seen : this.#see()
    const first = this.#firstFrameAtMs
    return {
      viewer,
      kind: 'mcpx',
      content,
      plannedS: beginMs / 1000,
      endedS: Math.max(0, this.#sinceOriginMs(nowMs)) / 1000,
      ...outcomeOf(ending),
      startupMs: this.#sincePlannedMs(first),
      connectMs: this.#sincePlannedMs(this.#connectedAtMs),
      answerMs: this.#answerMs ?? null,
      iceMs: seen?.stats.iceConnectMs ?? null,
      dtlsMs: seen?.stats.dtlsConnectMs ?? null,
      firstPacketMs: this.#firstPacketMs(seen?.stats),
      watchedS: first === undefined ? 0 : Math.max(0, nowMs - first) / 1000,
      frames: seen?.snapshot.framesReceived ?? 0,
      framesDropped: seen?.snapshot.framesDropped ?? 0,
      freezes: seen?.snapshot.freezeCount ?? 0,
      frozenS: seen?.snapshot.totalFreezesDurationS ?? 0,
      bytes: seen?.snapshot.bytesReceived ?? 0,
      packets: seen?.snapshot.packetsReceived ?? 0,
      packetsLost: Math.max(0, seen?.snapshot.packetsLost ?? 0),
      packetsRecovered: seen?.snapshot.packetsRecovered ?? 0,
      roundTripMs: this.#roundTrip.value,
      jitterMs: this.#jitter.value,
      actions: this.#actionsDone,
      rungs: [...this.#rungs],
    }
  }

  async #watch(): Promise<Ending> {
    const { clock, quality } = this.#deps
    const beganAtMs = clock.now()
    const { content } = this.planned
    const request = { content, loop: true, ...(quality && { quality }) }
    // A server may take an offer and never answer it.
    const limit = clock.after(connectLimitMs, () => this.cut({ error: toErrorRecord(noFrameError()) }))
    const deps = { door: this.#door(), clock, createPeer: () => this.#createPeer() }
    const viewer = await openViewer(request, deps).finally(() => limit.cancel())
    this.#viewer = viewer
    viewer.events.on('quality', (name) => this.#noteRung(name))
    const seesFrame = viewer.events.next('frame', this.#cut.signal).then(() => {
      this.#firstFrameAtMs = clock.now()
    })
    seesFrame.catch(() => {})
    for (const action of this.planned.actions) this.#schedule(viewer, action)
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, this.#cut.signal])
    try {
      return await Promise.race([
        viewer.done.then(endOfStream),
        this.#untilPlanned(seesFrame, signal),
        noFrame(clock, beganAtMs + connectLimitMs - clock.now(), seesFrame, signal),
      ])
    } finally {
      over.abort()
    }
  }

  /** One whose time is up before it has seen anything goes on waiting: cut short, nobody would know how long it had to. */
  async #untilPlanned(seesFrame: Promise<void>, signal: AbortSignal): Promise<Ending> {
    const { clock, originMs } = this.#deps
    await delay(clock, originMs + this.planned.endMs - clock.now(), signal)
    await seesFrame
    return { by: 'plan' }
  }

  /** The run has one watch over the server for all of its sessions. */
  #door(): Door {
    const { clock, server, token } = this.#deps
    const door = whepDoor(createApi({ url: server, signal: this.#cut.signal, ...(token ? { token } : {}) }), clock)
    return {
      open: async (request, offer) => {
        const askedAtMs = clock.now()
        const session = await door.open(request, offer)
        this.#answerMs = clock.now() - askedAtMs
        return session
      },
      watch: () => () => {},
    }
  }

  async #createPeer(): Promise<ReceivingPeer> {
    const { peer, path } = await this.#deps.createPeer()
    this.#path = path
    this.#peer = { peer, createdAtMs: this.#deps.clock.now() }
    peer.events.on('state', (connection) => {
      if (connection === 'connected') this.#connectedAtMs ??= this.#deps.clock.now()
    })
    return peer
  }

  #schedule(viewer: Viewer, action: PlannedAction): void {
    const { clock, originMs } = this.#deps
    const act = () => {
      if (!this.#end && perform(viewer, action)) this.#actionsDone++
    }
    this.#actions.push(clock.after(originMs + action.atMs - clock.now(), act))
  }

  #noteRung(quality: string): void {
    if (this.#rungs.at(-1)?.quality === quality || this.#rungs.length >= maxRungs) return
    this.#rungs.push({ atS: Math.max(0, this.#sinceOriginMs(this.#deps.clock.now())) / 1000, quality })
  }

  #see(): Seen | undefined {
    return this.#viewer && this.#peer && { snapshot: this.#viewer.snapshot(), stats: this.#peer.peer.stats() }
  }

  #sinceOriginMs(atMs: number): number {
    return atMs - this.#deps.originMs
  }

  #sincePlannedMs(atMs: number | undefined): number | null {
    return atMs === undefined ? null : Math.max(0, this.#sinceOriginMs(atMs) - this.planned.beginMs)
  }

  /** From connected on. */
  #firstPacketMs(stats: ViewerStats | undefined): number | null {
    const found = [stats?.video?.firstPacketMs, stats?.audio?.firstPacketMs].filter((ms) => ms !== undefined)
    if (found.length === 0 || !this.#peer || this.#connectedAtMs === undefined) return null
    return Math.max(0, this.#peer.createdAtMs + Math.min(...found) - this.#connectedAtMs)
  }
}

interface Seen {
  readonly snapshot: ViewerSnapshot
  readonly stats: ViewerStats
}

class Mean {
  #sum = 0
  #count = 0

  add(value: number): void {
    this.#sum += value
    this.#count++
  }

  get value(): number | null {
    return this.#count > 0 ? this.#sum / this.#count : null
  }
}

async function noFrame(clock: Clock, leftMs: number, seesFrame: Promise<void>, signal: AbortSignal): Promise<never> {
  await Promise.race([seesFrame, delay(clock, leftMs, signal).then(fail)])
  return new Promise<never>(() => {})
}

const noFrameError = () => new McpxError('PEER_FAILED', `no frame arrived within ${connectLimitMs / 1000} s`)

const fail = (): never => {
  throw noFrameError()
}

/** False where it could not be asked for: the control channel is not open, or the duration is not known. */
function perform(viewer: Viewer, action: PlannedAction): boolean {
  if (action.type === 'quality') return viewer.command({ type: 'quality', quality: action.quality })
  if (action.type !== 'seek') return viewer.command({ type: action.type })
  const { media } = viewer
  return media !== undefined && viewer.command({ type: 'seek', timeS: action.share * media.durationS })
}

/** Content that is looped has no end: a stream that is closed before its time was cut off. */
function endOfStream({ reason, detail }: ViewerEnd): Ending {
  if (reason === 'ended') return { by: 'stream' }
  const code = detail === 'server_stopped' ? 'SERVER_UNREACHABLE' : 'PEER_FAILED'
  return { by: 'error', error: new McpxError(code, `the server closed the stream${detail ? `: ${detail}` : ''}`) }
}

const endingOf = ({ error }: LoadCut): Ending =>
  error ? { by: 'error', error: new McpxError(error.code, error.message, { hint: error.hint }) } : { by: 'interrupt' }

function outcomeOf(ending: Ending): Pick<LoadSession, 'outcome' | 'error'> {
  if (ending.by === 'error') {
    const { code, message } = ending.error
    return { outcome: 'failed', error: { code, message: message.slice(0, maxMessageChars) } }
  }
  return { outcome: ending.by === 'interrupt' ? 'interrupted' : 'played', error: null }
}
