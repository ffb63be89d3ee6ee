// The viewers of one worker: begins each session when it is due, adds up what all of them count, and tells of it every second.
import { type Clock, every, type Timer } from '../base/clock.ts'
import type { LoadSession } from '../protocol/load-result.ts'
import type { LoadCounts, LoadCut, LoadStep } from './load-plane.ts'
import type { LagMeter } from './loop-lag.ts'
import type { PlannedSession } from './plan.ts'
import { DropCounter } from './socket-drops.ts'

const stepMs = 1000
/** Sessions that go on of which a step tells. */
const maxOpen = 200

/** A session, as the runtime needs it. */
export interface RunnableSession {
  readonly isWatching: boolean
  /** Of its sockets. */
  readonly ports: readonly number[]
  run(): Promise<void>
  cut(by: LoadCut): void
  sample(): void
  record(): LoadSession
}

export interface LoadRuntimeDeps {
  readonly clock: Clock
  /** The sessions of each viewer, in the order of time. */
  readonly plans: readonly Iterator<PlannedSession>[]
  createSession(planned: PlannedSession, originMs: number): RunnableSession
  /** From now on. */
  measureLag(): LagMeter
  socketDrops(): ReadonlyMap<number, number> | undefined
  cpuS(): number
  onStep(step: LoadStep): void
  onSession(session: LoadSession): void
}

export interface LoadRuntime {
  /** Begins the plan now; resolves when all of it is over, with the last step. */
  run(): Promise<LoadStep>
  /** Ends every session now, and nobody begins any more. */
  cut(by: LoadCut): void
}

type Sums = { -readonly [K in keyof LoadCounts]: number }
const noCounts: LoadCounts = {
  begun: 0,
  watching: 0,
  failed: 0,
  bytes: 0,
  packets: 0,
  packetsLost: 0,
  packetsRecovered: 0,
  freezes: 0,
}

export function createLoadRuntime(deps: LoadRuntimeDeps): LoadRuntime {
  const { clock } = deps
  const open = new Set<RunnableSession>()
  const over: Sums = { ...noCounts }
  const drops = new DropCounter()
  const waiting = new Set<() => void>()
  let originMs = 0
  let startCpuS = 0
  let lag: LagMeter
  let lateMs = 0
  let isCut = false
  let turn = 0

  /** Resolves at the time, or at once when nobody is to begin any more. */
  function until(atMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        waiting.delete(done)
        resolve()
      }
      const timer: Timer = clock.after(Math.max(0, originMs + atMs - clock.now()), done, { keepAlive: true })
      waiting.add(done)
    })
  }

  async function follow(plan: Iterator<PlannedSession>): Promise<void> {
    for (let next = plan.next(); !next.done && !isCut; next = plan.next()) {
      await until(next.value.beginMs)
      if (isCut) return
      await watch(next.value)
    }
  }

  async function watch(planned: PlannedSession): Promise<void> {
    lateMs = Math.max(lateMs, clock.now() - originMs - planned.beginMs)
    const session = deps.createSession(planned, originMs)
    open.add(session)
    await session.run()
    open.delete(session)
    const record = session.record()
    add(over, record)
    deps.onSession(record)
  }

  const allPorts = () => [...open].flatMap(({ ports }) => ports)

  function step(): LoadStep {
    for (const session of open) session.sample()
    drops.look(allPorts(), deps.socketDrops())
    const sums: Sums = { ...over }
    const records = [...open].map((session) => session.record())
    for (const record of records) add(sums, record)
    // What goes on has not failed, and sees something or not yet.
    sums.watching = [...open].filter(({ isWatching }) => isWatching).length
    const { p99Ms, maxMs } = lag.whole()
    return {
      atS: (clock.now() - originMs) / 1000,
      counts: sums,
      strain: {
        lagP99Ms: p99Ms,
        lagMaxMs: maxMs,
        lateMs,
        socketDrops: drops.total,
        cpuS: Math.max(0, deps.cpuS() - startCpuS),
      },
      stepLagP99Ms: lag.stepP99Ms(),
      open: inTurn(records),
    }
  }

  function inTurn(records: readonly LoadSession[]): readonly LoadSession[] {
    if (records.length <= maxOpen) return records
    turn %= records.length
    const some = [...records.slice(turn), ...records.slice(0, turn)].slice(0, maxOpen)
    turn += maxOpen
    return some
  }

  return {
    async run() {
      originMs = clock.now()
      startCpuS = deps.cpuS()
      lag = deps.measureLag()
      const steps = every(clock, stepMs, () => deps.onStep(step()))
      try {
        await Promise.all(deps.plans.map(follow))
      } finally {
        steps.cancel()
      }
      const last = step()
      lag.stop()
      return last
    },
    cut(by) {
      isCut = true
      for (const session of open) session.cut(by)
      for (const done of [...waiting]) done()
    },
  }
}

function add(sums: Sums, session: LoadSession): void {
  sums.begun++
  if (session.outcome === 'failed') sums.failed++
  sums.bytes += session.bytes
  sums.packets += session.packets
  sums.packetsLost += session.packetsLost
  sums.packetsRecovered += session.packetsRecovered ?? 0
  sums.freezes += session.freezes
}
