// The viewers of one worker, on a clock that the test moves.
import { describe, expect, it } from 'vitest'
import type { LoadCut, LoadStep } from '../../../src/lib/load/load-plane.ts'
import { createLoadRuntime, type RunnableSession } from '../../../src/lib/load/load-runtime.ts'
import type { PlannedSession } from '../../../src/lib/load/plan.ts'
import type { LoadSession } from '../../../src/lib/protocol/load-result.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { loadSession } from '../../support/load-run.ts'

const planned = (viewer: number, beginMs: number, endMs: number): PlannedSession => ({
  viewer,
  content: 'c',
  beginMs,
  endMs,
  actions: [],
})

function rig(plans: readonly (readonly PlannedSession[])[]) {
  const clock = new FakeClock()
  const begun: [viewer: number, atMs: number][] = []
  const over: LoadSession[] = []
  const steps: LoadStep[] = []
  let cpuS = 5
  let drops = new Map<number, number>()

  function createSession(plan: PlannedSession, originMs: number): RunnableSession {
    const done = Promise.withResolvers<void>()
    let by: LoadCut | undefined
    begun.push([plan.viewer, clock.now() - originMs])
    clock.after(originMs + plan.endMs - clock.now(), () => done.resolve())
    return {
      isWatching: true,
      ports: [4000 + plan.viewer],
      run: () => done.promise,
      cut(cut) {
        by = cut
        done.resolve()
      },
      sample() {},
      record: () =>
        loadSession(plan.viewer, {
          plannedS: plan.beginMs / 1000,
          outcome: by?.error ? 'failed' : 'played',
          freezes: 1,
        }),
    }
  }
  const runtime = createLoadRuntime({
    clock,
    plans: plans.map((sessions) => sessions.values()),
    createSession,
    measureLag: () => ({ stepP99Ms: () => 2, whole: () => ({ p99Ms: 3, maxMs: 4 }), stop() {} }),
    socketDrops: () => drops,
    cpuS: () => cpuS,
    onStep: (step) => steps.push(step),
    onSession: (session) => over.push(session),
  })
  return {
    clock,
    runtime,
    begun,
    over,
    steps,
    use(s: number) {
      cpuS += s
    },
    drop(port: number, count: number) {
      drops = new Map([[port, count]])
    },
  }
}

describe('the viewers of a worker', () => {
  it('begin when they are due, and tell every second and at the end', async () => {
    const { clock, runtime, begun, over, steps, use, drop } = rig([
      [planned(0, 0, 1500), planned(0, 2500, 3200)],
      [planned(1, 700, 3200)],
    ])
    const running = runtime.run()
    use(0.25)
    drop(4001, 6)
    await clock.advanceAsync(1000)
    expect(steps).toEqual([
      {
        atS: 1,
        counts: expect.objectContaining({ begun: 2, watching: 2, failed: 0, freezes: 2 }),
        strain: { lagP99Ms: 3, lagMaxMs: 4, lateMs: 0, socketDrops: 6, cpuS: 0.25 },
        stepLagP99Ms: 2,
        open: [expect.objectContaining({ viewer: 0 }), expect.objectContaining({ viewer: 1 })],
      },
    ])
    await clock.advanceAsync(2200)
    const last = await running
    expect(begun).toEqual([
      [0, 0],
      [1, 700],
      [0, 2500],
    ])
    expect(over.map(({ viewer, plannedS }) => [viewer, plannedS])).toEqual([
      [0, 0],
      [1, 0.7],
      [0, 2.5],
    ])
    expect(last).toMatchObject({ counts: { begun: 3, watching: 0, freezes: 3 }, strain: { socketDrops: 6 }, open: [] })
    expect(clock.pendingTimers).toBe(0)
  })

  it('tell how late they began', async () => {
    const { clock, runtime } = rig([[planned(0, 100, 1000)]])
    const running = runtime.run()
    clock.stall(750)
    await clock.advanceAsync(400)
    expect((await running).strain.lateMs).toBe(650)
  })

  it('end at once when they are cut short, and no other begins', async () => {
    const { clock, runtime, begun, over } = rig([
      [planned(0, 0, 9000), planned(0, 9500, 10_000)],
      [planned(1, 5000, 9000)],
    ])
    const running = runtime.run()
    await clock.advanceAsync(1500)
    runtime.cut({ error: { code: 'SERVER_UNREACHABLE', message: 'gone', hint: '' } })
    const last = await running
    expect(begun).toEqual([[0, 0]])
    expect(over).toEqual([expect.objectContaining({ viewer: 0, outcome: 'failed' })])
    expect(last.counts).toMatchObject({ begun: 1, failed: 1, watching: 0 })
  })

  it('are told of in turn where they are many', async () => {
    const { clock, runtime, steps } = rig(Array.from({ length: 300 }, (_, viewer) => [planned(viewer, 0, 60_000)]))
    const running = runtime.run()
    await clock.advanceAsync(2000)
    expect(steps.map(({ open }) => open.length)).toEqual([200, 200])
    expect(new Set(steps.flatMap(({ open }) => open.map(({ viewer }) => viewer))).size).toBe(300)
    runtime.cut({ error: null })
    await running
  })
})
