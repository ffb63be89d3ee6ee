import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TokenBucket } from '../../../src/lib/base/token-bucket.ts'

describe('a token bucket', () => {
  it('lets a burst through at once, and then as much a second as it is refilled', () => {
    const bucket = new TokenBucket({ burst: 10, perSecond: 5 })
    const passed = (nowMs: number) => Array.from({ length: 100 }).filter(() => bucket.take(1, nowMs)).length
    expect(passed(0)).toBe(10)
    expect(passed(199)).toBe(0)
    expect(passed(200)).toBe(1)
    expect(passed(1200)).toBe(5)
    expect(passed(3_600_000)).toBe(10)
  })

  it('takes nothing from who asks for too much', () => {
    const bucket = new TokenBucket({ burst: 1000, perSecond: 1000 })
    expect(bucket.take(1001, 0)).toBe(false)
    expect(bucket.take(1000, 0)).toBe(true)
    expect(bucket.take(1, 0)).toBe(false)
  })

  it('never lets more through than the burst and the refill of the time that passed', () => {
    const asks = fc.array(fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 300 })), { maxLength: 200 })
    fc.assert(
      fc.property(asks, (steps) => {
        const bucket = new TokenBucket({ burst: 100, perSecond: 200 })
        let nowMs = 0
        let taken = 0
        for (const [waitMs, tokens] of steps) {
          nowMs += waitMs
          if (bucket.take(tokens, nowMs)) taken += tokens
        }
        expect(taken).toBeLessThanOrEqual(100 + (nowMs * 200) / 1000 + 1e-6)
      }),
      { seed: 3 },
    )
  })
})
