import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ScoreInput, streamHealth, videoQuality } from '../../../src/lib/model/score.ts'
import { reasonText, wordReason } from '../../../src/lib/model/score-words.ts'

const best: Required<ScoreInput> = {
  lossRatio: 0,
  roundTripTimeMs: 10,
  jitterMs: 1,
  underruns: 0,
  frozenRatio: 0,
  droppedRatio: 0,
  pictureHeight: 1080,
}
const fields = Object.keys(best) as (keyof ScoreInput)[]

const ratio = fc.double({ min: 0, max: 1, noNaN: true })
const input: fc.Arbitrary<Required<ScoreInput>> = fc.record({
  lossRatio: ratio,
  roundTripTimeMs: fc.double({ min: 0, max: 5000, noNaN: true }),
  jitterMs: fc.double({ min: 0, max: 1000, noNaN: true }),
  underruns: fc.nat(10),
  frozenRatio: ratio,
  droppedRatio: ratio,
  pictureHeight: fc.integer({ min: 1, max: 4320 }),
})

describe.each([
  ['stream health', streamHealth],
  ['video quality', videoQuality],
])('%s', (_name, score) => {
  it('is 100 when nothing is wrong', () => {
    expect(score(best)).toEqual({ value: 100, version: 1, reasons: [], unknown: [] })
  })

  it('is never better for a worse input', () => {
    fc.assert(
      fc.property(input, fc.constantFrom(...fields), fc.double({ min: 0, max: 1, noNaN: true }), (now, field, by) => {
        const worse = { ...now, [field]: field === 'pictureHeight' ? now[field] * (1 - by) : now[field] + by * 1000 }
        expect(score(worse).value!).toBeLessThanOrEqual(score(now).value!)
      }),
      { seed: 11, numRuns: 1000 },
    )
  })

  it('lies between 0 and 100, and is 100 less its reasons', () => {
    fc.assert(
      fc.property(input, (now) => {
        const { value, reasons } = score(now)
        expect(value).toBe(Math.max(0, 100 - reasons.reduce((sum, { points }) => sum + points, 0)))
        expect(reasons.map(({ points }) => points)).toEqual(
          reasons.map(({ points }) => points).toSorted((a, b) => b - a),
        )
      }),
      { seed: 12 },
    )
  })

  it('is unknown or below 100, never perfect, while an input of it is missing', () => {
    for (const field of fields) {
      const { [field]: _, ...rest } = best
      const { value, unknown } = score(rest)
      if (unknown.length === 0) expect(value).toBe(100)
      else expect(value ?? 0).toBeLessThan(100)
    }
    expect(score({})).toMatchObject({ reasons: [] })
    expect(score({})).not.toHaveProperty('value')
    expect(score({ ...best, lossRatio: Number.NaN, frozenRatio: Number.NaN })).not.toHaveProperty('value')
  })
})

describe('reasons', () => {
  it('name the figure, the heaviest first', () => {
    const { value, reasons } = streamHealth({ ...best, roundTripTimeMs: 340, lossRatio: 0.01 })
    expect(value).toBe(75)
    expect(reasonText(reasons.map(wordReason))).toBe('−20: RTT 340 ms, −5: loss 1.0 %')
  })

  it('tell what the viewer saw', () => {
    const { value, reasons } = videoQuality({ ...best, frozenRatio: 0.12, pictureHeight: 180 })
    expect(value).toBe(30)
    expect(reasonText(reasons.map(wordReason))).toBe('−40: picture 180p, −30: frozen for 12.0 % of the time')
  })
})
