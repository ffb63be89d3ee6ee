import fc from 'fast-check'
import { expect, it } from 'vitest'
import { layoutOf } from '../../../src/lib/tui/layout.ts'

const size = fc.integer({ min: 1, max: 500 })
/** Header, titles of the table, footer. */
const around = 2 + 1 + 1

it('the parts fill the lines and columns of a terminal exactly', () => {
  fc.assert(
    fc.property(size, size, (columns, rows) => {
      const { tableRows, lowerRows, isWide, chartColumns, listColumns } = layoutOf(columns, rows)
      expect(tableRows).toBeGreaterThanOrEqual(1)
      expect(around + tableRows + lowerRows).toBe(Math.max(rows, around + 1))
      expect(isWide ? chartColumns + listColumns : chartColumns).toBe(columns)
      expect(isWide ? Math.abs(chartColumns - listColumns) <= 1 : listColumns === columns).toBe(true)
    }),
  )
})

it('the lower part comes only where six connections are left, or takes less than half', () => {
  fc.assert(
    fc.property(size, size, (columns, rows) => {
      const { tableRows, lowerRows } = layoutOf(columns, rows)
      if (lowerRows > 0) expect(tableRows >= 6 || lowerRows <= rows / 2).toBe(true)
    }),
  )
})

it('a terminal with more lines never shows fewer of either part than it must', () => {
  let before = layoutOf(80, 5)
  for (let rows = 6; rows < 120; rows++) {
    const now = layoutOf(80, rows)
    expect(now.lowerRows).toBeGreaterThanOrEqual(before.lowerRows)
    if (now.lowerRows === before.lowerRows) expect(now.tableRows).toBe(before.tableRows + 1)
    before = now
  }
})
