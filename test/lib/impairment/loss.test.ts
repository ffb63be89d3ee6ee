import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { burstStart, LossProcess, leastBurst } from '../../../src/lib/impairment/loss.ts'

/** Lengths of the runs of losses, and how many of all were lost. */
function observe(seed: number, count: number, ratio: number, burstLength?: number) {
  const loss = new LossProcess(seed)
  const bursts: number[] = []
  let lost = 0
  let run = 0
  for (let i = 0; i < count; i++) {
    if (loss.isLost(ratio, burstLength)) {
      lost++
      run++
    } else if (run > 0) {
      bursts.push(run)
      run = 0
    }
  }
  return { ratio: lost / count, bursts, meanBurst: bursts.reduce((sum, length) => sum + length, 0) / bursts.length }
}

describe('losses', () => {
  it.each([0.01, 0.05, 0.2])('come by themselves, at a share of %d', (ratio) => {
    const { ratio: seen, meanBurst } = observe(7, 400_000, ratio)
    expect(seen / ratio).toBeCloseTo(1, 1)
    expect(meanBurst).toBeCloseTo(1 / (1 - ratio), 1)
  })

  it.each([
    [0.02, 3],
    [0.05, 8],
    [0.3, 2],
    [0.5, 1],
    [0.1, 1],
  ])('come in bursts: a share of %d, %d packets long', (ratio, length) => {
    const { ratio: seen, meanBurst } = observe(11, 1_000_000, ratio, length)
    expect(Math.abs(seen / ratio - 1)).toBeLessThan(0.03)
    expect(Math.abs(meanBurst / length - 1)).toBeLessThan(0.03)
  })

  it('are geometric in length, as two states make them', () => {
    const { bursts } = observe(3, 1_000_000, 0.05, 4)
    const atLeast = (length: number) => bursts.filter((one) => one >= length).length / bursts.length
    for (const length of [2, 3, 5, 8]) expect(atLeast(length)).toBeCloseTo(0.75 ** (length - 1), 1)
  })

  it('are never beside each other in bursts of one', () => {
    expect(new Set(observe(5, 100_000, 0.4, 1).bursts)).toEqual(new Set([1]))
  })

  it('are all or none at the ends', () => {
    expect(observe(1, 1000, 0).ratio).toBe(0)
    expect(observe(1, 1000, 1).ratio).toBe(1)
    expect(observe(1, 1000, 0, 5).ratio).toBe(0)
  })

  it('can begin bursts only where these are long enough', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), (ratio) => {
        const least = leastBurst(ratio)
        expect(burstStart(ratio, least)).toBeLessThanOrEqual(1 + 1e-9)
        if (least > 1) expect(burstStart(ratio, least * 0.99)).toBeGreaterThan(1)
      }),
      { seed: 4 },
    )
  })

  it('are the same with the same seed, whatever was asked for before', () => {
    const lossesAfter = (ratio: number) => {
      const loss = new LossProcess(9)
      for (let i = 0; i < 100; i++) loss.isLost(ratio)
      return Array.from({ length: 200 }, () => loss.isLost(0.3))
    }
    expect(lossesAfter(0)).toEqual(lossesAfter(0.7))
    expect(lossesAfter(0)).toContain(true)
  })
})
