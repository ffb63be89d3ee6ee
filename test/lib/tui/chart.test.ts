import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chartCapacity, chartLines, topOf } from '../../../src/lib/tui/chart.ts'

const size = { width: 48, height: 6 }
/** What is drawn of each value, from the top down: the column behind the axis. */
const columnOf = (lines: ReturnType<typeof chartLines>, at: number) =>
  lines.map(({ line }) => line[2 + at] ?? ' ').join('')

describe('a chart', () => {
  it('shows the last values where there are more than columns', () => {
    const capacity = chartCapacity(size.width)
    const values = Array.from({ length: capacity }, (_, at) => (at % 7) * 10)
    const more = [...new Array<number>(500).fill(3), ...values]
    expect(chartLines(more, 'health', size)).toEqual(chartLines(values, 'health', size))
    expect(chartCapacity(3)).toBe(1)
  })

  it('is higher where the value is', () => {
    const lines = chartLines([0, 0, 100, 100], 'health', size)
    const heights = [0, 3].map((at) => [...columnOf(lines, at)].indexOf('─'))
    expect(heights).toEqual([lines.length - 1, 0])
    expect(lines[0]!.label.trim()).toBe('100')
    expect(lines.at(-1)!.label.trim()).toBe('0')
  })

  it('has a gap exactly where nothing was known, on every line', () => {
    const values = fc.array(fc.option(fc.double({ min: 0, max: 100, noNaN: true })), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(values, (some) => {
        const lines = chartLines(some, 'health', size)
        expect(lines.length === 0).toBe(some.every((value) => value === null))
        if (lines.length > 0)
          for (const [at, value] of some.entries())
            expect(columnOf(lines, at).trim() === '', `${at}`).toBe(value === null)
      }),
    )
  })

  it('reaches as far as its figure usually does, and further where a value does', () => {
    const top = (values: number[]) => chartLines(values, 'lossRatio', size)[0]!.label.trim()
    expect([top([0]), top([0.005]), top([0.3])]).toEqual(['2.0%', '2.0%', '30%'])
  })

  it('has no room in less than two lines', () => {
    expect([1, 0, -1].map((height) => chartLines([1], 'health', { ...size, height }))).toEqual([[], [], []])
    expect(chartLines([1], 'health', { ...size, height: 2 })).toHaveLength(2)
  })
})

it('the end of an axis is the next round number: five steps of it are too', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (value) => {
      const top = topOf(value)
      expect(top).toBeGreaterThanOrEqual(value * 0.999_99)
      expect(top).toBeLessThanOrEqual(value * 1.51)
      const step = top / 5
      const digits = step / 10 ** Math.floor(Math.log10(step) + 1e-9)
      expect(Math.abs(digits * 10 - Math.round(digits * 10))).toBeLessThan(1e-6)
      expect(topOf(top)).toBeCloseTo(top, 9)
    }),
  )
})
