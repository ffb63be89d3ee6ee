// What the workers of a load test tell, added up.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LoadCounts, LoadStep } from '../../../src/lib/load/load-plane.ts'
import { noCounts, Tally } from '../../../src/lib/load/tally.ts'
import { Timeline } from '../../../src/lib/load/timeline.ts'
import type { LoadMoment, LoadSession } from '../../../src/lib/protocol/load-result.ts'
import { loadSession, lostSession } from '../../support/load-run.ts'

const strain = { lagP99Ms: 1, lagMaxMs: 2, lateMs: 0, socketDrops: 0, cpuS: 0 }
const step = (counts: Partial<LoadCounts>, open: readonly LoadSession[] = [], stepLagP99Ms = 1, atS = 2): LoadStep => ({
  atS,
  counts: { ...noCounts, ...counts },
  strain,
  stepLagP99Ms,
  open,
})
const tallyOf = (sessions: readonly LoadSession[], limits?: ConstructorParameters<typeof Tally>[1]) => {
  const tally = new Tally({ viewers: sessions.length, seed: 1 }, limits)
  for (const session of sessions) tally.session(session)
  return tally
}

describe('a tally', () => {
  it('has viewers that never connected in every wait', () => {
    const { figures, summary } = tallyOf([loadSession(0), loadSession(1), lostSession(2)]).account()
    for (const figure of ['startup', 'connect', 'answer', 'ice', 'dtls', 'packet'] as const)
      expect(figures[figure]).toMatchObject({ count: 3, p99: null, max: null, mean: null })
    expect(figures.startup!.p50).not.toBeNull()
    expect(figures.bitrate!.count).toBe(2)
    expect(summary).toMatchObject({ viewers: 3, sessions: 3, connected: 2, failed: 1 })
  })

  it('counts errors by code and message, the most frequent first, and those that are too many together', () => {
    const failed = (viewer: number, message: string) => lostSession(viewer, { error: { code: 'PEER_FAILED', message } })
    const sessions = [failed(0, 'a'), failed(1, 'b'), failed(2, 'b'), failed(3, 'c'), failed(4, 'd')]
    expect(tallyOf(sessions, { sessions: 10, errors: 2 }).account().summary.errors).toEqual([
      { code: 'PEER_FAILED', message: 'b', count: 2 },
      { code: 'PEER_FAILED', message: 'other messages', count: 2 },
      { code: 'PEER_FAILED', message: 'a', count: 1 },
    ])
  })

  it('counts more sessions than it lists', () => {
    const sessions = Array.from({ length: 50 }, (_, viewer) => loadSession(viewer))
    const {
      sessions: listed,
      sessionsLeftOut,
      figures,
      summary,
    } = tallyOf(sessions, { sessions: 10, errors: 1 }).account()
    expect([listed.length, sessionsLeftOut, summary.sessions, figures.startup!.count]).toEqual([10, 40, 50, 50])
  })

  it('lists each session with the same chance', () => {
    const times = new Array(20).fill(0)
    for (let seed = 0; seed < 1000; seed++) {
      const tally = new Tally({ viewers: 20, seed }, { sessions: 5, errors: 1 })
      for (let viewer = 0; viewer < 20; viewer++) tally.session(loadSession(viewer))
      for (const { viewer } of tally.account().sessions) times[viewer]++
    }
    // 250 each, with a standard deviation of 14.
    for (const count of times) expect(Math.abs(count - 250)).toBeLessThan(75)
  })

  it('has what goes on as it stands, and once when it is over', () => {
    const tally = new Tally({ viewers: 2, seed: 1 })
    const open = loadSession(0, { outcome: 'interrupted', endedS: 5 })
    tally.step(0, step({ begun: 1 }, [open]))
    expect(tally.account()).toMatchObject({ summary: { sessions: 1 }, sessions: [open] })
    tally.session(loadSession(0))
    tally.step(0, step({ begun: 1 }, [open]))
    expect(tally.account()).toMatchObject({ summary: { sessions: 1 }, sessions: [loadSession(0)] })
    expect(tally.heardOf(open)).toBe('over')
    expect(tally.heardOf(loadSession(1))).toBeUndefined()
  })

  it('adds up what groups count, and tells of each step', () => {
    const tally = new Tally({ viewers: 2, seed: 1 })
    tally.step(0, step({ begun: 3, watching: 2, failed: 1, bytes: 1000, packets: 90, packetsLost: 10 }, [], 3))
    tally.step(1, step({ begun: 1, watching: 1, bytes: 500, packets: 100 }, [], 7))
    const first = {
      atS: 2,
      sessions: 4,
      watching: 3,
      failed: 1,
      bitrateKbps: 6,
      lossRatio: 0.05,
      freezes: 0,
      lagP99Ms: 7,
    }
    expect(tally.moment(2)).toEqual(first)
    tally.step(
      1,
      step({ begun: 1, watching: 1, bytes: 1000, packets: 110, packetsLost: 5, packetsRecovered: 5 }, [], 1, 3),
    )
    const second = { ...first, atS: 3, bitrateKbps: 8, lossRatio: 0.5, lagP99Ms: 3 }
    expect(tally.moment(3)).toEqual(second)
    expect(tally.account().timeline).toEqual([first, second])
  })

  it('tells the bitrate by the time of the groups, which the moments do not keep', () => {
    const tally = new Tally({ viewers: 1, seed: 1 })
    const rates = [
      [0.9, 900, 1],
      [0.9, 900, 2],
      [2.9, 2900, 3],
      [3.9, 3900, 4],
      [4, 4000, 4.1],
    ].map(([stepS, bytes, atS]) => {
      tally.step(0, step({ begun: 1, bytes: bytes! }, [], 1, stepS!))
      return tally.moment(atS!).bitrateKbps
    })
    for (const rate of rates) expect(rate).toBeCloseTo(8, 6)
  })

  it('has no loss where nothing was sent', () => {
    expect(new Tally({ viewers: 1, seed: 1 }).moment(1)).toMatchObject({ lossRatio: null, lagP99Ms: null })
  })
})

describe('a timeline', () => {
  const moment = (atS: number): LoadMoment => ({
    atS,
    sessions: atS,
    watching: 1,
    failed: 0,
    bitrateKbps: atS,
    lossRatio: atS % 2 ? 0.5 : null,
    freezes: atS,
    lagP99Ms: atS % 7,
  })

  it('makes no step of an end right after a moment', () => {
    const timeline = new Timeline()
    timeline.add(moment(1))
    timeline.add({ ...moment(2), atS: 1.2, watching: 0, bitrateKbps: 1e6 })
    expect(timeline.moments).toEqual([{ ...moment(1), atS: 1.2, sessions: 2, freezes: 2 }])
  })

  it('is bounded, ends at the end, and keeps the worst lag and the mean bitrate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (count) => {
        const timeline = new Timeline(16)
        for (let atS = 1; atS <= count; atS++) timeline.add(moment(atS))
        const { moments } = timeline
        expect(moments.length).toBeLessThanOrEqual(16)
        expect(moments.at(-1)).toMatchObject({ atS: count, sessions: count, freezes: count })
        expect(moments.map(({ atS }) => atS)).toEqual(moments.map(({ atS }) => atS).toSorted((a, b) => a - b))
        expect(Math.max(...moments.map(({ lagP99Ms }) => lagP99Ms!))).toBe(Math.min(6, count))
        for (const [at, one] of moments.entries()) {
          const from = (moments[at - 1]?.atS ?? 0) + 1
          expect(one.bitrateKbps).toBeCloseTo((from + one.atS) / 2, 6)
        }
      }),
    )
  })
})
