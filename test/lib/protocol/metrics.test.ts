// The table of metrics against the rules of Prometheus, for those who read them in the years to come.
import { describe, expect, it } from 'vitest'
import {
  allMetrics,
  type MetricSpec,
  mcpMetrics,
  metricGroups,
  metricSources,
  webrtcMetrics,
} from '../../../src/lib/protocol/metrics.ts'

const specs: readonly (readonly [string, MetricSpec])[] = Object.entries(allMetrics)
const ours = specs.filter(([name]) => name.startsWith('mcpx_'))

describe('every metric', () => {
  it('has names that Prometheus takes, and none that it keeps for itself', () => {
    for (const [name, { labels, type }] of specs) {
      expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
      // The series of a histogram have these endings.
      expect(name).not.toMatch(/_(bucket|sum|info)$/)
      if (type !== 'gauge') expect(name).not.toMatch(/_count$/)
      expect(new Set(labels).size, name).toBe(labels.length)
      for (const label of labels) expect(label).toMatch(/^(?!__|le$|quantile$)[a-z_]+$/)
    }
  })

  it('that counts is called a total, and no other is', () => {
    for (const [name, { type }] of specs) expect(name.endsWith('_total'), name).toBe(type === 'counter')
  })

  it('is on one port only', () => {
    expect(specs).toHaveLength(Object.keys(mcpMetrics).length + Object.keys(webrtcMetrics).length)
  })

  it('does not collide with a series of a histogram', () => {
    const series = specs.flatMap(([name, { type }]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    )
    expect(new Set(series).size).toBe(series.length)
  })

  it('has buckets exactly where it is a histogram, which rise and end', () => {
    for (const [name, { type, buckets }] of specs) {
      expect(buckets !== undefined, name).toBe(type === 'histogram')
      if (!buckets) continue
      expect(buckets, name).toEqual([...new Set(buckets)].toSorted((a, b) => a - b))
      expect(buckets.every(Number.isFinite), name).toBe(true)
      expect(buckets.length, name).toBeGreaterThan(2)
    }
  })

  it('says what it is in a sentence, where it comes from, and by what it is switched off', () => {
    for (const [name, { help, source, group }] of specs) {
      expect(help.trim().length, name).toBeGreaterThan(10)
      expect(help, name).not.toMatch(/[\n.]$|\n/)
      expect(metricSources, name).toHaveProperty(source)
      expect(metricGroups, name).toContain(group)
    }
  })
})

describe('metrics of our own', () => {
  it('add up over all connections: none has a series for each of them', () => {
    expect(ours.length).toBeGreaterThan(10)
    for (const [name, { labels }] of ours) expect(labels, name).not.toContain('connection_id')
  })

  it('are in base units', () => {
    for (const [name] of ours) expect(name).not.toMatch(/_(ms|milliseconds|kbps|percent|kb|mb)(_|$)/)
  })

  it('stand for each connection metric that can be capped', () => {
    const capped = specs.filter(([, { labels }]) => labels.includes('connection_id')).map(([name]) => name)
    const standIn: Readonly<Record<string, string>> = {
      webrtc_bandwidth_kbps: 'mcpx_bitrate_bps',
      webrtc_packet_loss_percent: 'mcpx_packet_loss_ratio',
      webrtc_jitter_ms: 'mcpx_jitter_seconds',
      webrtc_latency_ms: 'mcpx_latency_seconds',
      webrtc_buffer_level_seconds: 'mcpx_buffer_seconds',
      webrtc_buffer_underruns_total: 'mcpx_buffer_underruns_total',
      webrtc_stream_health_score: 'mcpx_stream_health_score',
      webrtc_video_quality_score: 'mcpx_video_quality_score',
      webrtc_quality_switches_total: 'mcpx_quality_switches_total',
      webrtc_ice_gathering_time_ms: 'mcpx_ice_gathering_seconds',
      webrtc_ice_connection_time_ms: 'mcpx_ice_connection_seconds',
    }
    for (const [name, total] of Object.entries(standIn)) {
      expect(capped).toContain(name)
      expect(allMetrics[total]!.group, name).toBe(allMetrics[name]!.group)
      const { labels } = allMetrics[name]!
      expect([[], labels.filter((label) => label !== 'connection_id')], total).toContainEqual(allMetrics[total]!.labels)
    }
  })
})
