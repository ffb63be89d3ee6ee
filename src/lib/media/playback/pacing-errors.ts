// How late packets leave, counted since the beginning at the cost of one increment a packet.
import type { HistogramCounts } from '../../model/histogram.ts'

const fineStepMs = 0.25
const fineCount = 256
const coarseStepMs = 16
const coarseCount = 64

/** Steps of 0.25 ms up to 64 ms, of 16 ms up to about a second, and all above in the last one. */
export class PacingErrors {
  readonly #counts = new Uint32Array(fineCount + coarseCount)
  readonly #total: PacingErrors | undefined
  #count = 0
  #sumMs = 0

  /** `total` counts the same packets besides those of others. */
  constructor(total?: PacingErrors) {
    this.#total = total
  }

  get count(): number {
    return this.#count
  }

  record(errorMs: number): void {
    this.#count++
    if (errorMs > 0) this.#sumMs += errorMs
    this.#counts[bucketOf(errorMs)]!++
    this.#total?.record(errorMs)
  }

  /** How many packets were late by no more than each of `edgesMs`, which rise; edges between two steps count the step below. */
  read(edgesMs: readonly number[]): HistogramCounts {
    let bucket = 0
    let count = 0
    const upTo = edgesMs.map((edgeMs) => {
      for (; bucket < this.#counts.length && upperEdgeMs(bucket) <= edgeMs; bucket++) count += this.#counts[bucket]!
      return count
    })
    return { upTo, count: this.#count, sum: this.#sumMs }
  }
}

function bucketOf(errorMs: number): number {
  if (errorMs <= 0) return 0
  const fine = Math.floor(errorMs / fineStepMs)
  if (fine < fineCount) return fine
  const coarse = Math.floor((errorMs - fineCount * fineStepMs) / coarseStepMs)
  return fineCount + Math.min(coarse, coarseCount - 1)
}

function upperEdgeMs(bucket: number): number {
  if (bucket < fineCount) return (bucket + 1) * fineStepMs
  if (bucket === fineCount + coarseCount - 1) return Number.POSITIVE_INFINITY
  return fineCount * fineStepMs + (bucket - fineCount + 1) * coarseStepMs
}
