import { describe, expect, it } from 'vitest'
import {
  columnOf,
  connectionMetrics,
  eachFigure,
  figureSpec,
  figureUnits,
  sampleFigures,
  toneOfFigure,
  totalMetrics,
} from '../../../src/lib/model/figure-table.ts'

const specs = sampleFigures.map((name) => ({ name, ...figureSpec(name) }))

describe('the table of figures', () => {
  it('has no name twice, in any of the places where it is one', () => {
    for (const names of [
      specs.map(({ title }) => title),
      specs.map(({ short }) => short),
      specs.map(({ terse }) => terse),
      specs.map(({ report }) => report),
      specs.map(({ name }) => columnOf(name)),
      [...connectionMetrics, ...totalMetrics].map(({ metric }) => metric),
    ])
      expect(new Set(names).size).toBe(names.length)
  })

  it.each(specs)('says of $name what is good and what is bad in the order of what is better', (spec) => {
    expect(figureUnits).toHaveProperty(spec.unit)
    expect(spec.terse.length).toBeLessThanOrEqual(6)
    expect(spec.chart.top).toBeGreaterThan(0)
    expect(spec.limits !== undefined).toBe(spec.better !== undefined)
    if (!spec.limits) return
    const [fair, bad] = spec.limits
    expect(spec.better === 'less' ? bad > fair : bad < fair).toBe(true)
  })

  it('gives metrics their factor: kbit, percent, and as measured', () => {
    const factors = Object.fromEntries(
      [...connectionMetrics, ...totalMetrics].map(({ metric, factor }) => [metric, factor]),
    )
    expect(factors).toMatchObject({
      webrtc_bandwidth_kbps: 0.001,
      webrtc_packet_loss_percent: 100,
      mcpx_packet_loss_ratio: 1,
      webrtc_stream_health_score: 1,
    })
    expect(connectionMetrics.find(({ metric }) => metric === 'webrtc_bandwidth_kbps')).toMatchObject({
      figure: 'bitrateBps',
      labels: { direction: 'outbound' },
    })
  })

  it('makes something of each figure, under its name', () => {
    expect(eachFigure(({ unit }, name) => `${name} in ${unit}`)).toMatchObject({
      bitrateBps: 'bitrateBps in bps',
      health: 'health in points',
    })
    expect(Object.keys(eachFigure(() => null))).toEqual(sampleFigures)
  })

  it('has a column of the history for each', () => {
    expect(sampleFigures.map(columnOf)).toEqual([
      ...['bitrate_bps', 'loss_ratio', 'round_trip_ms', 'jitter_ms', 'buffer_s', 'frames_per_second'],
      ...['health', 'video_quality'],
    ])
  })
})

describe('the tone of a figure', () => {
  it.each([
    ['lossRatio', [0, 0.02], [0.0201, 0.05], [0.0501, 1]],
    ['roundTripMs', [0, 200], [201, 300], [301, 1e9]],
    ['health', [100, 80], [79, 50], [49, 0]],
  ] as const)('of %s is good up to the first bound, and bad beyond the second', (name, good, fair, bad) => {
    for (const value of good) expect(toneOfFigure(name, value)).toBe('good')
    for (const value of fair) expect(toneOfFigure(name, value)).toBe('fair')
    for (const value of bad) expect(toneOfFigure(name, value)).toBe('bad')
  })

  it('is none where nobody measured, and where neither way is better', () => {
    for (const value of [null, undefined]) expect(toneOfFigure('lossRatio', value)).toBeUndefined()
    expect(toneOfFigure('bitrateBps', 0)).toBeUndefined()
  })
})
