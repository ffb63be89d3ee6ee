// Lines of JSON as a person reads them: short, one line each, whatever stands in them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toLogText } from '../../../src/lib/base/log-text.ts'

/** Half of them beyond Latin-1, surrogates too. */
const anyCharacter = fc.oneof(fc.nat(0xff), fc.nat(0xffff)).map((code) => String.fromCharCode(code))

/** What stands behind the time of day. */
const said = (line: object): string => toLogText(JSON.stringify({ time: '2026-05-04T12:00:05Z', ...line })).slice(9)

describe('a line', () => {
  it('has its time of day, its words and its fields, and its level where that is not the usual one', () => {
    expect(said({ level: 'info', msg: 'stream opened', worker: 0 })).toBe('stream opened  worker=0\n')
    expect(said({ level: 'warn', msg: 'slow' })).toBe('warn: slow\n')
    const time = new Date('2026-05-04T12:00:05Z').toTimeString().slice(0, 8)
    expect(toLogText('{"level":"info","time":"2026-05-04T12:00:05Z","msg":"a"}')).toBe(`${time} a\n`)
  })

  it('does without a time or words', () => {
    expect(toLogText('{"level":"info","msg":"a"}')).toBe('--:--:-- a\n')
    expect(toLogText('{"level":"info","time":"soon","msg":"a"}')).toBe('--:--:-- a\n')
    expect(said({ level: 'info', a: 1 })).toBe('  a=1\n')
  })

  it('says of an error what it says itself', () => {
    expect(said({ level: 'error', msg: 'failed', err: { message: 'torn', stack: 'at x' } })).toBe(
      'error: failed  error=torn\n',
    )
    expect(said({ level: 'error', msg: 'failed', err: 'words' })).toBe('error: failed  error=words\n')
  })

  it('shortens ids and what is long, so that it can still be told from others', () => {
    const stream = '1ae49e11-0000-4000-8000-00000000abcd'
    const cid = 'bafybeihbcfzbay5n3uehiqr2d76sgcjek537tzb5u32oz7lujzvsakp42e'
    expect(said({ level: 'info', msg: 'a', stream, cid })).toBe('a  stream=1ae49e11 cid=bafybeihbcfz…akp42e\n')
  })

  it('quotes texts that would look like two fields, and writes other values as JSON', () => {
    expect(said({ level: 'info', msg: 'a', why: 'b c=d' })).toBe('a  why="b c=d"\n')
    expect(said({ level: 'info', msg: 'a', list: [1, 'x'], none: null })).toBe('a  list=[1,"x"] none=null\n')
  })

  it.each(['no JSON', '[1]', '7', 'null', ''])('stays as it is where it is %j', (text) => {
    expect(toLogText(text)).toBe(text)
  })

  it('is one line that moves no cursor, whoever wrote its names and values', () => {
    const text = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.constantFrom('\u001B[2J', 'a\r\nb', '\u202Eevil', '\u0085'),
    )
    const value = fc.oneof(text, fc.array(text), fc.record({ message: text }), fc.constant({ toString: 1 }))
    const name = fc.oneof(text, fc.constantFrom('level', 'msg', 'err', 'time', '__proto__'))
    fc.assert(
      fc.property(fc.dictionary(name, value), (line) => {
        const shown = toLogText(JSON.stringify(line))
        expect(shown.endsWith('\n')).toBe(true)
        expect(shown.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})
