// Content, composed: repo, caches, sources and the store that the options ask for.
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Events } from '../base/events.ts'
import { createCloser } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { ContentEvents, ContentStats } from '../model/content-stats.ts'
import { openBlockCache } from './block-cache.ts'
import { createBlockReader } from './block-reader.ts'
import { type BlockSource, createBlockSources } from './block-sources.ts'
import { type CidMetadata, openCidMetadata } from './cid-metadata.ts'
import { createContentReader, createEnsureBlock } from './content-reader.ts'
import { createEmbeddedStore } from './embedded.ts'
import { createGateway } from './gateway.ts'
import { createNameResolver } from './names.ts'
import { openRepo, type Repo } from './repo.ts'
import type { ContentStore } from './store.ts'
import { tellOperations } from './tell-operations.ts'
import { reapThrowAway } from './throw-away.ts'

export interface ContentOptions {
  readonly repoPath: string
  readonly isolation: boolean
  /** Address of a Kubo daemon's RPC. */
  readonly ipfsApi?: string
  readonly gateways: readonly string[]
  readonly offline: boolean
  readonly fetchTimeoutMs: number
  readonly memoryCacheBytes: number
  readonly diskCacheBytes: number
  /** Default `<repo>/parquet`. */
  readonly parquetPath?: string
  readonly nodeId?: string
}

interface ContentDeps {
  /** Asked for blocks that are not here, after Kubo and before the gateways, each as soon as the one before fails or takes long. */
  readonly sources?: readonly BlockSource[]
  readonly clock: Clock
  readonly logger: Logger
}

export interface Content {
  readonly store: ContentStore
  /** Adds to the blocks here, also when the store is a Kubo daemon. */
  readonly addHere: ContentStore['add']
  readonly blocksPath: string
  readonly repo: Repo
  /** What is known about CIDs from earlier probes. */
  readonly metadata: CidMetadata
  /** What is done to `store`. */
  readonly events: Events<ContentEvents>
  /** What was damaged or lost when it was opened, and what became of it; and that the disk is full, as long as it is. No paths. */
  problems(): string[]
  stats(): ContentStats
  close(): Promise<void>
}

/** Opens everything or nothing. Throws REPO_LOCKED, REPO_VERSION, REPO_DAMAGED, INVALID_OPTION, DISK_FULL, KUBO_UNREACHABLE. */
export async function openContent(options: ContentOptions, deps: ContentDeps): Promise<Content> {
  const { clock, logger } = deps
  const timeoutMs = options.fetchTimeoutMs
  const closer = createCloser()
  try {
    const gateways = options.offline ? [] : options.gateways.map(createGateway)
    const reaping = reapThrowAway()
    closer.add('reaping', () => reaping.then(() => undefined))
    const repo = openRepo({ ...options, path: options.repoPath })
    closer.add('repo', () => repo.close())
    const cache = await openBlockCache({
      repoPath: repo.path,
      maxUnpinnedBytes: options.diskCacheBytes,
      clock,
    })
    closer.add('block cache', () => cache.close())
    // Loaded only when asked for: the client costs 200 ms.
    const kubo = options.ipfsApi
      ? (await import('./kubo.ts')).createKubo({ address: options.ipfsApi, clock, timeoutMs })
      : undefined
    if (kubo) logger.info({ api: options.ipfsApi, version: await kubo.version() }, 'Kubo answers')
    const sources = createBlockSources({
      sources: [...(kubo ? [kubo.blockSource] : []), ...(deps.sources ?? []), ...gateways],
      clock,
      timeoutMs,
    })
    const ensureBlock = createEnsureBlock(cache, sources)
    const reader = createBlockReader({
      blocksPath: cache.blocksPath,
      memoryCacheBytes: options.memoryCacheBytes,
      fetchBlock: (cid, signal) => ensureBlock(cid, { signal }),
    })
    closer.add('block reader', () => reader.close())
    const resolveName =
      kubo?.resolveName ?? createNameResolver({ gateways, offline: options.offline, clock, timeoutMs })
    const content = createContentReader({ reader, resolveName, ensureBlock })
    const embedded = createEmbeddedStore({ cache, reader }, content)
    const store = kubo ? kubo.createStore(content) : embedded
    closer.add('store', () => store.close())
    const metadata = await openCidMetadata({
      indexFile: join(repo.path, 'metadata.db'),
      parquetPath: options.parquetPath ?? join(repo.path, 'parquet'),
      clock,
      logger,
    })
    closer.add('CID metadata', () => metadata.close())

    const problems = () => [...repo.problems(), ...cache.problems]
    for (const problem of problems()) logger.error({ repo: repo.path }, problem)
    const events = new Events<ContentEvents>((error) => logger.error({ error: String(error) }, 'a listener failed'))

    return {
      store: tellOperations(store, events, clock),
      events,
      addHere: embedded.add,
      blocksPath: cache.blocksPath,
      repo,
      metadata,
      problems,
      stats: () => ({
        blocksBySource: sources.stats().blocks,
        fetchedBytes: sources.stats().bytes,
        reader: reader.stats(),
        diskBytes: cache.totalBytes,
        diskUnpinnedBytes: cache.unpinnedBytes,
        diskBlocks: cache.count,
        metadata: metadata.stats(),
      }),
      async close() {
        for (const { name, error } of await closer.close())
          logger.warn({ name, error: String(error) }, 'closing failed')
      },
    }
  } catch (error) {
    await closer.close()
    throw error
  }
}
