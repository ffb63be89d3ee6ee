import fc from 'fast-check'
import { expect, it } from 'vitest'
import { histogram, showsUnicode, sparkline } from '../../../src/lib/base/sparkline.ts'

it('rises with the values, from 0 to the most', () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8])).toBe('▁▁▂▃▄▅▆▇█')
  expect(sparkline([0, 4, 8], { unicode: false })).toBe('_-#')
  expect(sparkline([100, 101, 102], { min: 100 })).toBe('▁▄█')
  expect(sparkline([5, null, undefined, Number.NaN, 10])).toBe('▄   █')
  expect(sparkline([0, 0])).toBe('▁▁')
  expect(sparkline([])).toBe('')
})

it('has one character for each value, whatever it is', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.double())), fc.boolean(), (values, unicode) => {
      const drawn = [...sparkline(values, { unicode })]
      expect(drawn).toHaveLength(values.length)
      for (const one of drawn) expect(unicode ? ' ▁▂▃▄▅▆▇█' : ' _.:-=+*#').toContain(one)
    }),
  )
})

it('counts every value once, each in its step', () => {
  expect(histogram([1, 2, 3, 4, 5, 6, 7, 8, 9], 4)).toEqual([2, 2, 2, 3])
  expect(histogram([7, 7, 7], 3)).toEqual([3, 0, 0])
  expect(histogram([], 3)).toEqual([0, 0, 0])
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 })),
      fc.integer({ min: 1, max: 20 }),
      (values, bins) => {
        expect(histogram(values, bins).reduce((sum, count) => sum + count, 0)).toBe(values.length)
      },
    ),
  )
})

it.each([
  [{}, true],
  [{ LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'C.utf8' }, true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'de_DE.ISO-8859-1' }, false],
  [{ TERM: 'dumb', LANG: 'en_US.UTF-8' }, false],
  [{ TERM: 'xterm', LC_ALL: '', LANG: 'C.UTF-8' }, true],
])('with %j a terminal shows Unicode: %s', (env, shows) => {
  expect(showsUnicode(env)).toBe(shows)
})
