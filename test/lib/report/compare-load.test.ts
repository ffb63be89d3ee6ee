import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { seeded } from '../../../src/lib/base/random.ts'
import type { LoadSession } from '../../../src/lib/protocol/load-result.ts'
import { compareLoad, worsened } from '../../../src/lib/report/compare-load.ts'
import { parseBaseline, readBaseline } from '../../../src/lib/report/load-baseline.ts'
import { loadRun, loadSession, loadSessions, lostSession } from '../../support/load-run.ts'

const options = { file: 'before.json', toleranceRatio: 0.1 }
const compared = (before: readonly LoadSession[], now: readonly LoadSession[], toleranceRatio = 0.1) =>
  compareLoad(loadRun(before), loadRun(now), { ...options, toleranceRatio })
const slower = (factor: number) =>
  loadSessions(20, (viewer) => ({ startupMs: loadSession(viewer).startupMs! * factor }))

describe('a load test against a baseline', () => {
  it('shows no difference between what is the same', () => {
    const { figures, warnings } = compared(loadSessions(20), loadSessions(20))
    expect(new Set(Object.values(figures).map(({ verdict }) => verdict))).toEqual(new Set(['no difference shown']))
    expect(figures.startup).toMatchObject({ before: 221, now: 221, counts: [20, 20], pValue: 1, adjustedPValue: 1 })
    expect(warnings).toEqual([])
  })

  it('calls a clear change what it is for the figure, and fails on what is worse alone', () => {
    expect(compared(loadSessions(20), slower(1.6)).figures.startup).toMatchObject({ verdict: 'worse', now: 221 * 1.6 })
    expect(worsened(compared(loadSessions(20), slower(1.6)))).toEqual(['startup'])
    expect(compared(slower(1.6), loadSessions(20)).figures.startup).toMatchObject({ verdict: 'better' })
    expect(worsened(compared(slower(1.6), loadSessions(20)))).toEqual([])
    const fat = loadSessions(20, () => ({ bytes: 9_000_000 }))
    expect(compared(loadSessions(20), fat).figures.bitrate).toMatchObject({ verdict: 'different' })
    expect(worsened(undefined)).toEqual([])
  })

  it('lets a figure move within the tolerance, however sure it is that it has', () => {
    const even = (startupMs: number) => loadSessions(40, (viewer) => ({ startupMs: startupMs + viewer / 100 }))
    expect(compared(even(200), even(215)).figures.startup).toMatchObject({ verdict: 'within tolerance' })
    expect(compared(even(200), even(215), 0.05).figures.startup).toMatchObject({ verdict: 'worse' })
    // Less than a millisecond is nothing, whatever its share.
    const quick = (jitterMs: number) => loadSessions(40, (viewer) => ({ jitterMs: jitterMs + viewer / 1000 }))
    expect(compared(quick(0.2), quick(0.6)).figures.jitter).toMatchObject({ verdict: 'within tolerance' })
  })

  it('sees freezes of some where most have none', () => {
    const some = loadSessions(40, (viewer) => (viewer % 3 === 0 ? { freezes: 2, frozenS: 1 + viewer / 50 } : {}))
    expect(compared(loadSessions(40), some).figures.frozen).toMatchObject({ before: 0, now: 0, verdict: 'worse' })
  })

  it('ranks waits that never ended last', () => {
    const half = [...loadSessions(10), ...Array.from({ length: 30 }, (_, at) => lostSession(10 + at))]
    expect(compared(loadSessions(40), half).figures.startup).toMatchObject({
      verdict: 'worse',
      now: null,
      counts: [40, 40],
    })
  })

  it('says nothing of too few sessions, of which nothing could be shown', () => {
    expect(compared(loadSessions(4), slower(3)).figures.startup).toMatchObject({ verdict: 'worse' })
    expect(compared(loadSessions(4), slower(3).slice(0, 4)).figures.startup).toMatchObject({
      ...{ verdict: 'too few sessions', pValue: null, adjustedPValue: null, counts: [4, 4] },
    })
    const nobody = compared([lostSession(0)], loadSessions(20)).figures
    expect(nobody.bitrate).toMatchObject({ verdict: 'too few sessions', before: null, counts: [0, 20] })
  })

  it('says when the two are not of a kind', () => {
    const before = loadRun(loadSessions(20), { outcome: 'interrupted' })
    const now = loadRun(loadSessions(10))
    const other = {
      ...now,
      plan: { ...now.plan, scenario: 'churn' as const, impairment: 'loss=2%' },
      tool: { ...now.tool, trusted: false },
    }
    expect(compareLoad(before, other, options).warnings).toEqual([
      'the scenario was another: steady before, churn now',
      'the number of viewers was another: 20 before, 10 now',
      'the impairment was another: none before, loss=2% now',
      'the baseline did not come to its end: interrupted',
      'the tool was too slow now',
    ])
  })

  it('fails in about one of a hundred runs of two that are the same', () => {
    const random = seeded(11)
    const drawn = () =>
      loadSessions(20, () => ({
        ...{ startupMs: 200 + 100 * random(), connectMs: 100 + 50 * random(), answerMs: 10 + 9 * random() },
        ...{ iceMs: 20 + 20 * random(), dtlsMs: 60 + 30 * random(), firstPacketMs: 30 + 30 * random() },
        ...{ roundTripMs: 5 + 9 * random(), jitterMs: 5 + 9 * random(), packetsLost: Math.floor(50 * random()) },
      }))
    const runs = 300
    const failed = Array.from({ length: runs }, () => worsened(compared(drawn(), drawn(), 0))).filter(
      ({ length }) => length > 0,
    )
    expect(failed.length / runs).toBeGreaterThan(0)
    expect(failed.length / runs).toBeLessThan(0.02)
  })
})

describe('a baseline', () => {
  const good = JSON.stringify({ ...loadRun(loadSessions(5)), thresholds: [] })

  it('is the result of a run, as it was said', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcpx-baseline-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'a.json'), `${good}\n`)
    expect((await readBaseline('a.json', folder)).sessions).toHaveLength(5)
    const wrong = { code: 'INVALID_OPTION', hint: expect.stringContaining('--save-baseline') }
    await expect(readBaseline('none.json', folder)).rejects.toMatchObject({
      ...wrong,
      message: '--compare-baseline none.json: there is no such file',
    })
    await expect(readBaseline('.', folder)).rejects.toMatchObject({
      ...wrong,
      message: expect.stringMatching(/EISDIR/),
    })
  })

  it.each([
    ['', 'it is not JSON'],
    ['{"version":1', 'it is not JSON'],
    ['null', 'it is no result of a load test'],
    ['[1]', 'it is no result of a load test'],
    ['{}', 'it is no result of a load test'],
    ['{"version":2}', 'it has version 2, and this mcpx reads version 1'],
    ['{"version":1}', 'it is no result of a load test: startedAt'],
    [good.replace('"startupMs":200', '"startupMs":-1'), 'it is no result of a load test: sessions.0.startupMs'],
    [good.replace('"frames":585', '"frames":"585"'), 'sessions.0.frames'],
  ])('that is %s is refused', (text, why) => {
    expect(() => parseBaseline(text, 'b.json')).toThrow(why)
  })

  it('that is anything else is refused in one line', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (name, value) => {
        for (const text of [JSON.stringify(value), JSON.stringify({ version: 1, [name]: value })])
          expect(() => parseBaseline(text, 'b.json')).toThrow(/^--compare-baseline b\.json: it .*$/)
      }),
    )
  })
})
