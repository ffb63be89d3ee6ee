// A prom-client registry made from the table of metrics: what is not in the table cannot be written.
import { Counter, Gauge, type Metric, Registry } from 'prom-client'
import type { HistogramCounts } from '../model/histogram.ts'
import type { MetricGroup, MetricSpec } from '../protocol/metrics.ts'
import { CountedHistogram } from './counted-histogram.ts'

type Table = Readonly<Record<string, MetricSpec>>
type Labels = Readonly<Record<string, string>>
type NamesOf<T extends Table, Type extends MetricSpec['type']> = {
  [K in keyof T & string]: T[K]['type'] extends Type ? K : never
}[keyof T & string]

export interface Metrics<T extends Table> {
  readonly registry: Registry
  add(name: NamesOf<T, 'counter'>, labels: Labels, amount?: number): void
  set(name: NamesOf<T, 'gauge'>, labels: Labels, value: number): void
  observe(name: NamesOf<T, 'histogram'>, labels: Labels, value: number): void
  /** Adds what was counted elsewhere by the buckets of this histogram. */
  count(name: NamesOf<T, 'histogram'>, labels: Labels, counts: HistogramCounts): void
  /** Forgets one series of a gauge: what is not known is absent. */
  unset(name: NamesOf<T, 'gauge'>, labels: Labels): void
  /** Leaves these groups out of what is read, and has all others in it; what is left out is counted on. */
  disable(groups: readonly MetricGroup[]): void
  /** Forgets every series with this label value: a connection that is over must not be scraped for ever. */
  forget(label: string, value: string): Promise<void>
}

export function createMetricsOf<T extends Table>(table: T): Metrics<T> {
  const registry = new Registry()
  const counters = new Map<string, Counter>()
  const gauges = new Map<string, Gauge>()
  const histograms = new Map<string, CountedHistogram>()

  for (const [name, { type, help, labels, buckets }] of Object.entries(table)) {
    const settings = { name, help, labelNames: [...labels], registers: [registry] }
    if (type === 'counter') counters.set(name, new Counter(settings))
    else if (type === 'gauge') gauges.set(name, new Gauge(settings))
    else {
      const histogram = new CountedHistogram({ name, help, buckets: buckets ?? [] })
      histograms.set(name, histogram)
      registry.registerMetric(histogram as unknown as Metric)
    }
  }

  return {
    registry,
    add: (name, labels, amount = 1) => counters.get(name)!.inc(labels, amount),
    set: (name, labels, value) => gauges.get(name)!.set(labels, value),
    unset: (name, labels) => gauges.get(name)!.remove(labels),
    observe: (name, labels, value) => histograms.get(name)!.observe(labels, value),
    count: (name, labels, counts) => histograms.get(name)!.add(labels, counts),
    disable(groups) {
      for (const [name, { group }] of Object.entries(table)) {
        const metric = counters.get(name) ?? gauges.get(name) ?? (histograms.get(name) as unknown as Metric)
        registry.removeSingleMetric(name)
        if (!groups.includes(group)) registry.registerMetric(metric)
      }
    },
    async forget(label, value) {
      for (const histogram of histograms.values()) histogram.forget(label, value)
      for (const metric of [...counters.values(), ...gauges.values()]) {
        const { values } = await metric.get()
        const found = values.filter(({ labels }) => (labels as Labels)[label] === value)
        for (const { labels } of found) metric.remove(labels as Labels)
      }
    },
  }
}
