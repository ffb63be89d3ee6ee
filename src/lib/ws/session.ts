// A signalling session: messages of one client in, engine calls and messages out. It sees the client's own streams and no others.
import type { Clock } from '../base/clock.ts'
import { McpxError, toPublicRecord } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Engine } from '../engine/engine.ts'
import { parseQuality } from '../model/quality.ts'
import type { StreamRecord } from '../model/stream.ts'
import { type ClientMessage, maxStreamsPerSocket, type ServerMessage } from '../protocol/signalling.ts'
import { candidateMessage, toCandidate } from './candidate.ts'
import { toConnectionStats } from './connection-stats.ts'
import { isDialectB, resultOf } from './dialect-b.ts'
import { tellEvents } from './events.ts'
import { OwnedStream } from './owned-stream.ts'
import { globalMetrics, statsMessage } from './stats.ts'

export interface SessionDeps {
  readonly engine: Engine
  readonly clock: Clock
  readonly logger: Logger
  readonly clientId: string
  /** Address of the client, for the engine's limits and log. */
  readonly owner: string
  /** Throws FORBIDDEN for content that this client may not see. */
  requireContent(content: string): void
  send(message: ServerMessage): void
}

type Of<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>
type OfferLike = Of<'offer_request' | 'add_track' | 'add_ipfs_track'>

export class Session {
  readonly #deps: SessionDeps
  readonly #streams = new Map<string, OwnedStream>()
  readonly #leaving = new AbortController()
  readonly #endEvents: () => void
  #opening = 0
  #speaksB = false

  constructor(deps: SessionDeps) {
    this.#deps = deps
    this.#endEvents = tellEvents(deps, this.#streams, (message) => this.send(message))
  }

  get hasEnded(): boolean {
    return this.#leaving.signal.aborted
  }

  send(message: ServerMessage): void {
    if (!this.hasEnded) this.#deps.send(message)
  }

  /** @param pcId the stream that it is about. What only concerns the server is logged, and not told. */
  sendError(error: unknown, pcId?: string): void {
    const { code, message, hint } = toPublicRecord(error)
    if (code === 'INTERNAL') this.#deps.logger.error({ err: error, client: this.#deps.clientId }, 'signalling failed')
    const shown = code === 'INTERNAL' ? 'Server error: the server could not do this' : message
    this.send({ type: 'error', message: shown, code, hint, ...(pcId === undefined ? {} : { pc_id: pcId }) })
  }

  /** Rejects with what the client is to be told. */
  async handle(message: ClientMessage): Promise<void> {
    this.#speaksB ||= isDialectB(message)
    switch (message.type) {
      case 'offer_request':
        await this.#offer('offer', message)
        return
      case 'add_track':
      case 'add_ipfs_track':
        return this.#addTrack(message)
      case 'get_stats':
      case 'stats_request':
        return this.#stats(message)
      case 'answer':
        return this.#inOrder(message.pc_id, (id, stream) => this.#answer(id, stream, message.sdp))
      case 'candidate':
        return this.#inOrder(message.pc_id, (id, stream) => this.#candidate(id, stream, message))
      case 'set_quality':
      case 'quality_change':
        return this.#inOrder(message.pc_id, (id) => this.#setQuality(id, message.quality))
      case 'close':
        return this.#close(message.pc_id)
      case 'ping':
        this.send({ type: 'pong', timestamp: this.#seconds() })
    }
  }

  async stop(): Promise<void> {
    this.#endEvents()
    this.#leaving.abort(new McpxError('INTERRUPTED', 'the client left'))
    const ids = [...this.#streams.keys()]
    this.#streams.clear()
    await Promise.all(ids.map((id) => this.#closeQuietly(id)))
  }

  #seconds(): number {
    return this.#deps.clock.wallMs() / 1000
  }

  /** One's own stream, by id or by being the only one. Others do not exist for this client. */
  #own(pcId: string | undefined): [string, OwnedStream] {
    const id = pcId ?? (this.#streams.size === 1 ? [...this.#streams.keys()][0]! : undefined)
    if (id === undefined) throw new McpxError('INVALID_REQUEST', 'Missing pc_id parameter')
    const stream = this.#streams.get(id)
    if (!stream) throw new McpxError('STREAM_NOT_FOUND', `there is no stream "${id}" of this client`)
    return [id, stream]
  }

  #inOrder(pcId: string | undefined, run: (id: string, stream: OwnedStream) => Promise<void>): Promise<void> {
    const [id, stream] = this.#own(pcId)
    return stream.inOrder(() => run(id, stream))
  }

  async #offer(type: 'offer' | 'track_offer', message: OfferLike): Promise<string> {
    this.#deps.requireContent(message.cid)
    if (this.#streams.size + this.#opening >= maxStreamsPerSocket)
      throw new McpxError('TOO_MANY_STREAMS', `a client may have ${maxStreamsPerSocket} streams`)
    const quality = message.quality === undefined ? 'auto' : parseQuality(message.quality)
    this.#opening++
    const record = await this.#deps.engine
      .open({
        content: message.cid,
        quality,
        owner: this.#deps.owner,
        signal: this.#leaving.signal,
        ...(message.start === undefined ? {} : { startS: message.start }),
        ...(message.loop === undefined ? {} : { loop: message.loop }),
      })
      .finally(() => this.#opening--)
    if (this.hasEnded) {
      await this.#closeQuietly(record.id)
      throw this.#leaving.signal.reason
    }
    await this.#sendOffer(type, record, message)
    return record.id
  }

  async #sendOffer(
    type: 'offer' | 'track_offer',
    { id, content, quality }: StreamRecord,
    message: OfferLike,
  ): Promise<void> {
    const { engine } = this.#deps
    const stream = new OwnedStream(message.kind, quality)
    this.#streams.set(id, stream)
    try {
      const { sdp } = await engine.createOffer(id)
      const session = message.session_id === undefined ? {} : { session_id: message.session_id }
      const ice_servers = engine.info.iceServers
      this.send({ type, pc_id: id, sdp, sdpType: 'offer', cid: content, ice_servers, ...session })
    } catch (error) {
      this.#streams.delete(id)
      await this.#closeQuietly(id)
      throw error
    }
    for (const candidate of stream.offered()) this.send(candidateMessage(id, candidate))
  }

  async #closeQuietly(id: string): Promise<void> {
    const { engine, logger } = this.#deps
    await engine.close(id, 'viewer_left').catch((error: unknown) => logger.debug({ err: error, id }, 'already closed'))
  }

  async #addTrack(message: Of<'add_track' | 'add_ipfs_track'>): Promise<void> {
    const isB = isDialectB(message)
    try {
      const id = await this.#offer('track_offer', message)
      if (isB) this.send(resultOf('add_track_result', id))
    } catch (error) {
      if (isB) this.send(resultOf('add_track_result', undefined, error))
      throw error
    }
  }

  async #answer(id: string, stream: OwnedStream, sdp: string): Promise<void> {
    const { engine } = this.#deps
    try {
      await engine.acceptAnswer(id, sdp)
    } catch (error) {
      if (this.#speaksB) this.send(resultOf('answer_result', id, error))
      throw error
    }
    const early = stream.answered()
    this.send({ type: 'connected', pc_id: id })
    if (this.#speaksB) this.send(resultOf('answer_result', id))
    for (const candidate of early) await engine.addCandidate(id, candidate)
  }

  async #candidate(id: string, stream: OwnedStream, message: Of<'candidate'>): Promise<void> {
    for (const candidate of stream.remote(toCandidate(message))) await this.#deps.engine.addCandidate(id, candidate)
  }

  async #setQuality(id: string, quality: string | number): Promise<void> {
    try {
      await this.#deps.engine.command(id, { type: 'quality', quality: parseQuality(quality) })
      this.send({ type: 'quality_result', pc_id: id, quality, success: true })
    } catch (error) {
      this.send({ type: 'quality_result', pc_id: id, quality, success: false, error: toPublicRecord(error).message })
    }
  }

  /** Of one stream where one is meant, else of each by its id. */
  async #stats(message: Of<'get_stats' | 'stats_request'>): Promise<void> {
    const { pc_id: pcId } = message
    const { engine } = this.#deps
    const isOne = pcId !== undefined || this.#streams.size === 1
    const wanted = isOne ? [this.#own(pcId)] : [...this.#streams]
    const found = await Promise.all(
      wanted.map(async ([id, stream]) => {
        const snapshot = await engine.stats(id)
        return [id, toConnectionStats(engine.get(id)!, snapshot, stream, this.#streams.size)] as const
      }),
    )
    const wantsGlobal = message.type === 'get_stats' && message.include_global === true
    const metrics = wantsGlobal ? globalMetrics(engine, this.#deps.clock) : undefined
    this.send(statsMessage(found, isOne, metrics, message.type === 'stats_request', this.#seconds()))
  }

  async #close(pcId: string | undefined): Promise<void> {
    const ids = pcId === undefined ? [...this.#streams.keys()] : [this.#own(pcId)[0]]
    for (const id of ids) {
      this.#streams.delete(id)
      await this.#closeQuietly(id)
      if (pcId !== undefined) this.send({ type: 'closed', pc_id: id, reason: 'requested' })
    }
    if (pcId === undefined) this.send({ type: 'closed_all', count: ids.length })
    if (this.#speaksB) this.send(resultOf('close_result', pcId))
  }
}
