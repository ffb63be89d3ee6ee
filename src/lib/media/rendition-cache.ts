// The packetized GOPs of one worker: each is read and cut into packets once, and every viewer plays from it.
import type { Clock } from '../base/clock.ts'
import { createSharedWork } from '../base/shared-work.ts'
import type { Packetizer } from '../codec/index.ts'
import type { Gop, PacketizedGop } from '../model/frame.ts'
import { BucketCounts, type HistogramCounts } from '../model/histogram.ts'
import { createGopStore } from './gop-store.ts'
import { packetizeGop } from './packetize-gop.ts'
import type { Rendition } from './rendition.ts'

interface RenditionCacheOptions {
  /** Bound of all that is kept; a GOP over it is handed out but not kept. */
  readonly maxBytes: number
  readonly clock: Pick<Clock, 'now'>
  /** By which the times of reads are counted. */
  readonly readEdgesMs?: readonly number[]
}

/** A rendition as packets. */
interface CachedRendition {
  readonly rendition: Rendition
  readonly packetizer: Packetizer
  /** As Rendition.gopAt, packetized. */
  gopAt(timeS: number, signal: AbortSignal): Promise<PacketizedGop>
  /** As Rendition.gopAfter, packetized. */
  gopAfter(gop: Pick<Gop, 'startS' | 'endS' | 'isLast'>, signal: AbortSignal): Promise<PacketizedGop | undefined>
}

export interface RenditionCacheStats {
  readonly bytes: number
  readonly entries: number
  /** Requests answered from what is kept, or by a read that somebody else had begun. */
  readonly hits: number
  /** Reads begun. */
  readonly misses: number
  /** How long the reads took that brought something, in ms. */
  readonly reads: HistogramCounts
  /** Those that nobody waited for any more do not count. */
  readonly failedReads: number
}

export interface RenditionCache {
  /**
   * The same object for the same rendition. Renditions with the same id share what is kept (they are the same content), but
   * each reads for itself, so that closing one does not hurt the other.
   */
  open(rendition: Rendition, packetizer: Packetizer): CachedRendition
  stats(): RenditionCacheStats
}

export function createRenditionCache({ maxBytes, clock, readEdgesMs = [] }: RenditionCacheOptions): RenditionCache {
  const store = createGopStore(maxBytes)
  const opened = new WeakMap<Rendition, CachedRendition>()
  let hits = 0
  let misses = 0
  const readTimes = new BucketCounts(readEdgesMs)
  let failedReads = 0

  async function timed<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const beganMs = clock.now()
    try {
      const result = await read()
      readTimes.record(clock.now() - beganMs)
      return result
    } catch (error) {
      if (!signal.aborted) failedReads++
      throw error
    }
  }

  function create(rendition: Rendition, packetizer: Packetizer): CachedRendition {
    const { id } = rendition
    const reads = createSharedWork<PacketizedGop | undefined>()

    function count(isHit: boolean): void {
      if (isHit) hits++
      else misses++
    }

    /** Cuts a GOP unless another read has brought the same one meanwhile. */
    function cut(gop: Gop, isFirst: boolean): PacketizedGop {
      const known = store.get(id, gop.startS)
      const packetized = known ?? packetizeGop(gop, packetizer)
      store.put(id, packetized, isFirst)
      return packetized
    }

    return {
      rendition,
      packetizer,
      async gopAt(timeS, signal) {
        const key = `at ${timeS}`
        const known = store.at(id, timeS)
        count(known !== undefined || reads.has(key))
        if (known) return known
        const read = async (shared: AbortSignal) => {
          const gop = await timed(() => rendition.gopAt(timeS, shared), shared)
          return cut(gop, gop.startS > timeS)
        }
        return (await reads.run(key, read, signal))!
      },
      async gopAfter(gop, signal) {
        if (gop.isLast) return undefined
        const key = `after ${gop.startS}`
        const known = store.get(id, gop.endS)
        count(known !== undefined || reads.has(key))
        if (known) return known
        const read = async (shared: AbortSignal) => {
          const next = await timed(() => rendition.gopAfter(gop, shared), shared)
          return next && cut(next, false)
        }
        return reads.run(key, read, signal)
      },
    }
  }

  return {
    open(rendition, packetizer) {
      const known = opened.get(rendition) ?? create(rendition, packetizer)
      opened.set(rendition, known)
      return known
    },
    stats: () => ({
      bytes: store.bytes,
      entries: store.entries,
      hits,
      misses,
      reads: readTimes.read(),
      failedReads,
    }),
  }
}
