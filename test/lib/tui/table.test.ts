// The table and the details, drawn alone by Ink.
import { stripVTControlCharacters } from 'node:util'
import { cleanup, render } from 'ink-testing-library'
import { createElement } from 'react'
import { afterEach, describe, expect, it } from 'vitest'
import type { LiveConnection } from '../../../src/lib/protocol/live.ts'
import { placeColumns } from '../../../src/lib/tui/columns.ts'
import { Table } from '../../../src/lib/tui/table.tsx'
import { widthOf } from '../../../src/lib/tui/text.ts'
import { connection, startedAtMs } from '../../support/live-state.ts'

afterEach(cleanup)

const rows = Array.from({ length: 20 }, (_, at) => connection(`${String(at).padStart(2, '0')}-`))
const table = (given: readonly LiveConnection[], selected: number, width = 80) =>
  createElement(Table, {
    ...{ columns: placeColumns(width), rows: given, selected, size: 5, nowMs: startedAtMs },
    ...{ sort: undefined, empty: 'nobody watches' },
  })
const linesOf = (screen: ReturnType<typeof render>) => stripVTControlCharacters(screen.lastFrame() ?? '').split('\n')
/** Mark and id of each row. */
const shown = (screen: ReturnType<typeof render>) =>
  linesOf(screen)
    .slice(1)
    .map((line) => line.slice(0, 3))

describe('the table', () => {
  it('marks the selected row, and the ends beyond which there are more', () => {
    expect(shown(render(table(rows, 0)))).toEqual(['▸00', ' 01', ' 02', ' 03', '⋮04'])
    expect(shown(render(table(rows, 19)))).toEqual(['⋮15', ' 16', ' 17', ' 18', '▸19'])
    expect(shown(render(table(rows.slice(0, 5), 1)))).toEqual([' 00', '▸01', ' 02', ' 03', ' 04'])
  })

  it('moves no more than it must when another row is selected', () => {
    const screen = render(table(rows, 10))
    expect(shown(screen)).toEqual(['⋮06', ' 07', ' 08', ' 09', '▸10'])
    screen.rerender(table(rows, 8))
    expect(shown(screen)).toEqual(['⋮06', ' 07', '▸08', ' 09', '⋮10'])
    screen.rerender(table(rows, 3))
    expect(shown(screen)).toEqual(['▸03', ' 04', ' 05', ' 06', '⋮07'])
    screen.rerender(table(rows.slice(0, 4), 3))
    expect(shown(screen).filter((line) => line.trim())).toEqual([' 00', ' 01', ' 02', '▸03'])
  })

  it('says why it is empty', () => {
    expect(linesOf(render(table([], -1))).join('\n')).toContain('nobody watches')
  })

  it('takes the width that it is given, line by line', () => {
    const wide = rows.map((one) => ({ ...one, content: '日本語'.repeat(40), peer: `[${'f'.repeat(60)}]:1` }))
    for (const width of [60, 80, 100])
      for (const line of linesOf(render(table(wide, 2, width)))) expect(widthOf(line)).toBeLessThanOrEqual(width)
  })
})
