import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ScoreCode, scoreCodes, streamHealth, videoQuality } from '../../../src/lib/model/score.ts'
import { reasonText, scoreWords, timesText, wordReason, wordScore } from '../../../src/lib/model/score-words.ts'

describe('a reason in words', () => {
  it.each([
    ['loss', 0.031, 'loss 3.1 %'],
    ['round_trip', 340.4, 'RTT 340 ms'],
    ['jitter', 21.6, 'jitter 22 ms'],
    ['underruns', 1, 'waited for content 1 time'],
    ['underruns', 3, 'waited for content 3 times'],
    ['frozen', 1, 'frozen for 100.0 % of the time'],
    ['picture_height', 180, 'picture 180p'],
    ['dropped', 0.0125, 'dropped 1.3 % of the frames'],
  ] as const)('of %s at %d', (code, value, text) => {
    expect(wordReason({ code, points: 5, value })).toEqual({ code, points: 5, value, text })
  })

  it('counts in the plural, but one', () => {
    expect([0, 1, 2].map(timesText)).toEqual(['0 times', '1 time', '2 times'])
  })

  it('has the amount in it, so that what is said without it is its beginning', () => {
    fc.assert(
      fc.property(fc.constantFrom(...scoreCodes), fc.double({ min: 0, max: 1000, noNaN: true }), (code, value) => {
        const { amount, say } = scoreWords[code]
        expect(wordReason({ code, points: 1, value }).text).toBe(say(amount(value)))
        expect(say(amount(value))).toContain(amount(value))
      }),
    )
  })
})

describe('a score in words', () => {
  it('keeps its number, its points and their order', () => {
    const score = streamHealth({ lossRatio: 0.01, roundTripTimeMs: 340, jitterMs: 1, underruns: 0 })
    const worded = wordScore(score)
    expect(worded).toMatchObject({ value: 75, version: score.version, unknown: ['freezes'] })
    expect(reasonText(worded.reasons)).toBe('−20: RTT 340 ms, −5: loss 1.0 %')
  })

  it('names what is not known, and no number where there is none', () => {
    const worded = wordScore(videoQuality({}))
    expect(worded).not.toHaveProperty('value')
    expect(worded.unknown).toEqual(['picture height', 'freezes', 'dropped frames'])
    expect(reasonText(worded.reasons)).toBe('')
  })

  it('tells every input from every other', () => {
    const names = scoreCodes.map((code: ScoreCode) => scoreWords[code].name)
    expect(new Set(names).size).toBe(names.length)
  })
})
