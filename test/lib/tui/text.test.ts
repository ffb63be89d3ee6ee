import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainText } from '../../../src/lib/base/plain-text.ts'
import { cut, cutMiddle, fitTo, widthOf } from '../../../src/lib/tui/text.ts'

describe('text by its columns', () => {
  it('knows wide, narrow and combined characters', () => {
    expect([widthOf('abc'), widthOf('日本'), widthOf('🎬'), widthOf('e\u0301'), widthOf('●▸–')]).toEqual([
      3, 4, 2, 1, 3,
    ])
  })

  it('cuts at the end or in the middle, and never through a wide character', () => {
    expect(cut('abcdef', 4)).toBe('abc…')
    expect(cut('日本語', 4)).toBe('日…')
    expect(cutMiddle('bafybeihbcfzbay', 9)).toBe('bafy…zbay')
    expect(cutMiddle('abcdef', 3)).toBe('ab…')
    expect([cut('abc', 0), cut('abc', 3)]).toEqual(['', 'abc'])
  })

  it('fills to the width exactly, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 40 }), (raw, width) => {
        const text = plainText(raw)
        expect(widthOf(fitTo(text, width))).toBe(width)
        expect(widthOf(fitTo(text, width, 'right'))).toBe(width)
        expect(widthOf(cutMiddle(text, width))).toBeLessThanOrEqual(width)
      }),
    )
  })
})
