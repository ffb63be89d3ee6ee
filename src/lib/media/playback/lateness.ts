// How late packets leave, as a histogram that costs one increment a packet.
import type { HistogramCounts } from '../../model/histogram.ts'

const fineStepMs = 0.25
const fineCount = 256
const coarseStepMs = 16
const coarseCount = 64

/** Steps of 0.25 ms up to 64 ms, of 16 ms up to about a second, and all above in the last one. */
export class LatenessHistogram {
  readonly #counts = new Uint32Array(fineCount + coarseCount)
  #total = 0
  #maxMs = 0
  #sumMs = 0

  get count(): number {
    return this.#total
  }

  record(lateMs: number): void {
    this.#total++
    if (lateMs > 0) this.#sumMs += lateMs
    if (lateMs > this.#maxMs) this.#maxMs = lateMs
    this.#counts[bucketOf(lateMs)]!++
  }

  /** Upper edge in ms of the bucket that holds this share (0-1) of the packets; 0 when there were none. */
  quantile(share: number): number {
    if (this.#total === 0) return 0
    let left = Math.ceil(this.#total * share)
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket]!
      if (left <= 0) return Math.min(upperEdgeMs(bucket), this.#maxMs)
    }
    return this.#maxMs
  }

  /** Takes over what another one has counted. */
  add(other: LatenessHistogram): void {
    for (let bucket = 0; bucket < this.#counts.length; bucket++) this.#counts[bucket]! += other.#counts[bucket]!
    this.#total += other.#total
    this.#sumMs += other.#sumMs
    if (other.#maxMs > this.#maxMs) this.#maxMs = other.#maxMs
  }

  /** How many packets were late by no more than each of `edgesMs`, which rise; edges between two steps count the step below. */
  read(edgesMs: readonly number[]): HistogramCounts {
    let bucket = 0
    let count = 0
    const upTo = edgesMs.map((edgeMs) => {
      for (; bucket < this.#counts.length && upperEdgeMs(bucket) <= edgeMs; bucket++) count += this.#counts[bucket]!
      return count
    })
    return { upTo, count: this.#total, sum: this.#sumMs }
  }

  reset(): void {
    this.#counts.fill(0)
    this.#total = 0
    this.#sumMs = 0
    this.#maxMs = 0
  }
}

function bucketOf(lateMs: number): number {
  if (lateMs <= 0) return 0
  const fine = Math.floor(lateMs / fineStepMs)
  if (fine < fineCount) return fine
  const coarse = Math.floor((lateMs - fineCount * fineStepMs) / coarseStepMs)
  return fineCount + Math.min(coarse, coarseCount - 1)
}

function upperEdgeMs(bucket: number): number {
  if (bucket < fineCount) return (bucket + 1) * fineStepMs
  if (bucket === fineCount + coarseCount - 1) return Number.POSITIVE_INFINITY
  return fineCount * fineStepMs + (bucket - fineCount + 1) * coarseStepMs
}
