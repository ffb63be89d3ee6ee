import fc from 'fast-check'
import { expect, it } from 'vitest'
import { calmJson } from '../../../src/lib/base/json-text.ts'

it('is the same JSON without control characters, whatever stands in it', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.nat(0x120).map((code) => String.fromCharCode(code)),
      fc.string({ unit: 'binary' }),
    ),
  })
  fc.assert(
    fc.property(fc.dictionary(text, text), (value) => {
      const calm = calmJson(JSON.stringify(value))
      expect(calm).not.toMatch(/\p{Cc}/u)
      expect(JSON.parse(calm)).toEqual(value)
    }),
  )
})
