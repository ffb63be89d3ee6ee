import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseQuality, qualities, qualityNames, qualityOfRung, rungOf } from '../../../src/lib/model/quality.ts'

describe('quality', () => {
  it('is a name, or a number in five equal bands', () => {
    for (const name of qualities) expect(parseQuality(name)).toBe(name)
    expect([0, 19, 20, 59, 60, 79, 80, 100].map(parseQuality)).toEqual([
      'very_low',
      'very_low',
      'low',
      'medium',
      'high',
      'high',
      'very_high',
      'very_high',
    ])
    expect(parseQuality('80')).toBe('very_high')
  })

  it.each(['fixed', 'best', '', -1, 101, 1.5, Number.NaN, null, {}])('is never %j, and the error names it', (value) => {
    expect(() => parseQuality(value)).toThrow(JSON.stringify(value))
  })

  it('reads fixed for a rung that is alone, and its own name for each of five', () => {
    expect(qualityOfRung(0, 1)).toBe('fixed')
    expect(qualityOfRung(0, 0)).toBe('fixed')
    expect(qualityNames.map((_, rung) => qualityOfRung(rung, 5))).toEqual(qualityNames)
  })

  it('names the rung that its name picks, on any ladder of up to five', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.nat(4), (rungCount, wanted) => {
        const rung = Math.min(wanted, rungCount - 1)
        const name = qualityOfRung(rung, rungCount)
        expect(name).not.toBe('fixed')
        if (name !== 'fixed') expect(rungOf(name, rungCount)).toBe(rung)
      }),
    )
  })

  it('never picks a lower rung for a higher name', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (rungCount) => {
        const rungs = qualityNames.map((name) => rungOf(name, rungCount))
        expect(rungs).toEqual(rungs.toSorted((a, b) => a - b))
        expect([rungs[0], rungs.at(-1)]).toEqual([0, rungCount - 1])
      }),
    )
  })
})
