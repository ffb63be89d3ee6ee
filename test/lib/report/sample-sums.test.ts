import { expect, it } from 'vitest'
import { streamHealth, videoQuality } from '../../../src/lib/model/score.ts'
import { writeReasons } from '../../../src/lib/model/score-record.ts'
import { sumsOf } from '../../support/history-rows.ts'

const period = { fromMs: 0, toMs: 60_000 }

it('counts in how many samples something was wrong, however much, in one score or in both', () => {
  const input = { lossRatio: 0.03, roundTripTimeMs: 340, jitterMs: 60, underruns: 2, frozenRatio: 0.06 }
  const scores = (droppedRatio: number) => ({
    health: streamHealth(input),
    videoQuality: videoQuality({ pictureHeight: 180, frozenRatio: 0.06, droppedRatio }),
  })
  const rows = [
    writeReasons(scores(0.06)),
    writeReasons(scores(0)),
    '−20: RTT 340 ms, −15: frozen for 6.0 % of the time, −15: frozen for 6.0 % of the time',
  ].map((reasons, at) => ({ at_ms: at * 2000, connection: 'a', reasons }))
  expect(sumsOf(rows, period).connection('a').reasons).toEqual([
    'RTT (3 times)',
    'frozen (3 times)',
    'waited for content (2 times)',
    'loss (2 times)',
    'jitter (2 times)',
  ])
})
