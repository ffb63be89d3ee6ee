import { describe, expect, it } from 'vitest'
import { loadSessionOf } from '../../../../src/lib/load/browser/load-session.ts'
import { loadResult } from '../../../../src/lib/protocol/load-result.ts'
import { recordOf } from '../../../support/browser-record.ts'

const plan = { kind: 'firefox', viewer: 7, content: 'bafy', plannedS: 2.5 } as const
const end = { endedS: 12.5, outcome: 'played', error: null, answerMs: 40, actions: 3 } as const
/** As the published schema has it, which knows no other fields. */
const { sessions } = loadResult.shape

describe('the session of a record', () => {
  it('has what was planned, what the page measured and how it ended', () => {
    const record = recordOf({
      session: 99,
      atMs: 10_000,
      startupMs: 400,
      connectMs: 300,
      iceMs: 20,
      dtlsMs: 30,
      firstPacketMs: 5,
      frames: 290,
      framesDropped: 2,
      freezes: 1,
      frozenS: 0.4,
      bytes: 1000,
      packets: 100,
      packetsLost: 6,
      packetsRecovered: 5,
      roundTripMs: 51,
      jitterMs: 3,
      durationS: 15,
      rungs: [{ atMs: 350, quality: 'high' }],
    })
    const found = loadSessionOf(plan, record, end)
    expect(sessions.parse([found])).toEqual([found])
    expect(found).toEqual({
      ...plan,
      ...end,
      startupMs: 400,
      connectMs: 300,
      iceMs: 20,
      dtlsMs: 30,
      firstPacketMs: 5,
      watchedS: 9.6,
      frames: 290,
      framesDropped: 2,
      freezes: 1,
      frozenS: 0.4,
      bytes: 1000,
      packets: 100,
      packetsLost: 6,
      packetsRecovered: 5,
      roundTripMs: 51,
      jitterMs: 3,
      rungs: [{ atS: 2.85, quality: 'high' }],
    })
  })

  it('is there also where the page never said a word: it waits for ever and has watched nothing', () => {
    const error = { code: 'BROWSER_FAILED', message: 'gone' }
    const found = loadSessionOf(plan, undefined, { ...end, outcome: 'failed', error, answerMs: null })
    expect(sessions.parse([found])).toEqual([found])
    expect(found).toMatchObject({
      ...plan,
      error,
      startupMs: null,
      connectMs: null,
      watchedS: 0,
      packets: 0,
      rungs: [],
    })
  })

  it('has watched nothing before the first frame', () => {
    expect(loadSessionOf(plan, recordOf({ atMs: 9000, connectMs: 100 }), end).watchedS).toBe(0)
  })
})
