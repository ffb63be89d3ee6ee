// What is derived from the table of figures: tones, columns, metrics.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  columnOf,
  connectionMetrics,
  eachFigure,
  figureSpec,
  sampleFigures,
  toneOfFigure,
  totalMetrics,
} from '../../../src/lib/model/figure-table.ts'

const order = { good: 0, fair: 1, bad: 2 }

describe('the tone of a figure', () => {
  it('gets no better as the figure gets worse, and has all three of its kinds', () => {
    for (const name of sampleFigures) {
      const { better, limits } = figureSpec(name)
      if (!limits || !better) continue
      const rankOf = (value: number) => order[toneOfFigure(name, value)!]
      const value = fc.double({ min: 0, max: 2 * Math.max(...limits), noNaN: true })
      fc.assert(
        fc.property(value, value, (a, b) => {
          const [less, more] = [rankOf(Math.min(a, b)), rankOf(Math.max(a, b))]
          expect(better === 'less' ? less <= more : less >= more).toBe(true)
        }),
      )
      const [fair, bad] = limits
      const beyond = better === 'less' ? 1.01 : 0.99
      expect([fair, fair * beyond, bad, bad * beyond].map(rankOf), name).toEqual([0, 1, 1, 2])
    }
  })

  it('is none where nothing is known, or neither way is better', () => {
    expect([null, undefined].map((value) => toneOfFigure('lossRatio', value))).toEqual([undefined, undefined])
    expect(toneOfFigure('bufferS', 0)).toBeUndefined()
  })
})

it('a column is named as the field, in the way of databases', () => {
  expect(['bitrateBps', 'bufferS', 'health', 'a'].map(columnOf)).toEqual(['bitrate_bps', 'buffer_s', 'health', 'a'])
  expect(new Set(sampleFigures.map(columnOf)).size).toBe(sampleFigures.length)
})

it('something is made of each figure, from its own declaration', () => {
  const made = eachFigure((spec, name) => spec === figureSpec(name) && name)
  expect(made).toEqual(Object.fromEntries(sampleFigures.map((name) => [name, name])))
})

it('metrics are of the figures that declare them, with the factor to their unit', () => {
  const loss = { figure: 'lossRatio', metric: 'webrtc_packet_loss_percent', factor: 100 }
  expect(connectionMetrics).toContainEqual({ ...loss, labels: { direction: 'outbound' } })
  expect(totalMetrics).toContainEqual({ figure: 'bufferS', metric: 'mcpx_buffer_seconds', factor: 1, labels: {} })
  for (const metrics of [connectionMetrics, totalMetrics])
    expect(metrics.map(({ figure }) => figure)).not.toContain('jitterMs')
})
