// Results of load tests, made by hand: sessions in, and everything that is worked out from them as a real run would have it.
import type { LoadRun } from '../../src/lib/load/load-options.ts'
import { distributionOf, figureValues } from '../../src/lib/protocol/load-figures.ts'
import { type LoadMoment, type LoadSession, loadFigures } from '../../src/lib/protocol/load-result.ts'

/** One that plays well for 20 s; `viewer` makes it a little unlike the others. */
export function loadSession(viewer: number, changes: Partial<LoadSession> = {}): LoadSession {
  return {
    viewer,
    kind: 'mcpx',
    content: 'bafysample',
    plannedS: viewer / 10,
    endedS: 20 + viewer / 10,
    outcome: 'played',
    error: null,
    startupMs: 200 + ((viewer * 7) % 50),
    connectMs: 100 + ((viewer * 3) % 20),
    answerMs: 12,
    iceMs: 20,
    dtlsMs: 60 + ((viewer * 3) % 20),
    firstPacketMs: 30,
    watchedS: 19.5,
    frames: 585,
    framesDropped: 0,
    freezes: 0,
    frozenS: 0,
    bytes: 2_400_000 + viewer * 1000,
    packets: 2200,
    packetsLost: 2,
    packetsRecovered: 2,
    roundTripMs: 1.5 + viewer / 100,
    jitterMs: 0.8,
    actions: 0,
    rungs: [{ atS: viewer / 10 + 0.3, quality: '720p' }],
    ...changes,
  }
}

/** One that never connects. */
export const lostSession = (viewer: number, changes: Partial<LoadSession> = {}): LoadSession =>
  loadSession(viewer, {
    outcome: 'failed',
    error: { code: 'PEER_TIMEOUT', message: 'no connection within 10 s' },
    ...{ startupMs: null, connectMs: null, answerMs: null, iceMs: null, dtlsMs: null, firstPacketMs: null },
    ...{ watchedS: 0, frames: 0, bytes: 0, packets: 0, packetsLost: 0, packetsRecovered: 0 },
    ...{ roundTripMs: null, jitterMs: null, rungs: [] },
    ...changes,
  })

export function loadRun(sessions: readonly LoadSession[], changes: Partial<LoadRun> = {}): LoadRun {
  const sum = (read: (session: LoadSession) => number) => sessions.reduce((all, one) => all + read(one), 0)
  const viewers = new Set(sessions.map(({ viewer }) => viewer)).size
  const errors = Map.groupBy(
    sessions.flatMap(({ error }) => error ?? []),
    ({ code, message }) => `${code} ${message}`,
  )
  return {
    version: 1,
    startedAt: '2026-11-28T05:00:00.000Z',
    endedAt: '2026-11-28T05:00:25.000Z',
    server: 'http://127.0.0.1:8080/',
    outcome: 'complete',
    plan: {
      scenario: 'steady',
      seed: 1,
      viewers,
      browserViewers: 0,
      rampS: 2,
      durationS: 25,
      contents: ['bafysample'],
      quality: null,
      impairment: null,
    },
    tool: {
      trusted: true,
      reasons: [],
      loopLagP99Ms: 3.2,
      loopLagMaxMs: 9,
      cpuRatio: 0.4,
      socketDrops: 0,
      workers: 1,
    },
    summary: {
      viewers,
      sessions: sessions.length,
      connected: sessions.filter(({ connectMs }) => connectMs !== null).length,
      failed: sessions.filter(({ outcome }) => outcome === 'failed').length,
      freezes: sum(({ freezes }) => freezes),
      frozenS: sum(({ frozenS }) => frozenS),
      watchedS: sum(({ watchedS }) => watchedS),
      switches: sum(({ rungs }) => Math.max(0, rungs.length - 1)),
      errors: [...errors.values()].map((list) => ({ ...list[0]!, count: list.length })),
    },
    figures: Object.fromEntries(
      loadFigures.flatMap((figure) => {
        const found = distributionOf(figureValues(sessions, figure))
        return found ? [[figure, found]] : []
      }),
    ),
    timeline: Array.from({ length: 25 }, (_, at) => loadMoment(at + 1, { sessions: Math.min(viewers, (at + 1) * 10) })),
    sessions,
    sessionsLeftOut: 0,
    ...changes,
  }
}

export const loadMoment = (atS: number, changes: Partial<LoadMoment> = {}): LoadMoment => ({
  atS,
  sessions: 20,
  watching: 20,
  failed: 0,
  bitrateKbps: 20_000 + 500 * Math.sin(atS),
  lossRatio: 0.001,
  freezes: 0,
  lagP99Ms: 3 + (atS % 2),
  ...changes,
})

/** So many that play well. */
export const loadSessions = (count: number, changes: (viewer: number) => Partial<LoadSession> = () => ({})) =>
  Array.from({ length: count }, (_, viewer) => loadSession(viewer, changes(viewer)))
