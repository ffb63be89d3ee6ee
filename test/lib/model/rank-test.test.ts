import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../../src/lib/base/random.ts'
import { holm, leastP, mannWhitney } from '../../../src/lib/model/rank-test.ts'

describe('the Mann-Whitney test gives what is published', () => {
  it('Hollander & Wolfe 1973, p. 69f., in R: ?wilcox.test, "W = 35, p-value = 0.1272" one-sided, exact', () => {
    const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    const y = [1.15, 0.88, 0.9, 0.74, 1.21]
    const found = mannWhitney(y, x)!
    expect(found).toMatchObject({ u: 35, method: 'exact' })
    expect(found.pValue / 2).toBeCloseTo(0.1272, 4)
  })

  it('airquality, Ozone in May and August, in R: ?wilcox.test, "W = 127.5, p-value = 0.0001208", with ties', () => {
    const may = [41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37]
    const august = [
      39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84, 85,
    ]
    const found = mannWhitney(august, may)!
    expect(found).toMatchObject({ u: 127.5, method: 'normal' })
    expect(found.pValue).toBeCloseTo(0.0001208, 7)
  })

  it('mtcars, mpg by am, in R: "W = 42, p-value = 0.001871", with ties', () => {
    const automatic = [
      21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 21.5, 15.5, 15.2, 13.3, 19.2,
    ]
    const manual = [21, 21, 22.8, 32.4, 30.4, 33.9, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4]
    const found = mannWhitney(manual, automatic)!
    expect(found.u).toBe(42)
    expect(found.pValue).toBeCloseTo(0.001871, 6)
  })

  it('scipy.stats.mannwhitneyu, its example: U = 17, p = 0.1111 exact', () => {
    const found = mannWhitney([20, 11, 17, 12], [19, 22, 16, 29, 24])!
    expect(found.u).toBe(17)
    expect(found.pValue).toBeCloseTo(0.1111111111, 9)
  })
})

it('is the share of all ways to deal out the ranks, for every small group', () => {
  for (const [m, n] of [
    [1, 1],
    [2, 3],
    [4, 4],
    [3, 6],
  ] as const) {
    const us = ways(m + n, m).map((places) => uOf(places, m + n))
    for (const places of ways(m + n, m)) {
      const u = uOf(places, m + n)
      const tail = Math.min(us.filter((one) => one <= u).length, us.filter((one) => one >= u).length)
      const a = places
      const b = Array.from({ length: m + n }, (_, at) => at).filter((one) => !places.includes(one))
      expect(mannWhitney(a, b)!.pValue).toBeCloseTo(Math.min(1, (2 * tail) / us.length), 12)
    }
    expect(Math.min(...ways(m + n, m).map((a) => exactOf(a, m + n)))).toBeCloseTo(leastP(m, n), 12)
  }
})

const exactOf = (a: readonly number[], all: number) =>
  mannWhitney(
    a,
    Array.from({ length: all }, (_, at) => at).filter((one) => !a.includes(one)),
  )!.pValue
const ways = (all: number, take: number, from = 0): number[][] =>
  take === 0
    ? [[]]
    : Array.from({ length: all - from }, (_, at) => from + at).flatMap((first) =>
        ways(all, take - 1, first + 1).map((rest) => [first, ...rest]),
      )
const uOf = (a: readonly number[], all: number) =>
  a.reduce(
    (sum, one) => sum + Array.from({ length: all }, (_, at) => at).filter((b) => !a.includes(b) && b > one).length,
    0,
  )

it('does not depend on the order of groups or values, nor on what keeps the ranks', () => {
  const values = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(values, values, (a, b) => {
      const one = mannWhitney(a, b)!
      const turned = mannWhitney(b, a)!
      expect(one.u + turned.u).toBe(a.length * b.length)
      expect(turned.pValue).toBeCloseTo(one.pValue, 12)
      const other = (list: number[]) => list.map((value) => Math.exp(value / 50)).reverse()
      expect(mannWhitney(other(a), other(b))!.pValue).toBeCloseTo(one.pValue, 12)
      expect(one.pValue).toBeGreaterThan(0)
      expect(one.pValue).toBeLessThanOrEqual(1)
    }),
  )
})

it('takes waits without end for the longest, and equal among themselves', () => {
  const endless = [1, 2, 3, Infinity, Infinity]
  expect(mannWhitney(endless, [1, 2, 3, 9, 9])).toEqual(mannWhitney([1, 2, 3, 10, 10], [1, 2, 3, 9, 9]))
  expect(mannWhitney([Infinity, Infinity], [Infinity])).toMatchObject({ u: 1, pValue: 1 })
  expect(mannWhitney([], [1])).toBeUndefined()
})

it('goes over from exact to approximate without a step', () => {
  const a = Array.from({ length: 49 }, (_, at) => at + 0.5)
  const b = Array.from({ length: 49 }, (_, at) => at + 8)
  const exact = mannWhitney(a, b)!
  // One tie is enough.
  const normal = mannWhitney(a, [8.5, ...b.slice(1)])!
  expect([exact.method, normal.method]).toEqual(['exact', 'normal'])
  expect(Math.abs(exact.pValue - normal.pValue) / exact.pValue).toBeLessThan(0.05)
})

it('finds a difference that is none in about α of the cases', () => {
  const random = seeded(3)
  const draw = (count: number) => Array.from({ length: count }, () => Math.round(20 * (random() + random())))
  for (const count of [12, 60]) {
    const cases = 2000
    const found = Array.from({ length: cases }, () => mannWhitney(draw(count), draw(count))!.pValue < 0.05)
    const share = found.filter(Boolean).length / cases
    expect(share).toBeGreaterThan(0.03)
    expect(share).toBeLessThan(0.065)
  }
})

it('corrects for several tests as R does: p.adjust(c(0.01, 0.02, 0.03, 0.005), "holm")', () => {
  const rounded = holm([0.01, 0.02, 0.03, 0.005]).map((p) => Number(p.toFixed(6)))
  expect(rounded).toEqual([0.03, 0.04, 0.04, 0.02])
  expect(holm([0.9, 0.8])).toEqual([1, 1])
  expect(holm([])).toEqual([])
})
