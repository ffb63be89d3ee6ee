import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decisionCodes, decisionWords } from '../../../src/lib/model/decision.ts'

it('a decision says why in words, with what it knew', () => {
  expect(decisionWords('best_within', { height: 720 })).toBe('it is the best up to 720p')
  expect(decisionWords('named', { quality: 'low' })).toBe('it is what low means here')
  expect(decisionWords('request')).toBe('somebody asked the server for it')
})

it('a code that is not known is said as it is, also one that every object has', () => {
  for (const code of ['loss_high', 'toString', 'constructor', '__proto__', '']) expect(decisionWords(code)).toBe(code)
  fc.assert(
    fc.property(fc.string(), (code) => {
      fc.pre(!(decisionCodes as readonly string[]).includes(code))
      expect(decisionWords(code, { height: 1 })).toBe(code)
    }),
  )
})
