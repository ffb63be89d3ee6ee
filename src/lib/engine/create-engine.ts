// The engine put together: the registry of streams, the media workers they run on, and the calls that every door ends in.
import type { Clock } from '../base/clock.ts'
import { fromErrorRecord, McpxError } from '../base/errors.ts'
import { Events } from '../base/events.ts'
import type { Logger } from '../base/logger.ts'
import type { spawnProcess } from '../base/spawn-process.ts'
import { spawnWorker } from '../base/spawn-worker.ts'
import { createTaskTracker } from '../base/tasks.ts'
import type { CidMetadata } from '../content/cid-metadata.ts'
import type { ContentStore } from '../content/store.ts'
import type { ConnectionTest } from '../model/connection-test.ts'
import type { CloseReason } from '../model/stream.ts'
import type { MediaEvents, MediaMethods, WorkerSettings } from '../protocol/media-plane.ts'
import type { TranscodeSettings } from '../protocol/transcode-plane.ts'
import type { Engine, EngineEvents, EngineInfo } from './engine.ts'
import { createMediaPlane } from './media-plane.ts'
import { createOpener, type OpenTimes } from './open-stream.ts'
import { createStreamRegistry, type StreamLimits } from './stream-registry.ts'
import { createTranscodePlane } from './transcode-plane.ts'

export interface EngineSettings extends StreamLimits, OpenTimes {
  readonly info: EngineInfo
  readonly workers: readonly WorkerSettings[]
  readonly transcode?: TranscodeSettings
  /** Adds the shipped sample to the store and says its CID. */
  readonly addSample: () => Promise<string>
}

interface EngineDeps {
  readonly store: ContentStore
  readonly metadata: Pick<CidMetadata, 'get' | 'put'>
  readonly clock: Clock
  readonly logger: Logger
  /** A real viewer watches a stream of this engine for a moment. */
  readonly testConnection: (engine: Engine) => Promise<ConnectionTest>
  /** How worker threads are started. */
  readonly spawn?: typeof spawnWorker
  /** How transcode processes are started. */
  readonly spawnProcess?: typeof spawnProcess
}

/** Starts the media workers; rejects when one cannot start. */
export async function createEngine(settings: EngineSettings, deps: EngineDeps): Promise<Engine> {
  const { store, metadata, clock, logger, spawn = spawnWorker } = deps
  const events = new Events<EngineEvents>((error) => logger.error({ error: String(error) }, 'a listener failed'))
  const registry = createStreamRegistry(settings, clock, (record) => events.emit('stream', record))
  const stopping = new AbortController()
  const tasks = createTaskTracker({ clock, prefix: 'control' })
  tasks.events.on('task', (task) => events.emit('task', task))

  const handlers: { [K in keyof MediaEvents]: (payload: MediaEvents[K]) => void } = {
    state: (change) => registry.noteState(change),
    sent: ({ streamId, ...sent }) => registry.update(streamId, sent),
    decision: ({ streamId, decision }) => events.emit('decision', streamId, decision),
    candidate: ({ streamId, candidate }) => events.emit('candidate', streamId, candidate),
    over: ({ streamId, reason, error }) => finish(streamId, reason, error && fromErrorRecord(error)),
    snapshots: (snapshots) => events.emit('snapshots', snapshots),
    health: (health) => events.emit('health', health),
    task: (task) => events.emit('task', task),
  }

  const fetchBlock = async ({ cid }: { cid: string }, { signal }: { signal: AbortSignal }) =>
    tasks.run('fetch_block', (inner) => store.ensureBlock(cid, { signal: inner }), { signal })
  const transcode = settings.transcode
    ? createTranscodePlane(settings.transcode, {
        clock,
        logger,
        tasks,
        spawn: deps.spawnProcess,
        handlers: { fetchBlock },
      })
    : undefined
  const media = await createMediaPlane(settings.workers, {
    clock,
    logger,
    spawn,
    handlers: {
      fetchBlock,
      transcode(request, { signal }) {
        if (!transcode) throw new McpxError('ENCODER_MISSING', 'there is no encoder here')
        return transcode.run(request, signal)
      },
    },
    onEvent: (_worker, event, payload) => handlers[event](payload),
    onWorkerLost(worker, error) {
      for (const { record } of registry.open(worker)) finish(record.id, 'content_failed', error)
    },
  })

  const { open, probe } = createOpener(settings, {
    store,
    metadata,
    media,
    registry,
    tasks,
    clock,
    logger,
    stopping: stopping.signal,
    onUnwatched: (streamId) => void close(streamId, 'timeout').catch(() => {}),
  })

  /** The stream is over on this side; what is not open any more is left as it ended. */
  function finish(streamId: string, reason: CloseReason, error?: McpxError): void {
    const ended = registry.close(streamId, reason, error)
    if (!ended) return
    const { content } = ended.record
    media.release(ended.worker, content)
    tasks.cancelOwner(streamId)
    const failure = error && { code: error.code, error: error.message }
    logger.info({ stream: streamId, content, reason, ...failure }, 'stream closed')
  }

  async function close(streamId: string, reason: CloseReason = 'requested'): Promise<void> {
    const { worker } = registry.find(streamId)
    finish(streamId, reason)
    await media.call(worker, 'close', { streamId, reason })
  }

  async function closeAll(reason: CloseReason = 'requested'): Promise<number> {
    const streams = registry.open()
    await Promise.allSettled(streams.map(({ record }) => close(record.id, reason)))
    return streams.length
  }

  /** Asks the worker that the stream runs on. */
  async function ask<K extends keyof MediaMethods>(method: K, params: MediaMethods[K][0] & { streamId: string }) {
    return media.call(registry.find(params.streamId).worker, method, params)
  }

  const { sample, sampleCid } = rememberSample(settings.addSample)

  const engine: Engine = {
    events,
    store,
    get info() {
      const cid = sampleCid()
      return cid === undefined ? settings.info : { ...settings.info, sampleCid: cid }
    },
    open,
    probe,
    acceptOffer: (streamId, sdp) => ask('acceptOffer', { streamId, sdp }),
    createOffer: (streamId, { iceRestart } = {}) =>
      ask('createOffer', { streamId, ...(iceRestart !== undefined && { iceRestart }) }),
    async acceptAnswer(streamId, sdp) {
      await ask('acceptAnswer', { streamId, sdp })
    },
    addCandidate: (streamId, candidate) => ask('addCandidate', { streamId, candidate }),
    command: (streamId, command) => ask('command', { streamId, command }),
    stats: (streamId) => ask('snapshot', { streamId }),
    list: registry.list,
    get: registry.get,
    close,
    closeAll,
    sample,
    testConnection: () => deps.testConnection(engine),
    health: () => media.health(),
    async stop() {
      if (stopping.signal.aborted) return
      stopping.abort(new McpxError('INTERRUPTED', 'the server is stopping'))
      await closeAll('server_stopped')
      tasks.close()
      await Promise.all([media.stop(), transcode?.stop()])
      events.removeAll()
    },
  }
  return engine
}

/** Adds the sample at the first call; again when that failed. */
function rememberSample(add: () => Promise<string>) {
  let adding: Promise<string> | undefined
  let cid: string | undefined

  function sample(): Promise<string> {
    adding ??= add().then(
      (added) => {
        cid = added
        return added
      },
      (error) => {
        adding = undefined
        throw error
      },
    )
    return adding
  }

  return { sample, sampleCid: () => cid }
}
