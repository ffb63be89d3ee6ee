import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedQuality } from '../../../src/lib/feedback/fixed-quality.ts'
import { policyFor } from '../../../src/lib/feedback/policy.ts'
import { figuresOf } from '../../../src/lib/model/figures.ts'
import { qualities, qualityOfRung, rungOf } from '../../../src/lib/model/quality.ts'
import type { Rung } from '../../../src/lib/model/stream.ts'
import { counted } from '../../support/stats.ts'

const ladder = (...heights: readonly number[]): Rung[] =>
  heights.map((height, index, all) => ({
    index,
    name: qualityOfRung(index, all.length),
    width: (height * 16) / 9,
    height,
  }))
const stored = { rungs: ladder(180, 360, 720), rung: undefined, isTranscoded: false }
const made = { rungs: ladder(240, 360, 480, 720, 1080), rung: undefined, isTranscoded: true }
const decide = (state: typeof stored | { rung: number }, quality: (typeof qualities)[number], more = {}) =>
  fixedQuality.decide({ ...stored, ...state, ...more }, undefined, policyFor(quality), 5000)

describe('fixed quality', () => {
  it.each([
    ['very_low', 0],
    ['medium', 1],
    ['very_high', 2],
  ] as const)('takes %s for rung %i', (quality, index) => {
    expect(decide(stored, quality)).toEqual([
      ...[{ type: 'rung', atMs: 5000, by: 'fixed', to: stored.rungs[index] }].map((one) => ({
        ...one,
        reason: { code: 'named', values: { quality } },
      })),
    ])
  })

  it('takes the best of what is stored for auto, and of what is made the best up to 720 lines', () => {
    expect(decide(stored, 'auto')).toMatchObject([{ to: { index: 2 }, reason: { code: 'best' } }])
    expect(decide(made, 'auto')).toMatchObject([
      { to: { height: 720 }, reason: { code: 'best_within', values: { height: 720 } } },
    ])
    expect(decide(stored, 'auto', { isTranscoded: true })).toMatchObject([
      { to: { index: 2 }, reason: { code: 'best' } },
    ])
    expect(decide(made, 'very_high')).toMatchObject([{ to: { height: 1080 } }])
    const tall = { rungs: ladder(1080, 2160), isTranscoded: true }
    expect(decide(stored, 'auto', tall)).toMatchObject([{ to: { index: 0 } }])
  })

  it('says from where, and what was known', () => {
    const figures = figuresOf(counted(), undefined)
    expect(fixedQuality.decide({ ...stored, rung: 2 }, figures, policyFor('low'), 1)).toMatchObject([
      { from: { index: 2 }, to: { index: 1 }, inputs: figures },
    ])
  })

  it('decides nothing once it is so, whatever is asked for and measured', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...qualities),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        (quality, count, isMade) => {
          const rungs = ladder(...Array.from({ length: count }, (_, index) => 180 * (index + 1)))
          const state = { rungs, rung: undefined, isTranscoded: isMade }
          const [first, ...more] = fixedQuality.decide(state, undefined, policyFor(quality), 0)
          expect(more).toEqual([])
          expect(rungs).toContain(first!.to)
          if (quality !== 'auto') expect(first!.to.index).toBe(rungOf(quality, count))
          const settled = { ...state, rung: first!.to.index }
          expect(fixedQuality.decide(settled, undefined, policyFor(quality), 9)).toEqual([])
        },
      ),
    )
  })

  it('has nothing to decide where there is no picture', () => {
    expect(
      fixedQuality.decide({ rungs: [], rung: undefined, isTranscoded: false }, undefined, policyFor('low'), 0),
    ).toEqual([])
  })
})
