import { expect, it } from 'vitest'
import type { ScoreCode } from '../../../src/lib/model/score.ts'
import { reasonText, scoreWords, timesText, wordReason, wordScore } from '../../../src/lib/model/score-words.ts'

const said: Readonly<Record<ScoreCode, readonly [value: number, text: string]>> = {
  loss: [0.031, 'loss 3.1 %'],
  round_trip: [340.4, 'RTT 340 ms'],
  jitter: [60, 'jitter 60 ms'],
  underruns: [1, 'waited for content 1 time'],
  frozen: [0.5, 'frozen for 50.0 % of the time'],
  picture_height: [480, 'picture 480p'],
  dropped: [0.104, 'dropped 10.4 % of the frames'],
}

it.each(Object.entries(said) as [ScoreCode, (typeof said)[ScoreCode]][])(
  '%s is said with its figure',
  (code, [value, text]) => {
    expect(wordReason({ code, value, points: 5 })).toEqual({ code, value, points: 5, text })
  },
)

it('has words for each code, and no two alike', () => {
  expect(Object.keys(scoreWords).sort()).toEqual(Object.keys(said).sort())
  for (const field of ['name', 'what'] as const)
    expect(new Set(Object.values(scoreWords).map((words) => words[field])).size).toBe(Object.keys(said).length)
})

it('counts in the right number', () => {
  expect([0, 1, 2].map(timesText)).toEqual(['0 times', '1 time', '2 times'])
})

it('words a whole score: reasons with their figures, what is unknown by name', () => {
  const score = wordScore({
    value: 75,
    reasons: [{ code: 'loss', value: 0.01, points: 25 }],
    unknown: ['frozen', 'jitter'],
  } as never)
  expect(score).toMatchObject({ value: 75, unknown: ['freezes', 'jitter'] })
  expect(reasonText([...score.reasons, { points: 5, text: 'RTT 340 ms' }])).toBe('−25: loss 1.0 %, −5: RTT 340 ms')
  expect(reasonText([])).toBe('')
})
