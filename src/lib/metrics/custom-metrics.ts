// Metrics of the program that embeds the server: checked once, bounded always.
import { Counter, Gauge, type Metric, type Registry } from 'prom-client'
import { McpxError } from '../base/errors.ts'
import type { CustomMetrics } from '../model/custom-metrics.ts'
import { CountedHistogram } from './counted-histogram.ts'

type Type = 'counter' | 'gauge' | 'histogram'
type Labels = Readonly<Record<string, string>>
type Declared = { readonly name: string; readonly help: string; readonly labels?: readonly string[] }

const maxMetrics = 200
const maxLabels = 8
const maxSeries = 1000
const maxBuckets = 50
const maxValueLength = 200
const ours = /^(mcp|mcpx|webrtc|process|nodejs)_/
const namePattern = /^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/
/** Prometheus adds these by itself. */
const suffixPattern = /_(total|count|sum|bucket|created|info)$/

const refuse = (message: string): never => {
  throw new McpxError('INVALID_OPTION', message)
}

/** `onDropped` is told of each value that would have made a series too many. */
export function createCustomMetrics(registry: Registry, onDropped: (metric: string) => void): CustomMetrics {
  let count = 0

  /** Registers a metric and returns what checks the labels of each write: they come back as text, undefined when dropped. */
  function declare(type: Type, declared: Declared): (labels: Labels, value: number) => Labels | undefined {
    const { name, labels = [] } = declared
    checkDeclared(type, declared)
    if (registry.getSingleMetric(name)) refuse(`there is a metric "${name}" already`)
    if (++count > maxMetrics) refuse(`"${name}" is one metric too many: ${maxMetrics} custom metrics are the most`)
    const known = new Set<string>()
    return (given, value) => {
      if (!Number.isFinite(value)) refuse(`${name}: ${value} is not a finite number`)
      const texts = labelTexts(name, labels, given)
      const key = JSON.stringify(texts)
      if (known.has(key)) return texts
      if (known.size >= maxSeries) return void onDropped(name)
      known.add(key)
      return texts
    }
  }

  const settingsOf = ({ name, help, labels = [] }: Declared) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  })

  return {
    counter(declared) {
      const check = declare('counter', declared)
      const counter = new Counter(settingsOf(declared))
      return {
        add(labels, amount = 1) {
          if (amount < 0) refuse(`${declared.name}: a counter cannot fall by ${-amount}`)
          const texts = check(labels, amount)
          if (texts) counter.inc(texts, amount)
        },
      }
    },
    gauge(declared) {
      const check = declare('gauge', declared)
      const gauge = new Gauge(settingsOf(declared))
      return {
        set(labels, value) {
          const texts = check(labels, value)
          if (texts) gauge.set(texts, value)
        },
      }
    },
    histogram(declared) {
      checkBuckets(declared.name, declared.buckets)
      const check = declare('histogram', declared)
      const histogram = new CountedHistogram(declared)
      registry.registerMetric(histogram as unknown as Metric)
      return {
        observe(labels, value) {
          const texts = check(labels, value)
          if (texts) histogram.observe(texts, value)
        },
      }
    },
  }
}

function checkDeclared(type: Type, { name, help, labels = [] }: Declared): void {
  if (!namePattern.test(name)) refuse(`"${name}" is not a valid metric name, such as shop_orders_total`)
  if (ours.test(name)) refuse(`"${name}": names that begin with ${ours.exec(name)![0]} are those of mcpx`)
  if (type === 'counter' && !name.endsWith('_total')) refuse(`"${name}": the name of a counter ends with _total`)
  if (type !== 'counter' && suffixPattern.test(name))
    refuse(`"${name}": Prometheus keeps the ending ${suffixPattern.exec(name)![0]} for itself`)
  if (help.trim() === '') refuse(`"${name}" has no help`)
  if (labels.length > maxLabels) refuse(`"${name}" has ${labels.length} labels, over ${maxLabels}`)
  if (new Set(labels).size < labels.length) refuse(`"${name}" has a label twice`)
  for (const label of labels)
    if (!namePattern.test(label) || label.startsWith('__') || label === 'le' || label === 'quantile')
      refuse(`"${name}": "${label}" is not a valid label name`)
}

function checkBuckets(name: string, buckets: readonly number[]): void {
  if (buckets.length === 0 || buckets.length > maxBuckets) refuse(`"${name}" needs 1 to ${maxBuckets} buckets`)
  for (const [index, edge] of buckets.entries())
    if (!Number.isFinite(edge) || edge <= (buckets[index - 1] ?? -Infinity))
      refuse(`"${name}": the buckets do not rise at ${edge}`)
}

/** In the declared order, so that the same labels are the same series. */
function labelTexts(name: string, declared: readonly string[], given: Labels): Labels {
  const unknown = Object.keys(given).find((label) => !declared.includes(label))
  if (unknown !== undefined) refuse(`${name} has no label "${unknown}"`)
  return Object.fromEntries(
    declared.map((label) => {
      const value = given[label] ?? refuse(`${name}: the label "${label}" has no value`)
      return [label, String(value).slice(0, maxValueLength)]
    }),
  )
}
