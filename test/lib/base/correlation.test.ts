import { describe, expect, it } from 'vitest'
import { correlationId, isCorrelationId, withCorrelation } from '../../../src/lib/base/correlation.ts'

describe('the id of the request', () => {
  it('is found wherever its work gets to, and nowhere else', async () => {
    const found: [string, string | undefined][] = []
    const work = (id: string) =>
      withCorrelation(id, async () => {
        await Promise.resolve()
        await new Promise((resolve) => setImmediate(resolve))
        found.push([id, correlationId()])
      })
    await Promise.all([work('a'), work('b')])
    expect(found).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ])
    expect(correlationId()).toBeUndefined()
  })

  it('is that of the inner request while it lasts, also where that throws', () => {
    withCorrelation('outer', () => {
      expect(() =>
        withCorrelation('inner', () => {
          throw new Error(correlationId())
        }),
      ).toThrow('inner')
      expect(correlationId()).toBe('outer')
    })
  })
})

describe('an id from outside', () => {
  it.each(['a', 'req-1.2:3_4', 'x'.repeat(128)])('is taken where it is %j', (text) => {
    expect(isCorrelationId(text)).toBe(true)
  })
  it.each(['', 'x'.repeat(129), 'a b', 'a\n', '\u001B[2J', 'é', '"', undefined, null, 7, ['a']])(
    'is not taken where it is %j',
    (text) => {
      expect(isCorrelationId(text)).toBe(false)
    },
  )
})
