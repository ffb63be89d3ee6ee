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

/** What version 1 takes off, below, at and above each of its bounds: who changes a number here changes scoreVersion too. */
describe('the points of version 1', () => {
  const health = { lossRatio: 0, roundTripTimeMs: 0, jitterMs: 0, underruns: 0, frozenRatio: 0 }
  const picture = { pictureHeight: 1080, frozenRatio: 0, droppedRatio: 0 }
  const taken = (score: (input: ScoreInput) => { value?: number }, input: ScoreInput) => 100 - score(input).value!

  it.each<[keyof typeof health, readonly (readonly [value: number, points: number])[]]>([
    [
      'lossRatio',
      [
        [0.005, 0],
        [0.0051, 5],
        [0.02, 5],
        [0.021, 15],
        [0.05, 15],
        [0.051, 30],
        [0.1, 30],
        [0.11, 50],
        [1, 50],
      ],
    ],
    [
      'roundTripTimeMs',
      [
        [100, 0],
        [101, 5],
        [200, 5],
        [201, 10],
        [300, 10],
        [301, 20],
        [500, 20],
        [501, 40],
        [1e9, 40],
      ],
    ],
    [
      'jitterMs',
      [
        [20, 0],
        [21, 5],
        [50, 5],
        [51, 10],
        [100, 10],
        [101, 15],
        [200, 15],
        [201, 20],
        [1e9, 20],
      ],
    ],
    [
      'underruns',
      [
        [0, 0],
        [1, 30],
        [2, 40],
        [3, 50],
        [99, 50],
      ],
    ],
    [
      'frozenRatio',
      [
        [0, 0],
        [0.001, 5],
        [0.05, 5],
        [0.051, 15],
        [0.1, 15],
        [0.11, 30],
        [0.2, 30],
        [0.21, 50],
        [1, 50],
      ],
    ],
  ])('for the health by %s', (field, steps) => {
    for (const [value, points] of steps)
      expect(taken(streamHealth, { ...health, [field]: value }), `${value}`).toBe(points)
  })

  it.each<[keyof typeof picture, readonly (readonly [value: number, points: number])[]]>([
    [
      'pictureHeight',
      [
        [2160, 0],
        [1080, 0],
        [1079, 5],
        [720, 5],
        [719, 10],
        [480, 10],
        [479, 15],
        [360, 15],
        [359, 25],
        [240, 25],
        [239, 40],
      ],
    ],
    [
      'frozenRatio',
      [
        [0, 0],
        [0.001, 5],
        [0.21, 50],
      ],
    ],
    [
      'droppedRatio',
      [
        [0.01, 0],
        [0.011, 5],
        [0.05, 5],
        [0.051, 10],
        [0.1, 10],
        [0.11, 25],
        [0.2, 25],
        [0.21, 40],
      ],
    ],
  ])('for the picture by %s', (field, steps) => {
    for (const [value, points] of steps)
      expect(taken(videoQuality, { ...picture, [field]: value }), `${value}`).toBe(points)
  })

  it('may be more than there are, and then the score is 0', () => {
    expect(
      streamHealth({ lossRatio: 1, roundTripTimeMs: 1e4, jitterMs: 1e4, underruns: 9, frozenRatio: 1 }).value,
    ).toBe(0)
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
