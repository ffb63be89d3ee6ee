import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LoadRun } from '../../../src/lib/load/load-options.ts'
import { loadFigures } from '../../../src/lib/protocol/load-result.ts'
import { failedForGood } from '../../../src/lib/report/abort-load.ts'
import { judgeLoad, loadTotals, parseLoadThreshold } from '../../../src/lib/report/judge-load.ts'
import { loadRun, loadSession, loadSessions, lostSession } from '../../support/load-run.ts'

const judged = (run: LoadRun, text: string) => judgeLoad(run, parseLoadThreshold(text))

describe('a verdict over a load test', () => {
  const run = loadRun(loadSessions(20, (viewer) => ({ freezes: 1, frozenS: 0.5, startupMs: 201 + viewer })))

  it.each([
    ['failed==0', 0, true],
    ['startup_p95<3000ms', 219, true],
    ['startup_p95<0.2s', 219, false],
    ['startup_max<=220', 220, true],
    ['startup_count>=20', 20, true],
    ['viewers==20', 20, true],
    ['connected>=20', 20, true],
    ['freezes<=19', 20, false],
    ['frozenS<11s', 10, true],
    ['frozenS<11000ms', 10, true],
    ['failureRate<1%', 0, true],
    ['switches==0', 0, true],
    ['bitrate_min>900kbps', 2_400_000 / 19.5 / 125, true],
    ['loss_p95<0.1%', (100 * 2) / 2200, true],
  ])('%s is of %d: %s', (text, value, passed) => {
    expect(judged(run, text)).toEqual({ threshold: text, value: expect.closeTo(value, 9), passed })
  })

  it('fails where one waited for ever, unless it asks for that', () => {
    const one = loadRun([...loadSessions(19), lostSession(19)])
    expect(judged(one, 'startup_p95<9999s')).toMatchObject({ passed: true })
    expect(judged(one, 'startup_p99<9999s')).toEqual({ threshold: 'startup_p99<9999s', passed: false })
    expect(judged(one, 'startup<9999s').passed).toBe(false)
    expect(judged(one, 'connect_max>1s')).toEqual({ threshold: 'connect_max>1s', passed: true })
    expect(judged(one, 'failureRate<5%')).toMatchObject({ value: 5, passed: false })
  })

  it('fails of what nobody measured, and counts it as none', () => {
    const none = loadRun([])
    for (const text of ['bitrate>0', 'startup_p95<9s', 'failureRate<100%'])
      expect(judged(none, text).passed).toBe(false)
    expect(judged(none, 'startup_count==0')).toMatchObject({ value: 0, passed: true })
  })

  it('is of every figure and total that there is, and of no other', () => {
    for (const name of [...loadFigures, ...Object.keys(loadTotals)])
      expect(judged(run, `${name}>=0`), name).toMatchObject({ passed: true, value: expect.any(Number) })
    expect(() => parseLoadThreshold('startpu_p95<1s')).toThrow('did you mean "startup"?')
    expect(() => parseLoadThreshold('faild==0')).toThrow('did you mean "failed"?')
    expect(() => parseLoadThreshold('health>50')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', exit: 2 }))
  })
})

describe('a run that goes on', () => {
  /** Begun at 0, and still there after so many seconds. */
  const going = (endedS: number, changes = {}) => ({ outcome: 'interrupted' as const, plannedS: 0, endedS, ...changes })
  const failing = (sessions: LoadRun['sessions'], text: string) =>
    failedForGood(loadRun(sessions), [parseLoadThreshold(text)]).length > 0

  it('has failed when what can only grow is past its bound, and not before', () => {
    const two = [lostSession(0), lostSession(1), loadSession(2, going(5))]
    for (const text of ['failed==0', 'failed==1', 'failed<2', 'failed<=1', 'sessions<3', 'startup_count<3'])
      expect([text, failing(two, text)]).toEqual([text, true])
    for (const text of ['failed==2', 'failed==3', 'failed<3', 'failed<=2', 'failed>5', 'failed!=2', 'connected>=20'])
      expect([text, failing(two, text)]).toEqual([text, false])
  })

  it('takes a wait that goes on for as long as it has been', () => {
    const waiting = (endedS: number) => [
      ...loadSessions(3, () => going(9)),
      loadSession(3, going(endedS, { startupMs: null, watchedS: 0 })),
    ]
    expect(failing(waiting(2.9), 'startup_max<3s')).toBe(false)
    expect(failing(waiting(3.1), 'startup_max<3s')).toBe(true)
    // It may yet be longer than any least.
    expect(failing(waiting(0.1), 'startup_min>150ms')).toBe(false)
    expect(failing(waiting(0.1), 'startup_min>250ms')).toBe(true)
  })

  it('says nothing of percentiles, means and shares before there are enough sessions', () => {
    const slow = (count: number) => loadSessions(count, () => ({ startupMs: 5000 }))
    for (const text of ['startup_p95<1s', 'startup<1s', 'startup_p50<=1s'])
      expect([failing(slow(19), text), failing(slow(20), text)]).toEqual([false, true])
    expect([failing(slow(99), 'startup_p99<1s'), failing(slow(100), 'startup_p99<1s')]).toEqual([false, true])
    const lost = (count: number) => Array.from({ length: count }, (_, viewer) => lostSession(viewer))
    expect([failing(lost(19), 'failureRate<50%'), failing(lost(20), 'failureRate<50%')]).toEqual([false, true])
  })

  it('waits with rates until a session has watched for a while', () => {
    const watched = (watchedS: number) => loadSessions(20, () => going(watchedS, { watchedS, frozenS: watchedS / 2 }))
    expect([failing(watched(9.9), 'frozen_p95<10%'), failing(watched(10), 'frozen_p95<10%')]).toEqual([false, true])
    expect(failing(watched(30).slice(1), 'frozen_max<10%')).toBe(false)
  })

  it('has failed with what has failed at its end too: counts, and the most of waits', () => {
    const session = fc
      .record({ startupMs: fc.option(fc.integer({ min: 1, max: 9000 })), at: fc.integer({ min: 0, max: 20 }) })
      .map(({ startupMs, at }) => ({ startupMs, at }))
    const rule = fc.constantFrom('failed==0', 'failed<3', 'startup_max<4s', 'startup_count<5', 'sessions<=7')
    fc.assert(
      fc.property(fc.array(session, { maxLength: 12 }), fc.integer({ min: 0, max: 20 }), rule, (all, nowS, text) => {
        const ended = all.map(({ startupMs, at }, viewer) =>
          startupMs === null
            ? lostSession(viewer, { plannedS: at, endedS: at + 10 })
            : loadSession(viewer, { startupMs }),
        )
        const soFar = all.flatMap(({ startupMs, at }, viewer) => {
          if (at > nowS) return []
          const waitedMs = (nowS - at) * 1000
          if (startupMs === null && waitedMs >= 10_000) return [ended[viewer]!]
          const known = startupMs !== null && startupMs <= waitedMs ? startupMs : null
          return [loadSession(viewer, { ...going(nowS), plannedS: at, startupMs: known })]
        })
        if (failing(soFar, text)) expect(judged(loadRun(ended), text).passed).toBe(false)
      }),
    )
  })
})
