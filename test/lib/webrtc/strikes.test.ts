import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Strikes } from '../../../src/lib/webrtc/strikes.ts'

/** How many at once it takes. */
const allowed = 20

it('are forgiven up to twenty at once', () => {
  const strikes = new Strikes()
  expect(Array.from({ length: allowed + 2 }, () => strikes.add(5000))).toEqual([
    ...Array(allowed).fill(false),
    true,
    true,
  ])
})

it('are forgiven one a second, without end', () => {
  const strikes = new Strikes()
  for (let second = 0; second < 10_000; second++) expect(strikes.add(second * 1000)).toBe(false)
})

it('are not forgiven in advance: quiet before the first, or long after it, allows no more', () => {
  const strikes = new Strikes()
  strikes.add(1e9)
  const later = Array.from({ length: allowed + 1 }, () => strikes.add(2e9))
  expect(later.indexOf(true)).toBe(allowed)
})

it('are too many exactly where a bucket of twenty that leaks one a second runs over', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3000), { maxLength: 200 }), (gapsMs) => {
      const strikes = new Strikes()
      let atMs = 0
      let level = 0
      for (const gapMs of gapsMs) {
        atMs += gapMs
        level = Math.max(0, level - gapMs / 1000) + 1
        // Sums of parts of a second: where the two stand on the edge both are right.
        if (Math.abs(level - allowed) > 1e-6) expect(strikes.add(atMs)).toBe(level > allowed)
        else strikes.add(atMs)
      }
    }),
    { seed: 1 },
  )
})
