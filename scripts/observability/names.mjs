// The names of metrics in an expression, held against the table: what does not exist cannot be charted or alerted on.
import { allMetrics } from '../../src/lib/protocol/metrics.ts'

/** What Prometheus itself says of each target. */
const prometheusOwn = ['up']

/** The metrics an expression reads, without the endings of histograms. Throws for one that does not exist. */
export function metricsIn(expression) {
  const bare = expression.replaceAll(/"[^"]*"/g, '""')
  const names = [...bare.matchAll(/\b(up|(?:mcp|mcpx|webrtc)_[a-z0-9_]+)/g)].map(([name]) => name)
  return [...new Set(names)].filter((name) => !prometheusOwn.includes(name)).map(metricOf)
}

function metricOf(series) {
  if (allMetrics[series]) {
    if (allMetrics[series].type === 'histogram')
      throw new Error(`"${series}" is a histogram: it has no series of that name`)
    return series
  }
  const name = series.replace(/_(bucket|sum|count)$/, '')
  if (allMetrics[name]?.type !== 'histogram') throw new Error(`there is no metric "${series}"`)
  return name
}

/** What the metrics of an expression are, in the words of the table. */
export const describe = (expressions) =>
  [...new Set(expressions.flatMap(metricsIn))].map((name) => `${name}: ${allMetrics[name].help}.`).join('\n')
