import fc from 'fast-check'
import { expect, it } from 'vitest'
import { unwrap } from '../../../../src/lib/webrtc/rtp/unwrap.ts'

it('finds the number that was meant, as far as half a round away', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(8, 16, 24),
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      fc.nat(2 ** 24 - 1),
      (bits, near, at) => {
        const meant = near + 1 - 2 ** (bits - 1) + (at % 2 ** bits)
        const onWire = ((meant % 2 ** bits) + 2 ** bits) % 2 ** bits
        expect(unwrap(onWire, near, 2 ** bits)).toBe(meant)
      },
    ),
  )
})
