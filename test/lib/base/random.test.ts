import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seeded } from '../../../src/lib/base/random.ts'

const drawn = (seed: number, count: number) => {
  const draw = seeded(seed)
  return Array.from({ length: count }, draw)
}

it('the same seed draws the same, another one something else', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 2 }), (seed) => {
      expect(drawn(seed, 20)).toEqual(drawn(seed, 20))
      expect(drawn(seed, 20)).not.toEqual(drawn(seed + 1, 20))
    }),
  )
})

it('numbers are from 0 up to 1, and as many in each tenth, also of seeds that are no whole numbers', () => {
  for (const seed of [0, 1, -1, 2 ** 40, 0.5]) {
    const tenths = new Array<number>(10).fill(0)
    const values = drawn(seed, 20_000)
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
    for (const value of values) tenths[Math.floor(value * 10)]!++
    // Five standard deviations.
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(20_000 * 0.09))
  }
})

it('what was drawn says nothing of what comes next', () => {
  const values = drawn(7, 20_000)
  const sum = values.slice(1).reduce((total, value, at) => total + (value - 0.5) * (values[at]! - 0.5), 0)
  expect(Math.abs(sum / values.length)).toBeLessThan(5 / 12 / Math.sqrt(values.length))
})
