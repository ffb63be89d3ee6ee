import fc from 'fast-check'
import { expect, it } from 'vitest'
import { distributionOf, figureOf, figureValues } from '../../../src/lib/protocol/load-figures.ts'
import { loadFigures, loadResult } from '../../../src/lib/protocol/load-result.ts'
import { loadRun, loadSession, loadSessions, lostSession } from '../../support/load-run.ts'

it('works out each figure in its unit', () => {
  const session = loadSession(0, {
    ...{ watchedS: 20, bytes: 2_500_000, frames: 600, frozenS: 1, packets: 995, packetsLost: 50, packetsRecovered: 45 },
    rungs: ['360p', '720p', '360p'].map((quality, atS) => ({ atS, quality })),
  })
  expect(Object.fromEntries(loadFigures.map((figure) => [figure, figureOf(session, figure)]))).toEqual({
    ...{ startup: 200, connect: 100, answer: 12, ice: 20, dtls: 60, packet: 30 },
    ...{ bitrate: 1000, fps: 30, frozen: 5, loss: 5, residual: 0.5, rtt: 1.5, jitter: 0.8, switches: 2 },
  })
})

it('counts who never connected in every wait, and in nothing that was not measured', () => {
  const sessions = [...loadSessions(9), lostSession(9)]
  for (const figure of ['startup', 'connect', 'answer', 'ice', 'dtls', 'packet'] as const)
    expect([figure, figureValues(sessions, figure).length, figureOf(sessions[9]!, figure)]).toEqual([figure, 10, null])
  for (const figure of ['bitrate', 'fps', 'frozen', 'loss', 'residual', 'rtt', 'jitter', 'switches'] as const)
    expect([figure, figureValues(sessions, figure).length]).toEqual([figure, 9])
})

it('takes a part that nobody measured of one that played for unknown, not for endless', () => {
  const browser = loadSession(0, { kind: 'chromium', answerMs: null, iceMs: null, dtlsMs: null, firstPacketMs: null })
  for (const figure of ['answer', 'ice', 'dtls', 'packet'] as const) expect(figureOf(browser, figure)).toBeUndefined()
  const stuck = loadSession(0, { startupMs: null, firstPacketMs: null, watchedS: 0 })
  expect([figureOf(stuck, 'connect'), figureOf(stuck, 'packet'), figureOf(stuck, 'startup')]).toEqual([100, null, null])
})

it('gives ranks that are measured values, and none where the rank is of one that waits for ever', () => {
  const values = [...Array.from({ length: 19 }, (_, at) => at + 1), null]
  expect(distributionOf(values)).toEqual({
    ...{ count: 20, mean: null, min: 1, p50: 10, p90: 18, p95: 19, p99: null, max: null },
  })
  expect(distributionOf([4, 2])).toEqual({ count: 2, mean: 3, min: 2, p50: 2, p90: 4, p95: 4, p99: 4, max: 4 })
  expect(distributionOf([null])).toMatchObject({ count: 1, min: null, p50: null })
  expect(distributionOf([])).toBeUndefined()
})

it('has ranks that rise, and lie among the values', () => {
  const value = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }))
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), (values) => {
      const { min, p50, p90, p95, p99, max } = distributionOf(values)!
      const ranks = [min, p50, p90, p95, p99, max].map((one) => one ?? Number.POSITIVE_INFINITY)
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
      for (const rank of [min, p50, p90, p95, p99, max]) expect(values).toContain(rank)
    }),
  )
})

it('fits what is published, and makes results by hand that do', () => {
  const made = { ...loadRun([...loadSessions(20), lostSession(20)]), thresholds: [] }
  expect(loadResult.parse(JSON.parse(JSON.stringify(made)))).toMatchObject({ summary: { connected: 20, failed: 1 } })
})

it('does not know what was left of the loss where the viewer does not say what came again', () => {
  const session = loadSession(0, { packets: 950, packetsLost: 50, packetsRecovered: null })
  expect([figureOf(session, 'loss'), figureOf(session, 'residual')]).toEqual([5, undefined])
})
