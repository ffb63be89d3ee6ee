import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkBind, isLoopback, isWeakToken } from '../../../src/lib/model/bind.ts'

describe('an address', () => {
  it.each(['127.0.0.1', '127.255.0.9', '::1', '[::1]', '::ffff:127.0.0.1', 'LOCALHOST', 'a.localhost'])(
    'that only this machine reaches is %s',
    (host) => expect(isLoopback(host)).toBe(true),
  )

  it.each([
    '127.evil.example',
    '127.0.0.1.example.org',
    'localhost.example.org',
    'notlocalhost',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '[::]',
    '1127.0.0.1',
    '128.0.0.1',
    ' 127.0.0.1',
  ])('that others may reach is %j', (host) => expect(isLoopback(host)).toBe(false))

  it('of IPv4 is loopback in 127.0.0.0/8 alone', () => {
    const octet = fc.oneof(fc.nat(255), fc.constantFrom(12, 27, 126, 127, 128))
    fc.assert(
      fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
        expect(isLoopback(octets.join('.'))).toBe(octets[0] === 127)
      }),
    )
  })
})

describe('a token', () => {
  it('can be guessed where it is short or of the same few characters', () => {
    expect(['', 'short', 'a'.repeat(100), 'abcabcabcabcabcabc', 'abcdefgh1234567'].map(isWeakToken)).not.toContain(
      false,
    )
    expect(isWeakToken('abcdefgh12345678')).toBe(false)
  })

  it('from a good source is taken, as the hint tells', () => {
    for (let again = 0; again < 200; again++) expect(isWeakToken(randomBytes(24).toString('base64'))).toBe(false)
  })
})

describe('a bind', () => {
  const refused = (words: RegExp) =>
    expect.objectContaining({ code: 'OPEN_BIND_REFUSED', message: expect.stringMatching(words) })

  it('that others reach needs a token that nobody guesses, or to be wanted so', () => {
    expect(() => checkBind('0.0.0.0', undefined, false)).toThrow(refused(/0\.0\.0\.0 without a token/))
    expect(() => checkBind('', '', false)).toThrow(refused(/every address without a token/))
    expect(() => checkBind('10.0.0.1', 'password', false)).toThrow(refused(/can be guessed/))
    expect(() => checkBind('10.0.0.1', 'abcdefgh12345678', false)).not.toThrow()
    expect(() => checkBind('10.0.0.1', undefined, true)).not.toThrow()
    expect(() => checkBind('127.0.0.1', 'weak', false)).not.toThrow()
  })

  it('never tells the token that it refuses', () => {
    let said = ''
    try {
      checkBind('10.0.0.1', 'hunter2', false)
    } catch (error) {
      said = JSON.stringify([error, (error as Error).message])
    }
    expect(said).toContain('refused')
    expect(said).not.toContain('hunter2')
  })
})
