import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type PanelFigures,
  type PanelSeries,
  type PanelTable,
  panelLimits,
  parsePanelData,
  parsePanelList,
} from '../../../src/lib/protocol/panels.ts'

describe('the data of a panel', () => {
  it('are figures', () => {
    const figures = [
      { label: 'Streams', value: 3, unit: '/h', note: 'today' },
      { label: '<b>', value: '<img>', unit: 7 },
      { label: 'Nothing', value: null },
      { label: 'On', value: true },
      { label: 'Wrong', value: { a: 1 } },
      { label: 'Endless', value: Number.POSITIVE_INFINITY },
      { label: 7, value: 1 },
      'x',
      null,
    ]
    expect(parsePanelData({ figures })).toEqual({
      figures: [
        { label: 'Streams', value: 3, unit: '/h', note: 'today' },
        { label: '<b>', value: '<img>' },
        { label: 'Nothing', value: null },
        { label: 'On', value: true },
        { label: 'Wrong', value: null },
        { label: 'Endless', value: null },
      ],
    })
  })

  it('or series, in the order of time and without what is no point', () => {
    const points = [[2000, 5], [1000, null], ['1', 2], [3000, 'x'], null, [4000, Number.NaN]]
    expect(parsePanelData({ series: [{ label: 'Cost', unit: 'EUR', points }, { label: 3 }, null] })).toEqual({
      series: [
        {
          label: 'Cost',
          unit: 'EUR',
          points: [
            [1000, null],
            [2000, 5],
          ],
        },
      ],
    })
  })

  it('or a table, each row as wide as its head', () => {
    const rows = [['a', 1, 'too much'], [true], 'no row', [{}, Number.NaN]]
    expect(parsePanelData({ columns: ['Name', 7], rows })).toEqual({
      columns: ['Name', ''],
      rows: [
        ['a', 1],
        [true, null],
        [null, null],
      ],
    })
  })

  it('are bounded', () => {
    const long = 'x'.repeat(10_000)
    const many = <T>(one: T) => Array.from({ length: 9000 }, () => one)
    const { figures } = parsePanelData({ figures: many({ label: long, value: long, unit: long }) }) as PanelFigures
    expect(figures).toHaveLength(panelLimits.figures)
    expect([figures[0]!.label.length, String(figures[0]!.value).length, figures[0]!.unit!.length]).toEqual([
      500, 500, 20,
    ])
    const table = parsePanelData({ columns: many(long), rows: many(many(long)) }) as PanelTable
    expect([table.columns.length, table.rows.length, table.rows[0]!.length]).toEqual([20, 200, 20])
    const points = Array.from({ length: 9000 }, (_, at) => [at, at])
    const { series } = parsePanelData({ series: many({ label: 'a', points }) }) as PanelSeries
    expect([series.length, series[0]!.points.length, series[0]!.points.at(-1)![0]]).toEqual([8, 2000, 8999])
  })

  it('may be anything, and then are nothing', () => {
    for (const raw of [undefined, null, 7, 'rows', [], {}, { rows: [] }, { columns: [] }, { series: {} }])
      expect(parsePanelData(raw)).toBeUndefined()
    fc.assert(fc.property(fc.jsonValue(), (raw) => void parsePanelData(raw)))
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom('figures', 'series', 'rows'), (list, name) => {
        expect(parsePanelData({ columns: list, [name]: list })).toBeDefined()
      }),
    )
  })
})

describe('the list of panels', () => {
  it('has only those of this server', () => {
    const good = { id: 'a.b', title: 'B', url: '/api/v0/plugins/a/b', everyS: 5 }
    const others = [
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example',
      '/\t/evil.example',
      'javascript:alert(1)',
      7,
    ]
    const panels = [good, ...others.map((url) => ({ ...good, url })), { ...good, everyS: 0 }, { ...good, id: 1 }, null]
    expect(parsePanelList({ panels })).toEqual([good])
    for (const raw of [undefined, null, 7, [], {}, { panels: 7 }]) expect(parsePanelList(raw)).toEqual([])
  })
})
