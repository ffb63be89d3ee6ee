// A histogram that takes counts as well as values: workers count each frame and packet by themselves and tell the sums. The one
// of prom-client can be given single values only.
import type { HistogramCounts } from '../model/histogram.ts'

type Labels = Readonly<Record<string, string>>

interface Series {
  readonly labels: Labels
  readonly upTo: number[]
  count: number
  sum: number
}

interface Value {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** Has the shape that prom-client's registry asks for. */
export class CountedHistogram {
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly name: string
  readonly help: string
  readonly #edges: readonly number[]
  readonly #series = new Map<string, Series>()

  constructor(settings: { name: string; help: string; buckets: readonly number[] }) {
    this.name = settings.name
    this.help = settings.help
    this.#edges = settings.buckets
  }

  observe(labels: Labels, value: number): void {
    this.add(labels, { upTo: this.#edges.map((edge) => (value <= edge ? 1 : 0)), count: 1, sum: value })
  }

  /** `counts` are by the edges of this histogram. */
  add(labels: Labels, counts: HistogramCounts): void {
    const key = JSON.stringify(Object.entries(labels).sort())
    const series = this.#series.get(key) ?? { labels, upTo: this.#edges.map(() => 0), count: 0, sum: 0 }
    this.#series.set(key, series)
    for (const [bucket, count] of counts.upTo.entries()) series.upTo[bucket]! += count
    series.count += counts.count
    series.sum += counts.sum
  }

  /** Forgets every series with this label value. */
  forget(label: string, value: string): void {
    for (const [key, { labels }] of this.#series) if (labels[label] === value) this.#series.delete(key)
  }

  reset(): void {
    this.#series.clear()
  }

  async get(): Promise<{ name: string; help: string; type: 'histogram'; aggregator: 'sum'; values: Value[] }> {
    const { name, help, type, aggregator } = this
    return {
      name,
      help,
      type,
      aggregator,
      values: [...this.#series.values()].flatMap((series) => this.#valuesOf(series)),
    }
  }

  #valuesOf({ labels, upTo, count, sum }: Series): Value[] {
    const bucket = (le: number | '+Inf', value: number) => ({
      metricName: `${this.name}_bucket`,
      labels: { le, ...labels },
      value,
    })
    return [
      ...this.#edges.map((edge, index) => bucket(edge, upTo[index]!)),
      bucket('+Inf', count),
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ]
  }
}
