import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { figureIds, figures, formatFigure } from '../../../../src/web/dashboard/figures.ts'
import { distinctKeys } from '../../../../src/web/dashboard/stable.ts'
import {
  bytesText,
  clockText,
  detailsText,
  minuteText,
  plainName,
  shortSpanText,
  spanText,
  valueText,
} from '../../../../src/web/dashboard/words.ts'

const day = 86_400_000

describe('a span', () => {
  it.each([
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1000, '1.0 s'],
    [9940, '9.9 s'],
    [9960, '10 s'],
    [59_499, '59 s'],
    [59_700, '1 min 0 s'],
    [3_599_000, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
    [day - 1, '23 h 59 min'],
    [day, '1 d 0 h'],
    [-1, '–'],
  ])('of %d ms is %j', (ms, text) => expect(spanText(ms)).toBe(text))

  it('never has a unit that is full', () => {
    const full = /\b(1000 ms|60\.0 s|60 s|60 min|24 h)\b/
    const ms = fc.oneof(fc.double({ min: 0, max: 100_000, noNaN: true }), fc.integer({ min: 0, max: 10 * day }))
    fc.assert(fc.property(ms, (one) => void expect(spanText(one)).not.toMatch(full)))
  })

  it('is short by its greatest unit', () => {
    expect([350, 3240, 3_660_000, 2 * day].map(shortSpanText)).toEqual(['350 ms', '3.2 s', '1 h', '2 d'])
  })
})

describe('a size', () => {
  it.each([
    [0, '0 KiB'],
    [2 ** 20 - 1, '1 MiB'],
    [2 ** 20, '1 MiB'],
    [2 ** 30 - 1, '1.0 GiB'],
    [1.5 * 2 ** 30, '1.5 GiB'],
  ])('of %d bytes is %j', (bytes, text) => expect(bytesText(bytes)).toBe(text))
})

describe('a time of day', () => {
  it('has two digits each, of the place where the page is', () => {
    const at = new Date(2026, 0, 2, 3, 4, 5)
    expect([clockText(at.getTime()), minuteText(at.getTime())]).toEqual(['03:04:05', '03:04'])
  })
})

describe('names', () => {
  it.each([
    ['dtls_failed', 'DTLS failed'],
    ['ice', 'ICE'],
    ['device', 'Device'],
    ['', ''],
    ['constructor', 'Constructor'],
    ['<b>x</b>', '<b>x</b>'],
  ])('%j is %j', (name, text) => expect(plainName(name)).toBe(text))
})

describe('details', () => {
  it.each([
    [undefined, ''],
    ['text', ''],
    [{}, ''],
    [{ from: 'a', only: 1 }, 'from a, only 1'],
    [{ from: 0, to: false }, '0 → false'],
    [{ some_name: { deep: [1] } }, 'some name {"deep":[1]}'],
    [{ nothing: null }, 'nothing null'],
  ])('%j say %j', (details, text) => expect(detailsText(details)).toBe(text))

  it('are bounded, whatever they are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (details) => void expect(detailsText(details).length).toBeLessThanOrEqual(500)),
    )
  })
})

describe('figures', () => {
  it.each([
    ['lossRatio', 0.0314, '3.1 %'],
    ['roundTripMs', 9.94, '9.9 ms'],
    ['roundTripMs', 9.96, '10 ms'],
    ['roundTripMs', 240.4, '240 ms'],
    ['bufferS', 3.72, '3.7 s'],
    ['framesPerSecond', 29.97, '30.0'],
    ['health', 74.6, '75'],
    ['bitrateBps', 2_410_000, '2.4 Mbps'],
  ] as const)('%s of %d is %j', (id, value, text) => expect(formatFigure(id, value)).toBe(text))

  it('each have a name, a short one, and room above zero', () => {
    for (const id of figureIds) {
      const { label, short, top, isFixed } = figures[id]
      expect(label.length, id).toBeGreaterThanOrEqual(short.length)
      expect(top, id).toBeGreaterThan(0)
      expect(typeof isFixed).toBe('boolean')
      expect(formatFigure(id, undefined)).toBe('–')
      expect(formatFigure(id, 0)).toMatch(/^0/)
    }
  })
})

describe('values of plugins', () => {
  it.each([
    [false, '', 'no'],
    ['', 'EUR', ' EUR'],
    [0, '', '0'],
    [-0.5, '%', '-0.5 %'],
    [null, '', '–'],
  ])('%j with the unit %j is %j', (value, unit, text) => expect(valueText(value, unit)).toBe(text))
})

describe('keys', () => {
  it('differ whatever the texts are, and stay when more comes after', () => {
    const texts = fc.array(fc.constantFrom('a', 'a 2', 'a 3', '2 a', '1 a', ''), { maxLength: 12 })
    fc.assert(
      fc.property(texts, texts, (first, more) => {
        const keys = distinctKeys(first)
        expect(new Set(keys).size).toBe(first.length)
        expect(distinctKeys([...first, ...more]).slice(0, first.length)).toEqual(keys)
      }),
    )
  })
})
