import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePanelData } from '../../../src/lib/protocol/panels.ts'

describe('the data of a panel', () => {
  it('are rows', () => {
    const rows = [['Streams', 3], ['Note', '<b>'], ['Nothing', null], ['On', true], ['Wrong', { a: 1 }], [7, 1], 'x']
    expect(parsePanelData({ rows })).toEqual({
      rows: [
        ['Streams', 3],
        ['Note', '<b>'],
        ['Nothing', null],
        ['On', true],
        ['Wrong', null],
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

  it('are bounded', () => {
    const long = 'x'.repeat(10_000)
    const rows = Array.from({ length: 5000 }, () => [long, long])
    const parsed = parsePanelData({ rows }) as { rows: [string, string][] }
    expect([parsed.rows.length, parsed.rows[0]![0].length, parsed.rows[0]![1].length]).toEqual([200, 500, 500])
    const points = Array.from({ length: 9000 }, (_, at) => [at, at])
    const drawn = parsePanelData({ series: [{ label: 'a', points }] }) as { series: { points: [number][] }[] }
    expect([drawn.series[0]!.points.length, drawn.series[0]!.points.at(-1)![0]]).toEqual([2000, 8999])
  })

  it('may be anything, and then are nothing', () => {
    for (const raw of [undefined, null, 7, 'rows', [], {}, { rows: 7 }, { series: {} }])
      expect(parsePanelData(raw)).toBeUndefined()
    fc.assert(fc.property(fc.jsonValue(), (raw) => void parsePanelData(raw)))
    fc.assert(fc.property(fc.array(fc.jsonValue()), (list) => void parsePanelData({ rows: list, series: list })))
  })
})
