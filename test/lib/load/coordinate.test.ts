// The course of a load test, with groups that a test plays and a clock that it moves.
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { coordinate } from '../../../src/lib/load/coordinate.ts'
import type { GroupEvents, ViewerGroup } from '../../../src/lib/load/group.ts'
import type { LoadDeps, LoadOptions, LoadRun } from '../../../src/lib/load/load-options.ts'
import type { LoadCut, LoadStep } from '../../../src/lib/load/load-plane.ts'
import { noCounts } from '../../../src/lib/load/tally.ts'
import { loadResult } from '../../../src/lib/protocol/load-result.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { loadSession } from '../../support/load-run.ts'

const options: LoadOptions = {
  server: 'http://127.0.0.1:8000/',
  contents: ['c'],
  viewers: 4,
  rampS: 0,
  durationS: 10,
  scenario: 'steady',
  seed: 1,
  processes: 0,
}
const emptyStep: LoadStep = {
  atS: 1,
  counts: noCounts,
  strain: { lagP99Ms: 1, lagMaxMs: 2, lateMs: 0, socketDrops: 0, cpuS: 0.5 },
  stepLagP99Ms: 1,
  open: [],
}

/** Two groups of two viewers each. */
function start(changes: Partial<LoadOptions> = {}, onMoment: LoadDeps['onMoment'] = () => undefined) {
  const clock = new FakeClock()
  const interrupt = new AbortController()
  const groups: {
    viewers: number[]
    events: GroupEvents
    run: PromiseWithResolvers<LoadStep>
    cuts: LoadCut[]
    stops: number
  }[] = []
  let gone: McpxError | undefined
  let onGone: (error: McpxError) => void = () => {}
  let cpuS = 0
  const run = coordinate(
    { ...options, ...changes },
    { clock, signal: interrupt.signal, onMoment },
    {
      createGroups: (events) =>
        [0, 1].map((index): ViewerGroup => {
          const group = {
            viewers: [index, index + 2],
            events: events(index),
            run: Promise.withResolvers<LoadStep>(),
            cuts: [] as LoadCut[],
            stops: 0,
          }
          groups.push(group)
          return {
            kind: 'mcpx',
            viewers: group.viewers,
            prepare: async () => {},
            run: () => group.run.promise,
            cut: (by) => void group.cuts.push(by),
            stop: async () => {
              group.stops++
              group.run.reject(new McpxError('INTERNAL', 'it was ended'))
            },
          }
        }),
      serverGone: async () => gone,
      watchServer(_heard, tell) {
        onGone = tell
        return () => {}
      },
      cpuS: () => cpuS,
    },
  )
  return {
    clock,
    run,
    groups,
    interrupt: () => interrupt.abort(),
    loseServer: () => onGone(new McpxError('SERVER_UNREACHABLE', 'it is gone')),
    serverIsGone() {
      gone = new McpxError('SERVER_UNREACHABLE', 'it is gone')
    },
    use(s: number) {
      cpuS += s
    },
    endAll() {
      for (const group of groups) group.run.resolve(emptyStep)
    },
    sessions(...sessions: ReturnType<typeof loadSession>[]) {
      for (const session of sessions) groups[session.viewer % 2]!.events.onSession(session)
    },
  }
}
const all = [0, 1, 2, 3].map((viewer) => loadSession(viewer, { plannedS: 0 }))
const check = (run: LoadRun) => loadResult.parse({ ...run, thresholds: [] })

describe('a load test', () => {
  it('ends when the plan is over, with all that was measured', async () => {
    const { clock, run, groups, sessions, endAll, use } = start()
    await settle()
    use(5)
    await clock.advanceAsync(10_000)
    clock.stepWall(3_600_000)
    sessions(...all)
    endAll()
    const result = check(await run)
    expect(result).toMatchObject({
      outcome: 'complete',
      tool: { trusted: true, workers: 2, cpuRatio: 0.5 },
      summary: { viewers: 4, sessions: 4, connected: 4, failed: 0 },
    })
    expect(Date.parse(result.endedAt) - Date.parse(result.startedAt)).toBe(10_000)
    expect(result.timeline.map(({ atS }) => atS)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(groups.map(({ stops, cuts }) => [stops, cuts])).toEqual([
      [1, []],
      [1, []],
    ])
    expect(clock.pendingTimers).toBe(0)
  })

  it('is interrupted, and the result is of what there was', async () => {
    const { clock, run, groups, sessions, endAll, interrupt } = start()
    await settle()
    await clock.advanceAsync(3000)
    interrupt()
    expect(groups.map(({ cuts }) => cuts)).toEqual([[{ error: null }], [{ error: null }]])
    sessions(...all.map((session) => ({ ...session, outcome: 'interrupted' as const })))
    endAll()
    expect(check(await run)).toMatchObject({ outcome: 'interrupted', summary: { sessions: 4, failed: 0 } })
  })

  it('does not wait for ever for sessions to close', async () => {
    const { clock, run, groups, interrupt } = start()
    await settle()
    const open = [loadSession(0, { plannedS: 0, outcome: 'interrupted' })]
    groups[0]!.events.onStep({ ...emptyStep, open })
    await clock.advanceAsync(3000)
    interrupt()
    await clock.advanceAsync(10_000)
    const { outcome, sessions } = check(await run)
    expect(outcome).toBe('interrupted')
    expect(sessions.map((session) => [session.viewer, session.outcome, session.frames])).toEqual([
      [0, 'interrupted', 585],
      [1, 'interrupted', 0],
      [2, 'interrupted', 0],
      [3, 'interrupted', 0],
    ])
  })

  it('ends when the server is gone', async () => {
    const { run, groups, sessions, endAll, loseServer } = start()
    await settle()
    loseServer()
    expect(groups[0]!.cuts).toEqual([
      { error: expect.objectContaining({ code: 'SERVER_UNREACHABLE', message: 'it is gone' }) },
    ])
    sessions(...all)
    endAll()
    expect((await run).outcome).toBe('server-gone')
  })

  it('asks for the server at the end where the last sessions failed of the connection', async () => {
    const { run, sessions, endAll, serverIsGone } = start()
    await settle()
    serverIsGone()
    const error = { code: 'PEER_FAILED', message: 'the server closed the stream' }
    sessions(...all.map((session) => ({ ...session, outcome: 'failed' as const, error })))
    endAll()
    expect((await run).outcome).toBe('server-gone')
  })

  it('is aborted by who looks at it, at a moment of its own', async () => {
    const seen: number[] = []
    const { clock, run, groups, endAll, sessions } = start({}, ({ atS }, soFar) => {
      seen.push(soFar().summary.sessions)
      return atS >= 2
    })
    await settle()
    sessions(all[0]!)
    await clock.advanceAsync(2000)
    expect(groups[0]!.cuts).toEqual([{ error: null }])
    endAll()
    expect((await run).outcome).toBe('aborted')
    expect(seen).toEqual([1, 1])
  })

  it('goes on without a group that died, whose viewers have failed, and says so', async () => {
    const { clock, run, groups, sessions } = start()
    await settle()
    groups[0]!.events.onStep({ ...emptyStep, open: [loadSession(0, { plannedS: 0, outcome: 'interrupted' })] })
    groups[0]!.run.reject(new McpxError('INTERNAL', 'a worker thread ended with code 1'))
    await clock.advanceAsync(10_000)
    sessions(all[1]!, all[3]!)
    groups[1]!.run.resolve(emptyStep)
    const result = check(await run)
    expect(result.outcome).toBe('complete')
    expect(result.summary).toMatchObject({ sessions: 4, failed: 2, connected: 3 })
    expect(result.summary.errors).toEqual([
      { code: 'INTERNAL', message: 'a worker thread ended with code 1', count: 2 },
    ])
    expect(result.tool).toMatchObject({
      trusted: false,
      reasons: ['2 viewers were lost: a worker thread ended with code 1'],
    })
    // What was heard of the one that had begun is kept; the other waited for ever.
    expect(result.figures.startup).toMatchObject({ count: 4, max: null })
  })

  it('does not begin what is interrupted before', async () => {
    const { run, groups, interrupt, endAll } = start()
    interrupt()
    endAll()
    expect((await run).outcome).toBe('interrupted')
    expect(groups[0]!.cuts).toEqual([{ error: null }])
  })
})
