// What runs in a media worker: content, viewers, one ticker, one peer factory. Free of threads, so that tests run it in process.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Clock, every } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { residentBytes } from '../base/host.ts'
import { createCloser } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { RpcHandlers, RpcPeer } from '../base/rpc.ts'
import { createTaskTracker } from '../base/tasks.ts'
import { createBlockReader } from '../content/block-reader.ts'
import { PacingErrors } from '../media/playback/pacing-errors.ts'
import { createTicker } from '../media/playback/ticker.ts'
import { createRenditionCache, type RenditionCacheStats } from '../media/rendition-cache.ts'
import type { BlockReaderStats } from '../model/content-stats.ts'
import {
  type HostMethods,
  type MediaEvents,
  type MediaMethods,
  type PeerSettings,
  pacingErrorEdgesMs,
  prefetchEdgesMs,
  type WorkerSettings,
} from '../protocol/media-plane.ts'
import type { PeerFactory, PeerFactoryDeps } from '../webrtc/peer-factory.ts'
import { createContentShelf } from './content-shelf.ts'
import { createJobStarter } from './transcode-client.ts'
import { createViewer, type Viewer } from './viewer.ts'

/** At least so often: the watchdog takes a worker for stuck that says nothing. */
const healthIntervalMs = 2000

export interface MediaRuntime {
  readonly handlers: Omit<RpcHandlers<MediaMethods>, 'stop'>
  /** Sends what is due. To be called before each call that is taken from a queue: media does not wait for the whole of it. */
  yieldToMedia(): void
  stop(): Promise<void>
}

interface MediaRuntimeDeps {
  /** What viewers connect to. Throws PORT_IN_USE. */
  createPeers(settings: PeerSettings, deps: PeerFactoryDeps): Promise<PeerFactory>
  readonly clock: Clock
  readonly logger: Logger
  readonly random: () => number
  readonly host: RpcPeer<HostMethods, MediaEvents>
}

/** Throws PORT_IN_USE when the UDP port is taken. */
export async function createMediaRuntime(settings: WorkerSettings, deps: MediaRuntimeDeps): Promise<MediaRuntime> {
  const { clock, logger, host } = deps
  const closer = createCloser()
  const viewers = new Map<string, Viewer>()

  const ticker = createTicker({
    clock,
    onError: (_viewer, error) => logger.error({ error: String(error) }, 'a tick failed'),
  })
  closer.add('ticker', () => ticker.stop())
  const pacingErrorTotal = new PacingErrors()
  // One that is started again counts from one again.
  const tasks = createTaskTracker({ clock, prefix: `worker-${settings.index}-${clock.wallMs().toString(36)}` })
  tasks.events.on('task', (task) => host.emit('task', task))
  const peers = await deps.createPeers(settings.peer, { clock, logger, yieldToMedia: ticker.tickIfDue })
  closer.add('peers', () => peers.close())
  const blocks = createBlockReader({
    blocksPath: settings.blocksPath,
    memoryCacheBytes: settings.memoryCacheBytes,
    fetchBlock: (cid, signal) => host.call('fetchBlock', { cid }, signal ? { signal } : {}),
  })
  closer.add('blocks', () => blocks.close())
  const renditions = createRenditionCache({
    maxBytes: settings.renditionCacheBytes,
    clock,
    readEdgesMs: prefetchEdgesMs,
  })
  const shelf = createContentShelf({
    clock,
    logger,
    blocks,
    renditions,
    startJob: createJobStarter({ host, clock, logger }),
    canTranscode: settings.encoder !== 'none',
  })
  closer.add('content', () => shelf.close())
  closer.add('viewers', async () => {
    await Promise.all([...viewers.values()].map((viewer) => viewer.close('server_stopped')))
  })

  const snapshots = every(clock, settings.snapshotIntervalMs, () => {
    if (viewers.size > 0)
      host.emit(
        'snapshots',
        [...viewers.values()].map((viewer) => viewer.record()),
      )
  })
  closer.add('snapshots', () => snapshots.cancel())
  closer.add(
    'health',
    watchHealth(settings, deps, () => ({
      viewers: viewers.size,
      cache: renditions.stats(),
      blocks: blocks.stats(),
      pacingErrors: pacingErrorTotal,
    })),
  )

  function find(streamId: string): Viewer {
    const viewer = viewers.get(streamId)
    if (!viewer) throw new McpxError('STREAM_NOT_FOUND', `no open stream "${streamId}"`)
    return viewer
  }

  return {
    yieldToMedia: ticker.tickIfDue,
    stop: async () => {
      for (const { name, error } of await closer.close())
        logger.warn({ part: name, error: String(error) }, 'a part did not close')
    },
    handlers: {
      start: () => ({ udpAddresses: peers.addresses.map(({ address, port }) => `${address}:${port}`) }),
      async open(params, { signal }) {
        const content = await shelf.acquire(params.source, signal)
        viewers.set(
          params.streamId,
          createViewer(params, content, {
            clock,
            logger,
            ticker,
            pacingErrorTotal,
            tasks,
            random: deps.random,
            createPeer: () => peers.createPeer(),
            emit: (event, payload) => host.emit(event, payload),
            onOver: (streamId) => viewers.delete(streamId),
          }),
        )
        return content.info
      },
      async probe({ source }, { signal }) {
        const content = await shelf.acquire(source, signal)
        content.release()
        return content.info
      },
      createOffer: async ({ streamId, iceRestart = false }) => ({
        sdp: await find(streamId).createOffer({ iceRestart }),
      }),
      acceptAnswer: async ({ streamId, sdp }) => ({ sent: await find(streamId).acceptAnswer(sdp) }),
      acceptOffer: ({ streamId, sdp }) => find(streamId).acceptOffer(sdp),
      async addCandidate({ streamId, candidate }) {
        await find(streamId).addCandidate(candidate)
        return undefined
      },
      command({ streamId, command }) {
        find(streamId).command(command, 'request')
        return undefined
      },
      snapshot: ({ streamId }) => find(streamId).stats(),
      async close({ streamId, reason }) {
        await viewers.get(streamId)?.close(reason)
        return undefined
      },
    },
  }
}

/** Reports the worker's own pulse; returns what stops it. */
function watchHealth(
  settings: WorkerSettings,
  deps: MediaRuntimeDeps,
  read: () => { viewers: number; cache: RenditionCacheStats; blocks: BlockReaderStats; pacingErrors: PacingErrors },
): () => void {
  const delayHistogram = monitorEventLoopDelay({ resolution: 10 })
  delayHistogram.enable()
  const timer = every(deps.clock, Math.min(healthIntervalMs, settings.snapshotIntervalMs), () => {
    const { viewers, cache, blocks, pacingErrors } = read()
    // The histogram counts its own resolution as delay.
    const delayMs = (nanos: number) => Math.max(0, nanos / 1e6 - 10)
    deps.host.emit('health', {
      worker: settings.index,
      viewers,
      loopDelayMaxMs: delayMs(delayHistogram.max),
      loopDelayP99Ms: delayMs(delayHistogram.percentile(99)),
      pacingErrors: pacingErrors.read(pacingErrorEdgesMs),
      prefetches: cache.reads,
      failedPrefetches: cache.failedReads,
      cpuS: threadCpuS(),
      rssBytes: residentBytes(),
      renditionCacheBytes: cache.bytes,
      renditionCacheHits: cache.hits,
      renditionCacheMisses: cache.misses,
      blocks,
    })
    delayHistogram.reset()
  })
  return () => {
    timer.cancel()
    delayHistogram.disable()
  }
}

/** CPU seconds of this thread where Node can tell (>= 23.9), else of the process. */
function threadCpuS(): number {
  const read = process.threadCpuUsage ?? process.cpuUsage
  const { user, system } = read.call(process)
  return (user + system) / 1e6
}
