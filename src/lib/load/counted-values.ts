// Values of a figure by how often they came: of any number of sessions in bounded memory, and nothing is left out.
import type { LoadDistribution } from '../protocol/load-result.ts'

/** So many different values are kept as they are; of more each is rounded to three digits. */
const maxDistinct = 20_000

const rounded = (value: number): number => Number(value.toPrecision(3))

export class CountedValues {
  readonly #max: number
  #counts = new Map<number, number>()
  #isRounded = false

  constructor(max = maxDistinct) {
    this.#max = max
  }

  /** null: a wait that never ended, which is longer than any other. */
  add(value: number | null): void {
    this.#count(value ?? Number.POSITIVE_INFINITY, 1)
    if (!this.#isRounded && this.#counts.size > this.#max) this.#round()
  }

  /** By the nearest rank; a rank of those that waited for ever is null, and so are the mean and the most. Undefined of nothing. */
  distribution(): LoadDistribution | undefined {
    const sorted = [...this.#counts].sort(([a], [b]) => (a === b ? 0 : a - b))
    const count = sorted.reduce((sum, [, times]) => sum + times, 0)
    if (count === 0) return undefined
    const known = (value: number) => (Number.isFinite(value) ? value : null)
    const at = (share: number) => {
      let left = Math.max(1, Math.ceil(share * count))
      for (const [value, times] of sorted) {
        left -= times
        if (left <= 0) return known(value)
      }
      return null
    }
    return {
      count,
      mean: known(sorted.reduce((sum, [value, times]) => sum + value * times, 0) / count),
      min: known(sorted[0]![0]),
      p50: at(0.5),
      p90: at(0.9),
      p95: at(0.95),
      p99: at(0.99),
      max: known(sorted.at(-1)![0]),
    }
  }

  /** One that goes on by itself. */
  copy(): CountedValues {
    const copy = new CountedValues(this.#max)
    copy.#counts = new Map(this.#counts)
    copy.#isRounded = this.#isRounded
    return copy
  }

  #count(value: number, times: number): void {
    const key = this.#isRounded && Number.isFinite(value) ? rounded(value) : value
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + times)
  }

  #round(): void {
    const before = this.#counts
    this.#counts = new Map()
    this.#isRounded = true
    for (const [value, times] of before) this.#count(value, times)
  }
}
