import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesTag, parseRange } from '../../../src/lib/http/range.ts'

describe('Range', () => {
  it.each([
    [undefined, 100, { kind: 'all' }],
    ['bytes=0-', 100, { kind: 'part', start: 0, end: 100 }],
    ['bytes=0-0', 100, { kind: 'part', start: 0, end: 1 }],
    ['bytes=99-99', 100, { kind: 'part', start: 99, end: 100 }],
    ['bytes=10-1000', 100, { kind: 'part', start: 10, end: 100 }],
    ['bytes=-5', 100, { kind: 'part', start: 95, end: 100 }],
    ['bytes=-500', 100, { kind: 'part', start: 0, end: 100 }],
    ['bytes=100-', 100, { kind: 'none' }],
    ['bytes=100-200', 100, { kind: 'none' }],
    ['bytes=-0', 100, { kind: 'none' }],
    ['bytes=0-', 0, { kind: 'none' }],
    ['bytes=-5', 0, { kind: 'none' }],
    ['bytes=5-4', 100, { kind: 'all' }],
    ['bytes=-', 100, { kind: 'all' }],
    ['bytes=a-b', 100, { kind: 'all' }],
    ['bytes=0-1,5-6', 100, { kind: 'all' }],
    ['items=0-1', 100, { kind: 'all' }],
    ['bytes=0-99999999999999999', 100, { kind: 'all' }],
  ])('%s of %i', (header, size, expected) => expect(parseRange(header, size)).toEqual(expected))

  it('never leaves the file, whatever is asked', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat().map((a) => `bytes=${a}-`),
      fc.nat().map((a) => `bytes=-${a}`),
    )
    fc.assert(
      fc.property(header, fc.nat(), (text, size) => {
        const range = parseRange(text, size)
        if (range.kind !== 'part') return true
        return range.start >= 0 && range.start < range.end && range.end <= size
      }),
    )
  })

  it('gives exactly the bytes from first to last', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (a, b, size) => {
        const [first, last] = a < b ? [a, b] : [b, a]
        const range = parseRange(`bytes=${first}-${last}`, size)
        if (first >= size) return range.kind === 'none'
        return range.kind === 'part' && range.start === first && range.end === Math.min(last + 1, size)
      }),
    )
  })
})

describe('validators', () => {
  it('match strong, weak and any', () => {
    expect(matchesTag('"a"', '"a"')).toBe(true)
    expect(matchesTag('"b", W/"a"', '"a"')).toBe(true)
    expect(matchesTag('*', '"a"')).toBe(true)
    expect(matchesTag('"b"', '"a"')).toBe(false)
    expect(matchesTag(undefined, '"a"')).toBe(false)
  })
})
