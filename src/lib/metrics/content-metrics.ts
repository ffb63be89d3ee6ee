// What the content store tells: each operation as it ends, and what it has counted, read when Prometheus asks.
import type { Events } from '../base/events.ts'
import type { BlockReaderStats, ContentEvents, ContentStats } from '../model/content-stats.ts'
import type { WorkerHealth } from '../protocol/media-plane.ts'
import type { mcpMetrics } from '../protocol/metrics.ts'
import type { Metrics } from './registry.ts'

export interface MeasuredContent {
  readonly events: Events<ContentEvents>
  stats(): ContentStats
}

interface ContentMetrics {
  /** Media workers read blocks by themselves. */
  onHealth(health: WorkerHealth): void
  /** Writes what the store has counted until now. */
  read(): void
  close(): void
}

type Counts = Readonly<Record<string, number>>

export function createContentMetrics(mcp: Metrics<typeof mcpMetrics>, content: MeasuredContent): ContentMetrics {
  const workers = new Map<number, BlockReaderStats>()
  let last: ContentStats | undefined

  /** Of the readers of this thread and of the workers alike: how it was found, or not. */
  function addReads(now: BlockReaderStats, before: BlockReaderStats | undefined): void {
    // A worker that was started again counts anew.
    const isNew = !before || now.memoryMisses < before.memoryMisses
    const grown = (key: keyof BlockReaderStats) => Math.max(0, now[key] - (isNew ? 0 : before[key]))
    mcp.add('mcp_cache_hit_count_total', { cache_type: 'memory' }, grown('memoryHits'))
    mcp.add('mcp_cache_miss_count_total', { cache_type: 'memory' }, grown('memoryMisses'))
    mcp.add('mcp_cache_hit_count_total', { cache_type: 'disk' }, grown('diskHits'))
    mcp.add('mcp_cache_miss_count_total', { cache_type: 'disk' }, grown('diskMisses'))
    mcp.add('mcpx_blocks_verified_total', { source: 'embedded' }, grown('diskHits'))
  }

  function addFetched(now: Counts, before: Counts): void {
    for (const [source, count] of Object.entries(now))
      mcp.add('mcpx_blocks_verified_total', { source }, count - (before[source] ?? 0))
  }

  function setSizes({ reader, diskBytes, diskBlocks, metadata }: ContentStats): void {
    const readers = [reader, ...workers.values()]
    const sum = (read: (reader: BlockReaderStats) => number) => readers.reduce((all, one) => all + read(one), 0)
    const sizes = {
      memory: [sum(({ memoryBytes }) => memoryBytes), sum(({ memoryBlocks }) => memoryBlocks)],
      disk: [diskBytes, diskBlocks],
      parquet: [metadata.partBytes, metadata.records],
    } as const
    for (const [cache_type, [bytes, items]] of Object.entries(sizes)) {
      mcp.set('mcp_cache_size_bytes', { cache_type }, bytes)
      mcp.set('mcp_cache_item_count', { cache_type }, items)
    }
    mcp.set('mcp_parquet_partition_count', {}, metadata.parts)
    mcp.set('mcp_parquet_schema_version', {}, metadata.schemaVersion)
  }

  const unsubscribe = [
    content.events.on('operation', ({ operation, success, seconds }) => {
      mcp.add('mcp_ipfs_operation_count_total', { operation, success: String(success) })
      if (success) mcp.observe('mcp_ipfs_operation_latency_seconds', { operation }, seconds)
    }),
    content.events.on('bytes', ({ operation, direction, bytes }) =>
      mcp.add('mcp_ipfs_bytes_transferred_total', { operation, direction }, bytes),
    ),
  ]

  return {
    onHealth({ worker, blocks }) {
      addReads(blocks, workers.get(worker))
      workers.set(worker, blocks)
    },
    read() {
      const now = content.stats()
      addReads(now.reader, last?.reader)
      addFetched(now.blocksBySource, last?.blocksBySource ?? {})
      const fetched = { operation: 'fetch_block', direction: 'in' }
      mcp.add('mcp_ipfs_bytes_transferred_total', fetched, now.fetchedBytes - (last?.fetchedBytes ?? 0))
      const parquet = { cache_type: 'parquet' }
      mcp.add('mcp_cache_hit_count_total', parquet, now.metadata.hits - (last?.metadata.hits ?? 0))
      mcp.add('mcp_cache_miss_count_total', parquet, now.metadata.misses - (last?.metadata.misses ?? 0))
      setSizes(now)
      last = now
    },
    close() {
      for (const off of unsubscribe) off()
    },
  }
}
