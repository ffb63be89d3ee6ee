// The engine: the one mutable registry of streams. It resolves content, places streams on media workers and keeps their records.
import { randomUUID } from 'node:crypto'
import type { Clock, Timer } from '../base/clock.ts'
import { fromErrorRecord, McpxError, toErrorRecord } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import type { Logger } from '../base/logger.ts'
import type { CidMetadata } from '../content/cid-metadata.ts'
import type { ContentStore } from '../content/store.ts'
import type { CloseReason, MediaInfo, StreamRecord } from '../model/stream.ts'
import type { MediaEvents, SourceRef, WorkerSettings } from '../protocol/media-plane.ts'
import type { Engine, EngineEvents, EngineInfo, OpenRequest } from './engine.ts'
import { createMediaPlane } from './media-plane.ts'
import { spawnWorker } from './spawn-worker.ts'
import { createTranscodePlane, type TranscodeSettings } from './transcode-plane.ts'

export interface EngineSettings {
  readonly info: EngineInfo
  readonly workers: readonly WorkerSettings[]
  readonly transcode?: TranscodeSettings
  readonly maxStreams: number
  /** Streams that one owner may have open without a connected viewer. */
  readonly maxWaitingPerOwner: number
  /** Adds the shipped sample to the store and says its CID. */
  readonly addSample: () => Promise<string>
  /** How long content may take to be found and understood. */
  readonly openTimeoutMs: number
  /** How long an opened stream waits for its viewer. */
  readonly viewerTimeoutMs: number
  /** Closed streams that stay listed. */
  readonly keptClosed: number
}

interface Entry {
  record: StreamRecord
  readonly worker: number
  readonly sourceId: string
  waiting: Timer | undefined
  readonly owner: string | undefined
}

export interface EngineDeps {
  readonly store: ContentStore
  /** Remembers what content turned out to be, so that it need not be read again to say so. */
  readonly metadata: Pick<CidMetadata, 'get' | 'put'>
  readonly clock: Clock
  readonly logger: Logger
  /** How worker threads are started. */
  readonly spawn?: typeof spawnWorker
}

/** Starts the media workers; rejects when one cannot start. */
export async function createEngine(settings: EngineSettings, deps: EngineDeps): Promise<Engine> {
  const { store, clock, logger, spawn = spawnWorker } = deps
  const events = new Events<EngineEvents>((error) => logger.error({ error: String(error) }, 'a listener failed'))
  const open = new Map<string, Entry>()
  const closed: StreamRecord[] = []
  let opening = 0
  const stopping = new AbortController()
  let sample: Promise<string> | undefined
  let sampleCid: string | undefined

  const fetchBlock = async ({ cid }: { cid: string }, { signal }: { signal: AbortSignal }) =>
    store.ensureBlock(cid, { signal })
  const transcode = settings.transcode
    ? createTranscodePlane(settings.transcode, { logger, spawn, handlers: { fetchBlock } })
    : undefined
  const media = await createMediaPlane(settings.workers, {
    clock,
    logger,
    spawn,
    handlers: {
      fetchBlock,
      transcode(job) {
        if (!transcode) throw new McpxError('ENCODER_MISSING', 'there is no encoder here')
        transcode.start(job)
        return undefined
      },
    },
    onEvent,
    onWorkerLost(worker, error) {
      for (const entry of [...open.values()]) if (entry.worker === worker) finish(entry, 'content_failed', error)
    },
  })

  function onEvent<K extends keyof MediaEvents & string>(worker: number, event: K, payload: MediaEvents[K]): void {
    handlers[event](payload, worker)
  }

  const handlers: { [K in keyof MediaEvents]: (payload: MediaEvents[K], worker: number) => void } = {
    state(change) {
      const entry = open.get(change.streamId)
      if (!entry) return
      const { state, peer } = change
      // Not at `connecting`: a viewer may never answer the offer.
      if (state === 'active') entry.waiting?.cancel()
      const connectedAtMs = entry.record.connectedAtMs ?? (state === 'active' ? clock.wallMs() : undefined)
      update(entry, {
        state,
        ...(peer !== undefined && { peer }),
        ...(connectedAtMs !== undefined && { connectedAtMs }),
      })
    },
    sent({ streamId, sent, quality, media }) {
      const entry = open.get(streamId)
      if (entry) update(entry, { sent, quality, media })
    },
    candidate: ({ streamId, candidate }) => events.emit('candidate', streamId, candidate),
    over({ streamId, reason, error }) {
      const entry = open.get(streamId)
      if (entry) finish(entry, reason, error && fromErrorRecord(error))
    },
    snapshots: (snapshots) => events.emit('snapshots', snapshots),
    health: (health) => events.emit('health', health),
  }

  function update(entry: Entry, change: Partial<StreamRecord>): void {
    entry.record = { ...entry.record, ...change }
    events.emit('stream', entry.record)
  }

  function finish(entry: Entry, reason: CloseReason, error?: McpxError): void {
    if (!open.delete(entry.record.id)) return
    entry.waiting?.cancel()
    media.release(entry.worker, entry.sourceId)
    update(entry, {
      state: 'closed',
      closedAtMs: clock.wallMs(),
      closeReason: reason,
      ...(error && { error: toErrorRecord(error) }),
    })
    closed.unshift(entry.record)
    closed.length = Math.min(closed.length, settings.keptClosed)
    logger.info(
      {
        stream: entry.record.id,
        content: entry.record.content,
        reason,
        ...(error && { code: error.code, error: error.message }),
      },
      'stream closed',
    )
  }

  function find(streamId: string): Entry {
    const entry = open.get(streamId)
    if (!entry) throw new McpxError('STREAM_NOT_FOUND', `no open stream "${streamId.slice(0, 100)}"`)
    return entry
  }

  function deadline(signal?: AbortSignal): AbortSignal {
    const ends = [AbortSignal.timeout(settings.openTimeoutMs), stopping.signal]
    return AbortSignal.any(signal ? [signal, ...ends] : ends)
  }

  async function withDeadline<T>(
    content: string,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await run(deadline(signal))
    } catch (error) {
      if ((error as Error).name !== 'TimeoutError') throw error
      throw new McpxError(
        'CONTENT_TIMEOUT',
        `${content.slice(0, 200)} did not arrive within ${settings.openTimeoutMs / 1000} s`,
      )
    }
  }

  async function openStream(request: OpenRequest): Promise<StreamRecord> {
    stopping.signal.throwIfAborted()
    if (open.size + opening >= settings.maxStreams)
      throw new McpxError('TOO_MANY_STREAMS', `${open.size + opening} streams are open, the most allowed`)
    checkOwner(request.owner)
    opening++
    try {
      return await withDeadline(request.content, request.signal, (signal) => openWithin(request, signal))
    } finally {
      opening--
    }
  }

  /** One address that opens and never comes must not take the places of the others. */
  function checkOwner(owner: string | undefined): void {
    if (owner === undefined) return
    const isWaiting = ({ record, ...entry }: Entry) => entry.owner === owner && record.connectedAtMs === undefined
    const waiting = [...open.values()].filter(isWaiting).length
    if (waiting >= settings.maxWaitingPerOwner)
      throw new McpxError('TOO_MANY_STREAMS', `${owner} has ${waiting} streams open that nobody watches`)
  }

  async function openWithin(request: OpenRequest, signal: AbortSignal): Promise<StreamRecord> {
    const source = await store.sourceRef(request.content, { signal })
    const streamId = randomUUID()
    const quality = request.quality ?? 'auto'
    const worker = media.place(source.id)
    try {
      const params = { streamId, source, quality, startS: request.startS ?? 0, loop: request.loop ?? false }
      const { audioTrackId } = request
      const info = await media.call(
        worker,
        'open',
        audioTrackId === undefined ? params : { ...params, audioTrackId },
        signal,
      )
      remember(source, info)
      const record: StreamRecord = {
        id: streamId,
        content: source.id,
        state: 'waiting',
        quality,
        createdAtMs: clock.wallMs(),
        media: info,
        sent: [],
        worker,
      }
      const entry: Entry = { record, worker, sourceId: source.id, waiting: undefined, owner: request.owner }
      entry.waiting = clock.after(settings.viewerTimeoutMs, () => void close(streamId, 'timeout').catch(() => {}))
      open.set(streamId, entry)
      events.emit('stream', record)
      logger.info({ stream: streamId, content: source.id, worker }, 'stream opened')
      return record
    } catch (error) {
      media.release(worker, source.id)
      media.call(worker, 'close', { streamId, reason: 'content_failed' }).catch(() => {})
      throw error
    }
  }

  function remember(source: SourceRef, info: MediaInfo): void {
    const sizeBytes = Object.values(source.files).reduce((sum, file) => sum + file.sizeBytes, 0)
    deps.metadata.put(source.id, { sizeBytes, media: info })
  }

  async function close(streamId: string, reason: CloseReason = 'requested'): Promise<void> {
    const entry = find(streamId)
    finish(entry, reason)
    await media.call(entry.worker, 'close', { streamId, reason })
  }

  async function closeAll(reason: CloseReason = 'requested'): Promise<number> {
    const ids = [...open.keys()]
    await Promise.allSettled(ids.map((id) => close(id, reason)))
    return ids.length
  }

  const engine: Engine = {
    events,
    store,
    get info() {
      return sampleCid === undefined ? settings.info : { ...settings.info, sampleCid }
    },
    open: openStream,
    async probe(content, outer) {
      return withDeadline(content, outer, async (signal) => {
        const source = await store.sourceRef(content, { signal })
        const known = deps.metadata.get(source.id)
        if (known) return known.media
        const worker = media.place(source.id)
        const info = await media
          .call(worker, 'probe', { source }, signal)
          .finally(() => media.release(worker, source.id))
        remember(source, info)
        return info
      })
    },
    acceptOffer: async (streamId, sdp) => media.call(find(streamId).worker, 'acceptOffer', { streamId, sdp }),
    createOffer: async (streamId, options = {}) =>
      media.call(find(streamId).worker, 'createOffer', {
        streamId,
        ...(options.iceRestart !== undefined && { iceRestart: options.iceRestart }),
      }),
    async acceptAnswer(streamId, sdp) {
      await media.call(find(streamId).worker, 'acceptAnswer', { streamId, sdp })
    },
    addCandidate: async (streamId, candidate) =>
      media.call(find(streamId).worker, 'addCandidate', { streamId, candidate }),
    command: async (streamId, command) => media.call(find(streamId).worker, 'command', { streamId, command }),
    stats: async (streamId) => media.call(find(streamId).worker, 'snapshot', { streamId }),
    list: () => [...[...open.values()].map((entry) => entry.record), ...closed],
    get: (streamId) => open.get(streamId)?.record ?? closed.find((record) => record.id === streamId),
    close,
    closeAll,
    sample() {
      sample ??= settings.addSample().then(
        (cid) => {
          sampleCid = cid
          return cid
        },
        (error) => {
          sample = undefined
          throw error
        },
      )
      return sample
    },
    async testConnection() {
      // The only part of the control plane that needs WebRTC: loaded at the first test.
      const { testConnection } = await import('./connection-test.ts')
      return testConnection(engine, clock)
    },
    health: () => media.health(),
    async stop() {
      if (stopping.signal.aborted) return
      stopping.abort(new McpxError('INTERRUPTED', 'the server is stopping'))
      await closeAll('server_stopped')
      await Promise.all([media.stop(), transcode?.stop()])
      events.removeAll()
    },
  }
  return engine
}
