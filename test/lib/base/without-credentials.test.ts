import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shownValue, withoutCredentials } from '../../../src/lib/base/without-credentials.ts'

describe('an address as it is shown', () => {
  it.each([
    ['http://u:hunter2@x:1/a@b?c@d', 'http://x:1/a@b?c@d'],
    ['http://:hunter2@x', 'http://x'],
    ['https://x/@me', 'https://x/@me'],
    ['turn:u:hunter2@x:9', 'turn:x:9'],
    ['hunter2@x', 'x'],
    ['http://u:hunter2@ x/', 'http:// x/'],
    ['http://u:hun/ter2@x', 'http://x'],
  ])('%s is %s', (address, shown) => expect(withoutCredentials(address)).toBe(shown))

  it('holds no password, whatever that is made of', () => {
    const sign = fc.constantFrom(...'aZ9:@%+~!. ')
    const password = fc.array(sign, { maxLength: 20 }).map((signs) => `hunter2${signs.join('')}`)
    fc.assert(
      fc.property(fc.constantFrom('http://', 'turn:', ''), password, (scheme, secret) => {
        expect(withoutCredentials(`${scheme}:${secret}@host`)).not.toContain('hunter2')
      }),
    )
  })

  it('is so in lists, and other values are as they are', () => {
    expect(shownValue(['http://u:p@x', 'me@home'])).toEqual(['http://x', 'me@home'])
    expect([shownValue(3), shownValue(undefined), shownValue(true)]).toEqual([3, undefined, true])
  })
})
