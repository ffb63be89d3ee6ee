// Fan-out: what one RTP packet costs the media worker, next to encrypting and sending alone, and how evenly packets leave.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transcodeSettings } from '../src/lib/app/settings.ts'
import type { McpxServer } from '../src/lib/app.ts'
import type { MeasuredSnapshot } from '../src/lib/model/figures.ts'
import { pacingErrorEdgesMs, type WorkerHealth } from '../src/lib/protocol/media-plane.ts'
import { atMost, type BenchContext, median, quantile, ratios, sum, until, wait } from './support/bench.ts'
import { twoMegabitClip, webClip } from './support/clips.ts'
import { startFloor } from './support/floor.ts'
import type { FloorResult } from './support/floor-worker.ts'
import { createProbe } from './support/probe.ts'
import { type Receivers, startReceivers, unwatch, type Watching, watch, watchMany } from './support/receivers.ts'
import { addContent, startServer } from './support/server.ts'

export const title = 'Fan-out: one media worker, 2 Mbps to each viewer'

interface Rig {
  readonly context: BenchContext
  readonly server: McpxServer
  readonly receivers: Receivers
  readonly probe: ReturnType<typeof createProbe>
  readonly content: string
}

interface Window {
  readonly cpuUs: number
  readonly packets: number
  readonly lost: number
  readonly elapsedMs: number
  /** p99 of each viewer in each reporting interval. */
  readonly viewerPacingMs: readonly number[]
  /** How late each packet of all viewers left: see WorkerHealth. */
  readonly pacingErrors: WorkerHealth['pacingErrors']
  readonly processUs: number
  /** Share of the time in which the media worker was ready to run and had no core. */
  readonly waited: number | undefined
  /** Share of the time in garbage collection, and its longest pause. */
  readonly collecting: number
  readonly gcMaxMs: number
  /** Of the worker's event loop. */
  readonly loopDelayMaxMs: number
  /** Datagrams that the kernel dropped because a receiver's buffer was full, in the whole machine. */
  readonly bufferDrops: number | undefined
}

export async function run(context: BenchContext): Promise<void> {
  const server = await startServer({ pollInterval: 1 })
  const receivers = startReceivers()
  const rig: Rig = {
    context,
    server,
    receivers,
    probe: createProbe(1),
    content: await addContent(server, 'clip.webm', twoMegabitClip(context.pick(20, 20, 5))),
  }
  try {
    await measureCounts(rig, context.pick([10, 50, 100], [10, 50], [2]))
    if (server.engine.info.encoder !== 'none') await measureWhileBusy(rig)
  } finally {
    await receivers.stop()
    rig.probe.close()
    await server.stop()
  }
}

/** Viewers are added from one count to the next; each count has rounds of floor and engine in turn. */
async function measureCounts(rig: Rig, counts: readonly number[]): Promise<void> {
  const { context, server, receivers, content } = rig
  const windowMs = context.pick(3500, 3000, 700)
  const rounds = context.pick(8, 3, 1)
  const viewers: Watching[] = []
  const memory: { viewers: number; rssBytes: number }[] = []
  for (const count of counts) {
    context.say(`${count} viewers`)
    viewers.push(...(await watchMany(server.engine, receivers, content, count - viewers.length)))
    await wait(context.pick(4000, 2500, 500))
    const warm = await measure(rig, viewers, windowMs)
    const packetsPerS = (warm.packets / warm.elapsedMs) * 1000
    const floor = await startFloor(receivers, count, packetsPerS, context.pick(1000, 500, 200))
    const engineUs: number[] = []
    const floors: FloorResult[] = []
    const windows: Window[] = []
    for (let round = 0; round < rounds; round++) {
      await all(server, viewers, 'pause')
      await wait(300)
      floors.push(await floor.run(windowMs))
      await all(server, viewers, 'play')
      await wait(context.pick(2500, 1500, 500))
      const window = await measure(rig, viewers, windowMs)
      windows.push(window)
      engineUs.push(window.cpuUs / window.packets)
    }
    await floor.stop()
    await rig.probe.ask({ gc: true })
    globalThis.gc?.()
    memory.push({ viewers: count, rssBytes: process.memoryUsage.rss() })
    reportCount(context, count, { engineUs, floors, windows })
    if (count !== counts[0] || counts.length === 1) await measureJoins(rig, viewers)
  }
  reportMemory(context, memory)
  await Promise.all(viewers.map((viewer) => unwatch(server.engine, receivers, viewer)))
}

function reportCount(
  context: BenchContext,
  count: number,
  { engineUs, floors, windows }: { engineUs: number[]; floors: FloorResult[]; windows: Window[] },
): void {
  const floorUs = floors.map((floor) => floor.cpuUs / floor.packets)
  const packets = sum(windows.map((window) => window.packets))
  const perS = packets / (sum(windows.map((window) => window.elapsedMs)) / 1000)
  const shared = sum(windows.map((window) => window.processUs)) / packets
  context.report({
    figure: `CPU a packet, ${count} viewers`,
    unit: 'µs',
    samples: engineUs,
    beside: `floor ${median(floorUs).toFixed(1)} µs; ${perS.toFixed(0)} packets/s; whole process ${shared.toFixed(1)} µs`,
  })
  context.report({
    figure: `CPU a packet against the floor, ${count} viewers`,
    unit: 'x',
    samples: ratios(engineUs, floorUs),
    ...(count === 50 && { goal: atMost(2, 'x') }),
  })
  const bare = median(floors.map((floor) => floor.lateP99Ms)).toFixed(1)
  reportPacing(context, `${count} viewers`, windows, `a bare timer ${bare} ms`)
  context.report({
    figure: `packets lost on loopback, ${count} viewers`,
    unit: 'packets',
    samples: [sum(windows.map((window) => window.lost))],
    goal: atMost(0, ''),
    beside: `of ${packets}; the receivers' full buffers dropped ${sumOf(windows, (window) => window.bufferDrops)}`,
  })
}

/** The 99th percentile over all packets, read from the counts between their edges. */
function pacingP99Ms(windows: readonly Window[]): number | undefined {
  const count = sum(windows.map(({ pacingErrors }) => pacingErrors.count))
  if (count === 0) return undefined
  const wanted = count * 0.99
  let before = { edgeMs: 0, upTo: 0 }
  for (const [index, edgeMs] of pacingErrorEdgesMs.entries()) {
    const upTo = sum(windows.map(({ pacingErrors }) => pacingErrors.upTo[index]!))
    if (upTo >= wanted)
      return before.edgeMs + ((edgeMs - before.edgeMs) * (wanted - before.upTo)) / Math.max(1, upTo - before.upTo)
    before = { edgeMs, upTo }
  }
  return Number.POSITIVE_INFINITY
}

function reportPacing(context: BenchContext, what: string, windows: readonly Window[], peer?: string): void {
  const all = windows.flatMap((window) => window.viewerPacingMs)
  const p99Ms = pacingP99Ms(windows)
  if (all.length === 0 || p99Ms === undefined) return
  context.report({
    figure: `pacing error p99, ${what}`,
    unit: 'ms',
    samples: [p99Ms],
    goal: atMost(10, 'ms'),
    beside: [
      `p99 of ${all.length} viewer seconds: median ${median(all).toFixed(1)}, p90 ${quantile(all, 0.9).toFixed(1)}, worst ${Math.max(...all).toFixed(1)}`,
      ...(peer === undefined ? [] : [peer]),
      `loop delay up to ${Math.max(...windows.map((window) => window.loopDelayMaxMs)).toFixed(0)} ms`,
      `no core for ${percent(windows, (window) => window.waited)} of the time`,
      `GC pauses up to ${Math.max(...windows.map((window) => window.gcMaxMs)).toFixed(1)} ms, ${percent(windows, (window) => window.collecting)} of the time`,
    ].join('; '),
  })
}

const percent = (windows: readonly Window[], read: (window: Window) => number | undefined): string =>
  `${(100 * (sum(windows.map((window) => read(window) ?? Number.NaN)) / windows.length)).toFixed(0)} %`

function sumOf(windows: readonly Window[], read: (window: Window) => number | undefined): string {
  const values = windows.map(read)
  return values.includes(undefined) ? 'an unknown number' : `${sum(values as number[])}`
}

function reportMemory(context: BenchContext, memory: readonly { viewers: number; rssBytes: number }[]): void {
  const [first, last] = [memory[0]!, memory.at(-1)!]
  if (first === last) return
  context.report({
    figure: `memory a viewer (RSS, ${first.viewers} to ${last.viewers} viewers)`,
    unit: 'MB',
    samples: [(last.rssBytes - first.rssBytes) / (last.viewers - first.viewers) / 1e6],
    goal: atMost(2, 'MB'),
    beside: `process ${(last.rssBytes / 1e6).toFixed(0)} MB`,
  })
}

/** People come and go at 20 a second while the others watch. */
async function measureJoins(rig: Rig, viewers: readonly Watching[]): Promise<void> {
  const { context, server, receivers, content } = rig
  context.say('20 joins a second')
  const durationMs = context.pick(10_000, 5000, 500)
  const before = await measure(rig, viewers, context.pick(4000, 2000, 500))
  let joined = 0
  const joining: Promise<void>[] = []
  const join = async () => {
    const viewer = await watch(server.engine, receivers, content)
    joined++
    await wait(1000)
    await unwatch(server.engine, receivers, viewer)
  }
  const timer = setInterval(() => joining.push(join().catch(() => {})), 50)
  const window = await measure(rig, viewers, durationMs)
  clearInterval(timer)
  const joins = joined
  await Promise.all(joining)
  const perS = (joins / window.elapsedMs) * 1000
  reportPacing(context, `${viewers.length} viewers, ${perS.toFixed(1)} joins/s`, [window])
  const mediaUs = (before.cpuUs / before.packets) * window.packets
  context.report({
    figure: `media worker CPU a join, ${viewers.length} viewers`,
    unit: 'ms',
    samples: [(window.cpuUs - mediaUs) / 1000 / Math.max(1, joins)],
    beside: `asked 20/s, ${perS.toFixed(1)}/s connected; lost ${window.lost} of ${window.packets} packets`,
  })
}

/** As many processes that only transcode as the pool may have on a machine: the worst that it can do to the media worker. */
async function measureWhileBusy(rig: Rig): Promise<void> {
  const { context, server, receivers, content } = rig
  context.say('transcode pool busy')
  const viewers = await watchMany(server.engine, receivers, content, context.pick(50, 20, 2))
  const { encoder } = server.engine.info
  const count = encoder === 'none' ? 0 : context.pick(transcodeSettings('', encoder).maxProcesses, 4, 1)
  const load = Array.from({ length: count }, () =>
    fork(new URL('./support/transcode-load.ts', import.meta.url), [encoder, webClip()], { execArgv: [] }),
  )
  await wait(context.pick(4000, 2500, 1000))
  const windows: Window[] = []
  for (let round = 0; round < context.pick(2, 1, 1); round++)
    windows.push(await measure(rig, viewers, context.pick(8000, 5000, 1000)))
  const ended = load.map((child) => once(child, 'exit'))
  for (const child of load) child.kill('SIGKILL')
  await Promise.all(ended)
  const cores = sum(windows.map((window) => window.processUs / 1000 / window.elapsedMs)) / windows.length
  reportPacing(
    context,
    `${viewers.length} viewers, transcode pool busy`,
    windows,
    `${count} processes transcode; the server at ${cores.toFixed(2)} cores`,
  )
  await Promise.all(viewers.map((viewer) => unwatch(server.engine, receivers, viewer)))
}

const all = (server: McpxServer, viewers: readonly Watching[], type: 'play' | 'pause') =>
  Promise.all(viewers.map(({ streamId }) => server.engine.command(streamId, { type })))

const noPacingErrors: WorkerHealth['pacingErrors'] = { upTo: pacingErrorEdgesMs.map(() => 0), count: 0, sum: 0 }

const since = (
  before: WorkerHealth['pacingErrors'],
  after: WorkerHealth['pacingErrors'],
): WorkerHealth['pacingErrors'] => ({
  upTo: after.upTo.map((count, index) => count - before.upTo[index]!),
  count: after.count - before.count,
  sum: after.sum - before.sum,
})

/** What the media worker used and what arrived, from one moment to another. */
async function measure(rig: Rig, viewers: readonly Watching[], durationMs: number): Promise<Window> {
  const { server, receivers, probe } = rig
  const watched = new Set(viewers.map(({ streamId }) => streamId))
  const viewerPacingMs: number[] = []
  let round = 0
  // The first report of the window also covers what was before it.
  const listen = (snapshots: readonly MeasuredSnapshot[]) => {
    if (round++ === 0 && durationMs > 2000) return
    for (const { streamId, pacingErrorP99Ms } of snapshots)
      if (watched.has(streamId) && pacingErrorP99Ms !== undefined) viewerPacingMs.push(pacingErrorP99Ms)
  }
  const take = async () => {
    const [[thread], counts] = await Promise.all([probe.media(), receivers.rpc.call('counts', undefined)])
    return { ...thread!, ...counts, bufferDrops: bufferDrops(), process: process.cpuUsage(), atMs: performance.now() }
  }
  const before = await take()
  const stopSnapshots = server.engine.events.on('snapshots', listen)
  let loopDelayMaxMs = 0
  let pacingBefore = noPacingErrors
  let pacingAfter = noPacingErrors
  const stopHealth = server.engine.events.on('health', (health) => {
    if (pacingBefore === noPacingErrors) pacingBefore = health.pacingErrors
    pacingAfter = health.pacingErrors
    loopDelayMaxMs = Math.max(loopDelayMaxMs, health.loopDelayMaxMs)
  })
  const hasArrived = async () => (await receivers.rpc.call('counts', undefined)).received > before.received
  await profiled(rig, async () => {
    await wait(durationMs)
    await until('packets arrive', hasArrived)
  })
  stopSnapshots()
  stopHealth()
  const after = await take()
  const { user, system } = process.cpuUsage(before.process)
  const received = after.received - before.received
  const lost = after.lost - before.lost
  return {
    cpuUs: after.cpuUs - before.cpuUs,
    packets: received + lost,
    lost,
    elapsedMs: after.atMs - before.atMs,
    viewerPacingMs,
    pacingErrors: since(pacingBefore, pacingAfter),
    processUs: user + system,
    loopDelayMaxMs,
    collecting: (after.gcMs - before.gcMs) / (after.atMs - before.atMs),
    gcMaxMs: after.gcMaxMs,
    waited:
      before.waitedUs === undefined || after.waitedUs === undefined
        ? undefined
        : (after.waitedUs - before.waitedUs) / 1000 / (after.atMs - before.atMs),
    bufferDrops:
      before.bufferDrops === undefined || after.bufferDrops === undefined
        ? undefined
        : after.bufferDrops - before.bufferDrops,
  }
}

/** RcvbufErrors of UDP, on Linux. */
function bufferDrops(): number | undefined {
  try {
    const [names, values] = readFileSync('/proc/net/snmp', 'latin1')
      .split('\n')
      .filter((line) => line.startsWith('Udp:'))
      .map((line) => line.split(' '))
    return Number(values![names!.indexOf('RcvbufErrors')])
  } catch {
    return undefined
  }
}

let profiles = 0

/** MCPX_BENCH_PROFILE names a folder: a CPU profile of the media worker for each window goes there. */
async function profiled(rig: Rig, run: () => Promise<void>): Promise<void> {
  const folder = process.env.MCPX_BENCH_PROFILE
  if (!folder) return run()
  await rig.probe.media({ profile: 'start' })
  await run()
  await rig.probe.media({ profile: { file: join(folder, `fan-out-${profiles++}.cpuprofile`) } })
}
