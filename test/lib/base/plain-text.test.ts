import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plain, plainLines, plainText, plainTexts, wordsOf } from '../../../src/lib/base/plain-text.ts'

/** Half of them beyond Latin-1, surrogates too. */
const anyCharacter = fc.oneof(fc.nat(0xff), fc.nat(0xffff)).map((code) => String.fromCharCode(code))

describe('plain text', () => {
  it('leaves words of every script, and emoji, as they are', () => {
    for (const text of ['bafy/clip.mp4', 'Füße', '日本語.mkv', 'نص', '🎬', '']) expect(plainText(text)).toBe(text)
  })

  it('takes the power from sequences, line breaks, bidi, zero-width and stacked marks', () => {
    expect(plainText('\u001B[2J\u001B]0;owned\u0007x')).toBe('�[2J�]0;owned�x')
    expect(plainText('a\r\n\tb\u2028c')).toBe('a b c')
    expect(plainText('gpj.\u202Efdp')).toBe('gpj.�fdp')
    expect(plainText('a\u200B\uFEFFb\u009B31m')).toBe('a� b�31m')
    expect(plainText(`e${'\u0301'.repeat(50)}`)).toBe('e\u0301\u0301')
  })

  it('has no control, format or lone surrogate character left, whatever comes, and is done at once', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        const plain = plainText(text)
        expect(plain).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect(plainText(plain)).toBe(plain)
      }),
    )
  })

  it('reaches every text and every name in a value, and not deeper than anybody looks', () => {
    expect(plainTexts({ a: ['\u0007', { '\u0007b': 1 }], n: null, t: true })).toEqual({
      a: ['�', { '�b': 1 }],
      n: null,
      t: true,
    })
    const deep = JSON.parse('['.repeat(3000) + ']'.repeat(3000)) as unknown
    expect(JSON.stringify(plainTexts(deep)).length).toBeLessThan(100)
  })
})

describe('text of several lines', () => {
  it('keeps its lines and tabs, and nothing else that a terminal obeys', () => {
    expect(plainLines('a\tb\r\nc\n')).toBe('a\tb\r\nc\n')
    expect(plainLines('done\rfailed\u001B[1A\u2028x')).toBe('done failed�[1A x')
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        const shown = plainLines(text)
        expect(shown.replaceAll(/\r\n|[\n\t]/g, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect(shown.split('\n')).toHaveLength(text.split('\n').length)
      }),
    )
  })

  it('is ours in a template, and of others only what is put in', () => {
    expect(plain`one\n${'two\nthree'}\n${7}${undefined}`).toBe('one\ntwo three\n7undefined')
  })
})

describe('words', () => {
  it('are there for any value, also for one that throws at String', () => {
    expect([7, null, 'a', ['a', 1], new Error('torn')].map(wordsOf)).toEqual(['7', 'null', 'a', 'a,1', 'Error: torn'])
    expect([JSON.parse('{"toString":1}'), Object.create(null)].map(wordsOf)).toEqual(['[object]', '[object]'])
    expect(wordsOf(JSON.parse('['.repeat(5000) + ']'.repeat(5000)))).toBeTypeOf('string')
    fc.assert(fc.property(fc.anything({ withNullPrototype: true }), (value) => typeof wordsOf(value) === 'string'))
  })
})
