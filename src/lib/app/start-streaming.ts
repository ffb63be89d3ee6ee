// The content store and the engine, as the options say.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Closer } from '../base/lifecycle.ts'
import { packageVersion } from '../base/version.ts'
import { type Content, openContent } from '../content/open-store.ts'
import { createEngine } from '../engine/create-engine.ts'
import type { Engine } from '../engine/engine.ts'
import { detectEncoder } from '../media/transcode/detect-encoder.ts'
import type { ServeOptions } from '../model/serve-options.ts'
import { addSampleTo } from './assets.ts'
import { transcodeSettings, workerSettings } from './settings.ts'
import type { Tools } from './tools.ts'

const viewerTimeoutMs = 60_000
const keptClosed = 1000
const maxWaitingPerOwner = 64

export async function startContent(options: ServeOptions, tools: Tools, closer: Closer): Promise<Content> {
  const { ipfsApi, parquetCachePath, nodeId } = options
  const content = await openContent(
    {
      repoPath: resolve(options.persistencePath ?? join(homedir(), '.mcpx')),
      isolation: options.isolation,
      gateways: options.gateway,
      offline: options.offline,
      fetchTimeoutMs: options.fetchTimeout * 1000,
      memoryCacheBytes: options.memoryCacheSize,
      diskCacheBytes: options.diskCacheSize,
      ...(ipfsApi !== undefined && { ipfsApi }),
      ...(parquetCachePath !== undefined && { parquetPath: resolve(parquetCachePath) }),
      ...(nodeId !== undefined && { nodeId }),
    },
    tools,
  )
  closer.add('content', () => content.close())
  return content
}

export async function startEngine(
  options: ServeOptions,
  content: Content,
  tools: Tools,
  closer: Closer,
): Promise<Engine> {
  const encoder = await detectEncoder()
  const workers = workerSettings(options, content.blocksPath, encoder)
  const engine = await createEngine(
    {
      info: {
        nodeId: content.repo.nodeId,
        version: packageVersion(),
        startedAtMs: tools.clock.wallMs(),
        encoder,
        mediaWorkers: workers.length,
        iceServers: workers[0]!.peer.iceServers,
      },
      workers,
      ...(encoder !== 'none' && { transcode: transcodeSettings(content.blocksPath, encoder) }),
      maxStreams: options.maxStreams,
      maxWaitingPerOwner,
      addSample: () =>
        addSampleTo(sampleStores(content), (error) =>
          tools.logger.warn({ error: String(error) }, 'the daemon did not take the sample'),
        ),
      openTimeoutMs: options.fetchTimeout * 1000,
      viewerTimeoutMs,
      keptClosed,
    },
    { store: content.store, metadata: content.metadata, testConnection: testIn(tools), ...tools },
  )
  closer.add('engine', () => engine.stop())
  return engine
}

const sampleStores = ({ store, addHere }: Content) =>
  store.kind === 'kubo' ? ([{ add: addHere }, store] as const) : ([store] as const)

/** Loaded at the first test: nothing else in the control plane needs WebRTC. */
const testIn =
  ({ clock }: Tools) =>
  async (engine: Engine) => {
    const { testConnection } = await import('../client/connection-test.ts')
    return testConnection(engine, clock)
  }
