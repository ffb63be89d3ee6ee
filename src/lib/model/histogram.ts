// How often values were how large, as Prometheus counts them: it adds up over viewers, workers and time, a percentile does not.

/** Since counting began. */
export interface HistogramCounts {
  /** How many values were no more than each edge. */
  readonly upTo: readonly number[]
  readonly count: number
  readonly sum: number
}

/** Counts values between edges, which rise. */
export class BucketCounts {
  readonly #edges: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(edges: readonly number[]) {
    this.#edges = edges
    this.#counts = new Array(edges.length + 1).fill(0)
  }

  record(value: number): void {
    let bucket = 0
    while (bucket < this.#edges.length && value > this.#edges[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += value
  }

  read(): HistogramCounts {
    let count = 0
    const upTo = this.#edges.map((_, bucket) => {
      count += this.#counts[bucket]!
      return count
    })
    return { upTo, count: count + this.#counts.at(-1)!, sum: this.#sum }
  }
}

/** What came between two readings. The later one alone where there is no earlier one, or counting has begun anew meanwhile. */
export function countsSince(now: HistogramCounts, before: HistogramCounts | undefined): HistogramCounts {
  if (!before || now.count < before.count) return now
  return {
    upTo: now.upTo.map((count, bucket) => count - before.upTo[bucket]!),
    count: now.count - before.count,
    sum: now.sum - before.sum,
  }
}

/**
 * The value that this share (0-1) of the values does not exceed, told as evenly spread between two edges; of values beyond the
 * last edge that edge. Undefined where there are none.
 */
export function quantileOf(
  { upTo, count }: HistogramCounts,
  edges: readonly number[],
  share: number,
): number | undefined {
  if (count <= 0) return undefined
  const rank = share * count
  const bucket = upTo.findIndex((below) => below >= rank && below > 0)
  if (bucket < 0) return edges.at(-1)
  const [low, below] = bucket === 0 ? [0, 0] : [edges[bucket - 1]!, upTo[bucket - 1]!]
  const within = upTo[bucket]! - below
  return within > 0 ? low + ((edges[bucket]! - low) * (rank - below)) / within : low
}
