// Metrics that a program adds to those of the server it embeds: at --metrics-path, beside ours.

type Labels<L extends string> = Readonly<Record<L, string>>

interface CustomMetricSettings<L extends string> {
  /** As Prometheus wants it: `shop_orders_total`. Not one of ours, and no prefix of ours. */
  readonly name: string
  readonly help: string
  /** Names of labels, 8 at most. Their values make series, of which a metric may have 1000: what comes after is dropped. */
  readonly labels?: readonly L[]
}

interface CustomCounter<L extends string = never> {
  /** Default amount 1; not negative. */
  add(labels: Labels<L>, amount?: number): void
}

interface CustomGauge<L extends string = never> {
  set(labels: Labels<L>, value: number): void
}

interface CustomHistogram<L extends string = never> {
  observe(labels: Labels<L>, value: number): void
}

/** Every call throws INVALID_OPTION for a name, a label or a value that cannot be. */
export interface CustomMetrics {
  /** The name ends with `_total`. */
  counter<L extends string = never>(settings: CustomMetricSettings<L>): CustomCounter<L>
  gauge<L extends string = never>(settings: CustomMetricSettings<L>): CustomGauge<L>
  /** `buckets` are upper edges, which rise; 50 at most. */
  histogram<L extends string = never>(
    settings: CustomMetricSettings<L> & { readonly buckets: readonly number[] },
  ): CustomHistogram<L>
}
