import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ScoreInput, streamHealth, videoQuality } from '../../../src/lib/model/score.ts'
import { codesIn, readReasons, writeReasons } from '../../../src/lib/model/score-record.ts'
import { wordScore } from '../../../src/lib/model/score-words.ts'

const input = fc.record(
  {
    lossRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    roundTripTimeMs: fc.nat(2000),
    jitterMs: fc.nat(500),
    underruns: fc.nat(5),
    frozenRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    droppedRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    pictureHeight: fc.constantFrom(180, 360, 720, 2160),
  },
  { requiredKeys: [] },
)
const scoresOf = (given: ScoreInput) => ({ health: streamHealth(given), videoQuality: videoQuality(given) })

describe('reasons in the history', () => {
  it('come back as they were written, and are worded as they were', () => {
    fc.assert(
      fc.property(input, (given) => {
        const scores = scoresOf(given)
        const { health, videoQuality } = scores
        const read = readReasons(writeReasons(scores), { health: health.value, videoQuality: videoQuality.value })
        expect(read).toEqual(scores)
        expect(wordScore(read.videoQuality)).toEqual(wordScore(videoQuality))
      }),
    )
  })

  it('are counted once where both scores have them', () => {
    fc.assert(
      fc.property(input, (given) => {
        const scores = scoresOf(given)
        const all = [...scores.health.reasons, ...scores.videoQuality.reasons].map(({ code }) => code)
        expect(codesIn(writeReasons(scores))).toEqual(new Set(all))
      }),
    )
  })

  it('are an empty text where there is nothing to say', () => {
    const well = { lossRatio: 0, roundTripTimeMs: 1, jitterMs: 1, underruns: 0, frozenRatio: 0, droppedRatio: 0 }
    expect(writeReasons(scoresOf({ ...well, pictureHeight: 1080 }))).toBe('')
    expect(readReasons('').health.reasons).toEqual([])
  })

  it('of older histories are sentences, and say the same', () => {
    fc.assert(
      fc.property(input, (given) => {
        const { health, videoQuality } = scoresOf(given)
        const worded = [wordScore(health), wordScore(videoQuality)]
        const text = worded.flatMap(({ reasons }) => reasons.map((one) => `−${one.points}: ${one.text}`)).join(', ')
        const read = readReasons(text)
        expect(wordScore(read.health).reasons.map((one) => one.text)).toEqual(worded[0]!.reasons.map((one) => one.text))
        const ofPicture = worded[1]!.reasons.map(({ code, text }) => [code, text])
        expect(wordScore(read.videoQuality).reasons.map(({ code, text }) => [code, text])).toEqual(ofPicture)
      }),
    )
  })

  it('may be anything: what cannot be read is left out', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.constantFrom('{', '{"health":3}', '{"health":[[1,2]]}', '{"health":[["loss","x",1],["loss",5,0.01]]}'),
    )
    fc.assert(
      fc.property(texts, (text) => {
        for (const { code, points, value } of readReasons(text).health.reasons)
          expect([typeof code, typeof points, typeof value]).toEqual(['string', 'number', 'number'])
      }),
    )
    expect(readReasons(null).videoQuality.reasons).toEqual([])
    expect(readReasons('{"health":[["loss","x",1],["loss",5,0.01]],"unknown":["frozen",7]}').health).toMatchObject({
      reasons: [{ code: 'loss', points: 5, value: 0.01 }],
      unknown: ['frozen'],
    })
  })
})
