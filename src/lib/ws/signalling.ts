// A signalling session: texts of one WebSocket in, engine calls and texts out. It knows no socket, only `send` and `close`.
import type { Clock } from '../base/clock.ts'
import { McpxError, toErrorRecord } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Engine } from '../engine/engine.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import { parseQuality, type Quality } from '../model/quality.ts'
import type { StreamRecord } from '../model/stream.ts'
import type { IceCandidate } from '../protocol/media-plane.ts'
import {
  type ClientMessage,
  type ConnectionStats,
  maxMessageLength,
  maxStreamsPerSocket,
  parseClientMessage,
  type ServerMessage,
} from '../protocol/signalling.ts'
import { toConnectionStats, toQualityNotice } from './connection-stats.ts'

interface SignallingDeps {
  readonly engine: Engine
  readonly clock: Clock
  readonly logger: Logger
  readonly version: string
  readonly clientId: string
  /** Address of the client, for the engine's limits and log. */
  readonly owner: string
  /** Throws FORBIDDEN for content that this client may not see. */
  requireContent(content: string): void
  send(text: string): void
  close(code: number, reason: string): void
}

interface SignallingSession {
  /** Sends the welcome, which is always the first message. */
  start(): void
  receive(text: string): void
  /** The client is gone: closes its streams, and those only. Resolves when they are closed. */
  stop(): Promise<void>
}

/** A burst of 200 messages, and 50 a second after it. */
const burst = 200
const perSecond = 50
const noticeEveryMs = 5_000
const maxEarlyCandidates = 64

interface Stream {
  readonly kind: string
  candidatesAdded: number
  qualityChanges: number
  quality: string
  /** Local candidates wait for the offer, the viewer's for its answer: both may be early. */
  isOffered: boolean
  isAnswered: boolean
  readonly earlyLocal: (IceCandidate | null)[]
  readonly earlyRemote: (IceCandidate | null)[]
  noticedAtMs: number
  /** Messages of one stream are handled in order. */
  tail: Promise<void>
}

type OfferLike = Of<'offer_request' | 'add_track' | 'add_ipfs_track'>
type Of<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>

export function createSignallingSession(deps: SignallingDeps): SignallingSession {
  const { engine, clock, logger } = deps
  const streams = new Map<string, Stream>()
  const leaving = new AbortController()
  let opening = 0
  let speaksB = false
  let tokens = burst
  let refilledAtMs = clock.now()

  const send = (message: ServerMessage) => {
    if (!leaving.signal.aborted) deps.send(JSON.stringify(message))
  }
  const seconds = () => clock.wallMs() / 1000

  function sendError(error: unknown, pcId?: string): void {
    const { code, message, hint } = toErrorRecord(error)
    if (code === 'INTERNAL') logger.error({ err: error, client: deps.clientId }, 'signalling failed')
    const shown = code === 'INTERNAL' ? 'Server error: the server could not do this' : message
    send({ type: 'error', message: shown, code, hint, ...(pcId === undefined ? {} : { pc_id: pcId }) })
  }

  const unsubscribe = [
    engine.events.on('candidate', (id, candidate) => {
      const stream = streams.get(id)
      if (!stream) return
      if (stream.isOffered) sendCandidate(id, candidate)
      else if (stream.earlyLocal.length < maxEarlyCandidates) stream.earlyLocal.push(candidate)
    }),
    engine.events.on('stream', (record) => onRecord(record)),
    engine.events.on('snapshots', (snapshots) => {
      for (const snapshot of snapshots) onSnapshot(snapshot)
    }),
  ]

  function onRecord({ id, state, quality, closeReason, error }: StreamRecord): void {
    const stream = streams.get(id)
    if (!stream) return
    if (quality !== stream.quality) {
      stream.quality = quality
      stream.qualityChanges++
    }
    if (state !== 'closed') return
    streams.delete(id)
    if (error) send({ type: 'error', message: error.message, code: error.code, hint: error.hint, pc_id: id })
    send({ type: 'closed', pc_id: id, ...(closeReason ? { reason: closeReason } : {}) })
  }

  function onSnapshot(snapshot: MeasuredSnapshot): void {
    const stream = streams.get(snapshot.streamId)
    const record = engine.get(snapshot.streamId)
    if (!stream || record?.state !== 'active' || clock.now() - stream.noticedAtMs < noticeEveryMs) return
    const data = toQualityNotice(record, snapshot)
    if (!data) return
    stream.noticedAtMs = clock.now()
    send({ type: 'notification', notification_type: 'webrtc_quality_changed', data, timestamp: seconds() })
  }

  function sendCandidate(id: string, candidate: IceCandidate | null): void {
    const { candidate: line = '', sdpMid = null, sdpMLineIndex = null } = candidate ?? {}
    send({ type: 'candidate', pc_id: id, candidate: line, sdpMid, sdpMLineIndex })
  }

  /** One's own stream, by id or by being the only one. Others do not exist for this client. */
  function own(pcId: string | undefined): [string, Stream] {
    const id = pcId ?? (streams.size === 1 ? [...streams.keys()][0]! : undefined)
    if (id === undefined) throw new McpxError('INVALID_REQUEST', 'Missing pc_id parameter')
    const stream = streams.get(id)
    if (!stream) throw new McpxError('STREAM_NOT_FOUND', `there is no stream "${id}" of this client`)
    return [id, stream]
  }

  async function offer(type: 'offer' | 'track_offer', message: OfferLike): Promise<string> {
    deps.requireContent(message.cid)
    if (streams.size + opening >= maxStreamsPerSocket)
      throw new McpxError('TOO_MANY_STREAMS', `a client may have ${maxStreamsPerSocket} streams`)
    const quality: Quality = message.quality === undefined ? 'auto' : parseQuality(message.quality)
    opening++
    let record: StreamRecord
    try {
      record = await engine.open({
        content: message.cid,
        quality,
        owner: deps.owner,
        signal: leaving.signal,
        ...(message.start === undefined ? {} : { startS: message.start }),
        ...(message.loop === undefined ? {} : { loop: message.loop }),
      })
    } finally {
      opening--
    }
    if (leaving.signal.aborted) {
      await closeQuietly(record.id)
      throw leaving.signal.reason
    }
    await sendOffer(type, record, message)
    return record.id
  }

  async function sendOffer(type: 'offer' | 'track_offer', { id, content, quality }: StreamRecord, message: OfferLike) {
    const stream: Stream = {
      kind: message.kind,
      candidatesAdded: 0,
      qualityChanges: 0,
      quality,
      isOffered: false,
      isAnswered: false,
      earlyLocal: [],
      earlyRemote: [],
      noticedAtMs: -Infinity,
      tail: Promise.resolve(),
    }
    streams.set(id, stream)
    try {
      const { sdp } = await engine.createOffer(id)
      const session = message.session_id === undefined ? {} : { session_id: message.session_id }
      send({ type, pc_id: id, sdp, sdpType: 'offer', cid: content, ice_servers: engine.info.iceServers, ...session })
    } catch (error) {
      streams.delete(id)
      await closeQuietly(id)
      throw error
    }
    stream.isOffered = true
    for (const candidate of stream.earlyLocal.splice(0)) sendCandidate(id, candidate)
  }

  async function closeQuietly(id: string): Promise<void> {
    await engine.close(id, 'viewer_left').catch((error: unknown) => logger.debug({ err: error, id }, 'already closed'))
  }

  async function answer(id: string, stream: Stream, { sdp }: Of<'answer'>): Promise<void> {
    try {
      await engine.acceptAnswer(id, sdp)
    } catch (error) {
      if (speaksB) send({ type: 'answer_result', success: false, pc_id: id, error: toErrorRecord(error).message })
      throw error
    }
    stream.isAnswered = true
    send({ type: 'connected', pc_id: id })
    if (speaksB) send({ type: 'answer_result', success: true, pc_id: id })
    for (const candidate of stream.earlyRemote.splice(0)) await engine.addCandidate(id, candidate)
  }

  async function candidate(id: string, stream: Stream, message: Of<'candidate'>): Promise<void> {
    const found = toCandidate(message)
    stream.candidatesAdded += found ? 1 : 0
    if (stream.isAnswered) return engine.addCandidate(id, found)
    if (stream.earlyRemote.length < maxEarlyCandidates) stream.earlyRemote.push(found)
  }

  async function setQuality(id: string, quality: string | number): Promise<void> {
    try {
      await engine.command(id, { type: 'quality', quality: parseQuality(quality) })
      send({ type: 'quality_result', pc_id: id, quality, success: true })
    } catch (error) {
      send({ type: 'quality_result', pc_id: id, quality, success: false, error: toErrorRecord(error).message })
    }
  }

  async function statsOf(id: string, stream: Stream): Promise<ConnectionStats> {
    const snapshot = await engine.stats(id)
    return toConnectionStats(engine.get(id)!, snapshot, stream, streams.size)
  }

  async function stats(pcId: string | undefined, wantsGlobal: boolean, isB: boolean): Promise<void> {
    const wanted = pcId === undefined && streams.size !== 1 ? [...streams] : [own(pcId)]
    const found = await Promise.all(wanted.map(async ([id, stream]) => [id, await statsOf(id, stream)] as const))
    const one = pcId !== undefined || streams.size === 1 ? found[0] : undefined
    const shown = one ? one[1] : Object.fromEntries(found)
    send({
      type: 'stats',
      ...(one ? { pc_id: one[0] } : {}),
      connection_stats: shown,
      ...(wantsGlobal ? { global_metrics: globalMetrics() } : {}),
      ...(isB ? { stats: shown, track_stats: {} } : {}),
      timestamp: seconds(),
    })
  }

  function globalMetrics(): object {
    const all = engine.list()
    const open = all.filter(({ state }) => state !== 'closed')
    return {
      active_connections: open.filter(({ state }) => state === 'active' || state === 'ended').length,
      total_connections: open.length,
      uptime: Math.max(0, clock.wallMs() - engine.info.startedAtMs) / 1000,
    }
  }

  async function closeOwn(pcId: string | undefined): Promise<void> {
    const ids = pcId === undefined ? [...streams.keys()] : [own(pcId)[0]]
    for (const id of ids) {
      streams.delete(id)
      await closeQuietly(id)
      if (pcId !== undefined) send({ type: 'closed', pc_id: id, reason: 'requested' })
    }
    if (pcId === undefined) send({ type: 'closed_all', count: ids.length })
    if (speaksB) send({ type: 'close_result', success: true, ...(pcId === undefined ? {} : { pc_id: pcId }) })
  }

  async function addTrack(message: OfferLike, isB: boolean): Promise<void> {
    try {
      const id = await offer('track_offer', message)
      if (isB) send({ type: 'add_track_result', success: true, pc_id: id })
    } catch (error) {
      if (isB) send({ type: 'add_track_result', success: false, error: toErrorRecord(error).message })
      throw error
    }
  }

  async function handle(message: ClientMessage): Promise<void> {
    switch (message.type) {
      case 'offer_request':
        speaksB ||= message.track_ids !== undefined || message.pc_id !== undefined
        await offer('offer', message)
        return
      case 'add_track':
        return addTrack(message, false)
      case 'add_ipfs_track':
        speaksB = true
        return addTrack(message, true)
      case 'get_stats':
        return stats(message.pc_id, message.include_global ?? false, false)
      case 'stats_request':
        return stats(message.pc_id, false, true)
      case 'answer':
        return inOrder(message.pc_id, (id, stream) => answer(id, stream, message))
      case 'candidate':
        return inOrder(message.pc_id, (id, stream) => candidate(id, stream, message))
      case 'set_quality':
      case 'quality_change':
        return inOrder(message.pc_id, (id) => setQuality(id, message.quality))
      case 'close':
        return closeOwn(message.pc_id)
      case 'ping':
        send({ type: 'pong', timestamp: seconds() })
    }
  }

  function inOrder(pcId: string | undefined, run: (id: string, stream: Stream) => Promise<void>): Promise<void> {
    const [id, stream] = own(pcId)
    const done = stream.tail.then(() => run(id, stream))
    stream.tail = done.catch(() => {})
    return done
  }

  /** A token bucket; false when this message is one too many. */
  function takeToken(): boolean {
    const now = clock.now()
    tokens = Math.min(burst, tokens + ((now - refilledAtMs) / 1000) * perSecond)
    refilledAtMs = now
    if (tokens < 1) return false
    tokens--
    return true
  }

  function refuse(error: McpxError, code: number): void {
    sendError(error)
    deps.close(code, error.code)
  }

  return {
    start() {
      send({
        type: 'welcome',
        client_id: deps.clientId,
        message: 'Connected to the mcpx signalling server',
        capabilities: ['video', 'audio'],
        notification_support: true,
        server_info: { version: deps.version, features: ['trickle', 'set_quality', 'get_stats', 'add_track'] },
      })
    },
    receive(text) {
      if (leaving.signal.aborted) return
      if (text.length > maxMessageLength)
        return refuse(new McpxError('MESSAGE_TOO_LARGE', `a message of ${text.length} characters`), 1009)
      if (!takeToken()) return refuse(new McpxError('RATE_LIMITED', 'too many messages'), 1008)
      let message: ClientMessage
      try {
        message = parseClientMessage(text)
      } catch (error) {
        return sendError(error)
      }
      const pcId = 'pc_id' in message && typeof message.pc_id === 'string' ? message.pc_id : undefined
      handle(message).catch((error: unknown) => sendError(error, pcId))
    },
    async stop() {
      for (const off of unsubscribe) off()
      leaving.abort(new McpxError('INTERRUPTED', 'the client left'))
      const ids = [...streams.keys()]
      streams.clear()
      await Promise.all(ids.map(closeQuietly))
    },
  }
}

/** What a session needs of a WebSocket. */
interface SignallingSocket {
  readonly address: string
  requireContent(content: string): void
  send(text: string): void
  close(code: number, reason: string): void
  onMessage(listener: (text: string) => void): void
  onClose(listener: () => void): void
}

/** What to do with each accepted WebSocket of a signalling path. */
export function createSignallingHandler(
  deps: Pick<SignallingDeps, 'engine' | 'clock' | 'logger' | 'version'>,
): (socket: SignallingSocket) => void {
  const logger = deps.logger.child({ scope: 'signalling' })
  let clients = 0
  return (socket) => {
    const session = createSignallingSession({
      ...deps,
      logger,
      clientId: `client-${++clients}`,
      owner: socket.address,
      requireContent: (content) => socket.requireContent(content),
      send: (text) => socket.send(text),
      close: (code, reason) => socket.close(code, reason),
    })
    socket.onMessage((text) => session.receive(text))
    socket.onClose(() => void session.stop())
    session.start()
  }
}

/** The spellings of a candidate: its line with the place beside it, an RTCIceCandidateInit, or nothing at the end. */
function toCandidate({ candidate, sdpMid, sdpMLineIndex }: Of<'candidate'>): IceCandidate | null {
  const init = typeof candidate === 'object' && candidate !== null ? candidate : { candidate, sdpMid, sdpMLineIndex }
  if (!init.candidate) return null
  return {
    candidate: init.candidate,
    ...(typeof init.sdpMid === 'string' ? { sdpMid: init.sdpMid } : {}),
    ...(typeof init.sdpMLineIndex === 'number' ? { sdpMLineIndex: init.sdpMLineIndex } : {}),
  }
}
