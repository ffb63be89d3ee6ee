// How options read: what is written is what can be given.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flagTextOf, helpTextOf, optionRows, valueText } from '../../../src/lib/base/help.ts'
import * as option from '../../../src/lib/base/options.ts'

describe('the help of an option', () => {
  it.each([
    ['its default', option.integer({ help: 'A port', default: 8000 }), 'A port (default: 8000)'],
    ['a default of 0', option.integer({ help: 'A port', default: 0 }), 'A port (default: 0)'],
    ['no default that is none', option.string({ help: 'A name' }), 'A name'],
    ['nothing of a switch that is off', option.boolean({ help: 'A switch' }), 'A switch'],
    ['that a switch is on', option.boolean({ help: 'A switch', default: true }), 'A switch (default: true)'],
    ['nothing of an empty list', option.list({ help: 'A list' }), 'A list'],
    ['all of a list', option.list({ help: 'A list', default: ['a', 'b'] }), 'A list (default: a, b)'],
    ['a size in its unit', option.bytes({ help: 'A size', default: 64 * 2 ** 20 }), 'A size (default: 64MiB)'],
    ['a time in seconds', option.duration({ help: 'A time', default: 30 }), 'A time (default: 30s)'],
    [
      'how a default is found',
      option.integer({ help: 'Workers', defaultText: 'cores - 1' }),
      'Workers (default: cores - 1)',
    ],
    [
      'choices, the default and what is to come',
      option.choice(['a', 'b'], { help: 'One', default: 'a', later: 'accepted' }),
      'One (a, b; default: a; accepted)',
    ],
  ])('says %s', (_what, one, text) => expect(helpTextOf(one)).toBe(text))
})

it('a flag says what follows it', () => {
  expect(flagTextOf('openBrowser', option.boolean({ help: '' }))).toBe('--open-browser')
  expect(flagTextOf('logDir', option.string({ help: '', placeholder: 'path' }))).toBe('--log-dir <path>')
  expect(flagTextOf('cids', option.list({ help: '', placeholder: 'cid', variadic: true }))).toBe('--cids <cid...>')
})

it('a row of the documentation has every name that sets the option', () => {
  const table = {
    authToken: option.string({ help: 'A token', placeholder: 'token', env: 'MCPX_TOKEN' }),
    port: option.integer({ help: 'A port', default: 8000, env: 'MCPX_PORT' }),
    level: option.choice(['a', 'b'], { help: 'A level', default: 'b', later: 'later' }),
  }
  expect(optionRows(table)).toEqual([
    {
      flag: '--auth-token <token>',
      env: 'MCPX_AUTH_TOKEN, MCPX_TOKEN',
      key: 'authToken',
      default: '',
      help: 'A token',
    },
    { flag: '--port <n>', env: 'MCPX_PORT', key: 'port', default: '8000', help: 'A port' },
    { flag: '--level <name>', env: 'MCPX_LEVEL', key: 'level', default: 'b', help: 'A level; a, b; later' },
  ])
})

it('a value that is written is read back as the same', () => {
  const size = option.bytes({ help: '' })
  const time = option.duration({ help: '' })
  fc.assert(
    fc.property(fc.nat(2 ** 20), fc.integer({ min: 0, max: 4 }), fc.nat(1e6), (count, power, seconds) => {
      const bytes = count * 1024 ** power
      fc.pre(Number.isSafeInteger(bytes))
      expect(size.parse(valueText(size, bytes))).toBe(bytes)
      expect(time.parse(valueText(time, seconds))).toBe(seconds)
    }),
  )
  expect([1025, 1536 * 2 ** 20, 2 ** 30].map((bytes) => valueText(size, bytes))).toEqual(['1025', '1536MiB', '1GiB'])
  expect(valueText(size, undefined)).toBeUndefined()
})
