// What the media workers report of themselves, since they began; one that was started again begins anew.
import { countsSince, type HistogramCounts } from '../model/histogram.ts'
import type { WorkerHealth } from '../protocol/media-plane.ts'
import type { webrtcMetrics } from '../protocol/metrics.ts'
import type { Metrics } from './registry.ts'

/** Returns what takes each report. */
export function createWorkerMetrics(webrtc: Metrics<typeof webrtcMetrics>, server: { readonly server_id: string }) {
  const last = new Map<number, WorkerHealth>()

  return (now: WorkerHealth): void => {
    const labels = { worker: String(now.worker) }
    const known = last.get(now.worker)
    const before = known && known.cpuS <= now.cpuS ? known : undefined
    last.set(now.worker, now)
    const grown = (read: (health: WorkerHealth) => number) => Math.max(0, read(now) - (before ? read(before) : 0))

    webrtc.set('mcpx_event_loop_delay_seconds', labels, now.loopDelayP99Ms / 1000)
    webrtc.add(
      'mcpx_worker_cpu_seconds_total',
      labels,
      grown(({ cpuS }) => cpuS),
    )
    webrtc.set('mcpx_rendition_cache_bytes', labels, now.renditionCacheBytes)
    webrtc.add(
      'mcpx_rendition_cache_hits_total',
      labels,
      grown(({ renditionCacheHits }) => renditionCacheHits),
    )
    webrtc.add(
      'mcpx_rendition_cache_misses_total',
      labels,
      grown(({ renditionCacheMisses }) => renditionCacheMisses),
    )
    webrtc.count('mcpx_pacing_error_seconds', labels, inSeconds(countsSince(now.pacingErrors, before?.pacingErrors)))

    const read = countsSince(now.prefetches, before?.prefetches)
    webrtc.count('webrtc_prefetch_latency_ms', server, read)
    webrtc.add('webrtc_prefetch_operations_total', { ...server, success: 'true' }, read.count)
    webrtc.add(
      'webrtc_prefetch_operations_total',
      { ...server, success: 'false' },
      grown((one) => one.failedPrefetches),
    )
  }
}

const inSeconds = (counts: HistogramCounts): HistogramCounts => ({ ...counts, sum: counts.sum / 1000 })
