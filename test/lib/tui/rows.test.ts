import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnNames, placeColumns } from '../../../src/lib/tui/columns.ts'
import { filterRows, sortRows, windowStart } from '../../../src/lib/tui/rows.ts'
import { bareConnection, connection, sampleAt } from '../../support/live-state.ts'

const lossy = (id: string, lossRatio: number | null) => connection(id, { sample: sampleAt(1, { lossRatio }) })
const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id.replace(/0+$/, ''))

describe('the rows of the table', () => {
  it('are filtered by words that all occur, in whatever case', () => {
    const rows = [connection('a', { peer: '10.0.0.7:1' }), connection('b', { state: 'ended' }), bareConnection('c')]
    expect(ids(filterRows(rows, ''))).toEqual(['a', 'b', 'c'])
    expect(ids(filterRows(rows, 'ENDED bafy'))).toEqual(['b'])
    expect(ids(filterRows(rows, '10.0.0'))).toEqual(['a'])
    expect(filterRows(rows, 'ended active')).toEqual([])
  })

  it('are sorted from the largest figure on, with what is not known last either way', () => {
    const rows = [lossy('a', null), lossy('b', 0.1), lossy('c', 0.3), bareConnection('d'), lossy('e', 0)]
    expect(ids(sortRows(rows, { column: 'loss', isReversed: false }))).toEqual(['c', 'b', 'e', 'a', 'd'])
    expect(ids(sortRows(rows, { column: 'loss', isReversed: true }))).toEqual(['e', 'b', 'c', 'a', 'd'])
    expect(ids(sortRows(rows, { column: 'id', isReversed: false }))).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(sortRows(rows, undefined)).toBe(rows)
  })

  it('are shown through a window with the selected one in it, always full where there are enough', () => {
    const number = fc.integer({ min: 0, max: 60 })
    fc.assert(
      fc.property(number, number, number, fc.integer({ min: 1, max: 20 }), (before, selected, count, size) => {
        const at = Math.min(selected, count - 1)
        const start = windowStart(before, at, count, size)
        if (count > 0) expect(at >= start && at < start + size).toBe(true)
        expect(start).toBeLessThanOrEqual(Math.max(0, count - size))
        expect(windowStart(start, at, count, size)).toBe(start)
      }),
    )
  })

  it('have as many columns as there is room for, and fill the width', () => {
    for (const width of [10, 20, 40, 60, 79, 80, 100, 120, 200, 400]) {
      const placed = placeColumns(width)
      const taken = placed.reduce((sum, column) => sum + 1 + column.width, 0)
      expect(taken, String(width)).toBe(Math.max(width, 16))
      expect(placed.map(({ name }) => name)).toContain('id')
    }
    expect(placeColumns(80).map(({ name }) => name)).toEqual(columnNames.slice(0, 12))
    expect(placeColumns(200)).toHaveLength(columnNames.length)
  })
})
