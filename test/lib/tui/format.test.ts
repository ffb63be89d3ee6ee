import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type figureUnits, sampleFigures } from '../../../src/lib/model/figure-table.ts'
import {
  bitrate,
  clockTime,
  duration,
  figureViews,
  milliseconds,
  qualityText,
  ratio,
  seconds,
  unitColumn,
  whole,
} from '../../../src/lib/tui/format.ts'

const factors: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, '%': 0.01, '': 1 }
/** What a person reads out of it. */
const meant = (text: string): number => {
  const [, digits, unit = ''] = /^([\d.]+)([kM%]?)$/.exec(text)!
  return Number(digits) * factors[unit]!
}

describe('a figure', () => {
  it('is rounded, and never by more than it shows', () => {
    const amount = fc.double({ min: 0, max: 9.9e8, noNaN: true })
    fc.assert(
      fc.property(amount, (value) => {
        expect(Math.abs(meant(bitrate(value)) - value)).toBeLessThanOrEqual(Math.max(500, value * 0.005))
        const part = value / 9.9e8
        if (ratio(part) !== '<.1%') expect(Math.abs(meant(ratio(part)) - part)).toBeLessThanOrEqual(0.00501)
        const ms = value / 1e5
        expect(Math.abs(meant(milliseconds(ms)) - ms)).toBeLessThanOrEqual(0.501)
        expect(Math.abs(meant(seconds(ms)) - ms)).toBeLessThanOrEqual(0.501)
      }),
    )
  })

  it('goes over to the next unit without a jump', () => {
    expect([499, 500, 999_499, 999_500, 9_994_999, 9_995_000, 99_949_999, 99_950_000].map(bitrate)).toEqual([
      ...['0', '1k', '999k', '1.00M', '9.99M', '10.0M', '99.9M', '100M'],
    ])
    expect([0, 0.000_1, 0.000_5, 0.099_4, 0.099_5].map(ratio)).toEqual(['0.0%', '<.1%', '0.1%', '9.9%', '10%'])
    expect([9.94, 9.95, 0].map(milliseconds)).toEqual(['9.9', '10', '0'])
    expect([99.94, 99.95].map(seconds)).toEqual(['99.9', '100'])
  })

  it('that is not known is a dash in each of them, never 0', () => {
    for (const show of [bitrate, ratio, milliseconds, seconds, whole, duration, clockTime])
      expect([null, undefined, Number.NaN, Number.POSITIVE_INFINITY].map(show)).toEqual(['–', '–', '–', '–'])
    expect(clockTime(9e15)).toBe('–')
  })

  it('fits the column of its unit as far as it is plausible', () => {
    const most = { bps: 9.9e8, ratio: 1, ms: 9999, s: 3600, fps: 240, points: 100 }
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(most) as (keyof typeof figureUnits)[])), share, (unit, part) => {
        const { show, width } = unitColumn(unit)
        expect(show(part * most[unit]).length).toBeLessThanOrEqual(width)
      }),
    )
  })
})

describe('a figure in words', () => {
  it('has its unit, and none where it is not known', () => {
    const said = (value: number) => sampleFigures.map((name) => figureViews[name].say(value))
    expect(said(0)).toEqual(['0 bit/s', '0.0%', '0 ms', '0 ms', '0.0 s', '0.0 fps', '0', '0'])
    expect(figureViews.bitrateBps.say(812_000)).toBe('812 kbit/s')
    expect(figureViews.bitrateBps.say(2_410_000)).toBe('2.41 Mbit/s')
    for (const name of sampleFigures) expect(figureViews[name].say(null), name).toBe('–')
  })
})

describe('a quality', () => {
  it('is what was asked for and what is sent, in one word where they are the same', () => {
    expect(qualityText('auto', 'very_high')).toBe('auto→vhigh')
    expect(qualityText('medium', 'medium')).toBe('med')
    expect(qualityText('low', undefined)).toBe('low→–')
    expect(qualityText('auto', 'fixed')).toBe('auto→fixed')
    expect(qualityText('very_low', 'very_high', false)).toBe('very_low→very_high')
  })
})
