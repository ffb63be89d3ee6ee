// Full load: what one packet costs the whole process when viewers do all that viewers do, and what one who joins costs and waits.
import { join } from 'node:path'
import type { McpxServer } from '../src/lib/app.ts'
import { whepPath } from '../src/lib/protocol/routes.ts'
import { atMost, type BenchContext, median, quantile, ratios, sum, until, wait } from './support/bench.ts'
import { twoMegabitClip } from './support/clips.ts'
import { type Floor, startFloor } from './support/floor.ts'
import type { FloorResult } from './support/floor-worker.ts'
import { type Joined, startPion } from './support/pion-viewers.ts'
import { createProbe } from './support/probe.ts'
import { type Receivers, startReceivers, watchMany } from './support/receivers.ts'
import { addContent, startServer } from './support/server.ts'

export const title = 'Full load: viewers that decrypt, report, NACK and send transport-wide feedback'

/** Viewers in another process, by Pion or, where there is no Go, our own. */
interface Viewers {
  readonly by: string
  join(count: number): Promise<Joined | undefined>
  /** At 20 a second, each leaves after a second. Resolves with how many came; undefined where it is not known how to. */
  churn(durationMs: number): Promise<number | undefined>
  counts(): Promise<{ received: number; lost: number }>
  stop(): Promise<void>
}

interface Rig {
  readonly context: BenchContext
  readonly server: McpxServer
  readonly receivers: Receivers
  readonly probe: ReturnType<typeof createProbe>
  readonly viewers: Viewers
}

interface Window {
  readonly processUs: number
  readonly workerUs: number
  readonly packets: number
  readonly lost: number
  readonly elapsedMs: number
}

const joinsPerS = 20

export async function run(context: BenchContext): Promise<void> {
  const server = await startServer()
  const receivers = startReceivers()
  const probe = createProbe(1)
  const content = await addContent(server, 'clip.webm', twoMegabitClip(context.pick(20, 20, 5)))
  const viewers = viewersOf(server, receivers, content, context.size !== 'smoke')
  context.say(`viewers by ${viewers.by}`)
  try {
    const rig: Rig = { context, server, receivers, probe, viewers }
    let watching = 0
    for (const count of context.pick([50, 100], [50], [2])) {
      context.say(`${count} viewers`)
      const joined = await viewers.join(count - watching)
      watching = count
      if (joined) reportJoins(context, joined, count)
      await measureCount(rig, count)
      await measureJoins(rig, count)
    }
  } finally {
    await viewers.stop()
    await receivers.stop()
    probe.close()
    await server.stop()
  }
}

function viewersOf(server: McpxServer, receivers: Receivers, content: string, mayDownload: boolean): Viewers {
  const pion = startPion(`${server.url}${whepPath(content)}?loop=true`, mayDownload)
  if (!pion)
    return {
      by: 'mcpx',
      join: async (count) => void (await watchMany(server.engine, receivers, content, count, { whole: true })),
      churn: async () => undefined,
      counts: () => receivers.rpc.call('counts', undefined),
      stop: async () => {},
    }
  return {
    by: 'Pion',
    join: async (count) => allOf(await pion.join(count, 10)),
    churn: async (durationMs) => allOf(await pion.churn(joinsPerS, durationMs)).connectMs.length,
    counts: pion.counts,
    stop: pion.stop,
  }
}

function allOf(joined: Joined): Joined {
  if (joined.failed > 0) throw new Error(`${joined.failed} viewers failed: ${joined.error}`)
  return joined
}

function reportJoins(context: BenchContext, { connectMs, keyMs }: Joined, count: number): void {
  const p95 = (values: readonly number[]) => `p95 ${quantile(values, 0.95).toFixed(0)} ms`
  context.report({
    figure: `offer to connected, p50, up to ${count} viewers`,
    unit: 'ms',
    samples: connectMs,
    goal: atMost(20, 'ms'),
    beside: `${p95(connectMs)}; 10 joins a second`,
  })
  context.report({
    figure: `offer to the first key frame, p50, up to ${count} viewers`,
    unit: 'ms',
    samples: keyMs,
    goal: atMost(50, 'ms'),
    beside: `${p95(keyMs)}; its first packet`,
  })
}

/** Rounds of floor and server in turn. */
async function measureCount(rig: Rig, count: number): Promise<void> {
  const { context, receivers, server } = rig
  const windowMs = context.pick(5000, 4000, 700)
  await wait(context.pick(4000, 2500, 500))
  const warm = await measure(rig, () => wait(windowMs))
  const packetsPerS = (warm.packets / warm.elapsedMs) * 1000
  const floor = await startFloor(receivers, count, packetsPerS, context.pick(1000, 500, 200))
  const floors: FloorResult[] = []
  const windows: Window[] = []
  for (let round = 0; round < context.pick(8, 4, 1); round++) {
    floors.push(await whilePaused(server, floor, windowMs))
    await wait(context.pick(2500, 1500, 500))
    windows.push(await measure(rig, () => profiled(rig, () => wait(windowMs))))
  }
  await floor.stop()
  reportCount(rig, count, floors, windows)
}

async function whilePaused(server: McpxServer, floor: Floor, windowMs: number): Promise<FloorResult> {
  const all = async (type: 'play' | 'pause') => {
    const open = server.engine.list().filter(({ state }) => state === 'active')
    await Promise.all(open.map(({ id }) => server.engine.command(id, { type })))
  }
  await all('pause')
  await wait(300)
  const result = await floor.run(windowMs)
  await all('play')
  return result
}

function reportCount({ context, viewers }: Rig, count: number, floors: FloorResult[], windows: Window[]): void {
  const floorUs = floors.map(({ cpuUs, packets }) => cpuUs / packets)
  const processUs = windows.map((window) => window.processUs / window.packets)
  const workerUs = windows.map((window) => window.workerUs / window.packets)
  const packets = sum(windows.map((window) => window.packets))
  const perS = (packets / sum(windows.map((window) => window.elapsedMs))) * 1000
  context.report({
    figure: `CPU a packet of the whole process, ${count} viewers`,
    unit: 'µs',
    samples: processUs,
    beside: `viewers by ${viewers.by}; floor ${median(floorUs).toFixed(1)} µs; media worker ${median(workerUs).toFixed(1)} µs; ${perS.toFixed(0)} packets/s`,
  })
  context.report({
    figure: `CPU a packet of the whole process against the floor, ${count} viewers`,
    unit: 'x',
    samples: ratios(processUs, floorUs),
    ...(count === 50 && { goal: atMost(1.5, 'x') }),
    beside: `media worker ${median(ratios(workerUs, floorUs)).toFixed(2)} x`,
  })
  context.report({
    figure: `packets lost, ${count} viewers`,
    unit: 'packets',
    samples: [sum(windows.map(({ lost }) => lost))],
    beside: `of ${packets}`,
  })
}

async function measureJoins(rig: Rig, count: number): Promise<void> {
  const { context, viewers } = rig
  const before = await measure(rig, () => wait(context.pick(4000, 3000, 500)))
  let joins: number | undefined
  const window = await measure(rig, () =>
    profiled(rig, async () => {
      joins = await viewers.churn(context.pick(8000, 5000, 500))
    }),
  )
  if (joins === undefined) return
  // Each is sent a second of media too, which the viewers that stay do not count.
  const packets = window.packets * (1 + joins / count / (window.elapsedMs / 1000))
  const perJoinMs = (usedUs: number, beforeUs: number) =>
    (usedUs - (beforeUs / before.packets) * packets) / 1000 / joins!
  context.report({
    figure: `media worker CPU a join, ${count} viewers`,
    unit: 'ms',
    samples: [perJoinMs(window.workerUs, before.workerUs)],
    goal: atMost(3, 'ms'),
    beside: `whole process ${perJoinMs(window.processUs, before.processUs).toFixed(1)} ms; ${joins} joins at ${joinsPerS}/s; lost ${window.lost} of ${window.packets} packets`,
  })
}

async function measure({ viewers, probe }: Rig, run: () => Promise<void>): Promise<Window> {
  const take = async () => {
    const [[thread], counts] = await Promise.all([probe.media(), viewers.counts()])
    return { workerUs: thread!.cpuUs, ...counts, process: process.cpuUsage(), atMs: performance.now() }
  }
  const before = await take()
  await run()
  await until('packets arrive', async () => (await viewers.counts()).received > before.received)
  const after = await take()
  const { user, system } = process.cpuUsage(before.process)
  const lost = after.lost - before.lost
  return {
    processUs: user + system,
    workerUs: after.workerUs - before.workerUs,
    packets: after.received - before.received + lost,
    lost,
    elapsedMs: after.atMs - before.atMs,
  }
}

let profiles = 0

/** MCPX_BENCH_PROFILE names a folder: a CPU profile of the media worker for each window goes there. */
async function profiled({ probe }: Rig, run: () => Promise<void>): Promise<void> {
  const folder = process.env.MCPX_BENCH_PROFILE
  if (!folder) return run()
  await probe.media({ profile: 'start' })
  await run()
  await probe.media({ profile: { file: join(folder, `full-load-${profiles++}.cpuprofile`) } })
}
