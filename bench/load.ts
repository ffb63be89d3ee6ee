// The load tool: what a viewer at 2 Mbps costs it, beside what the same viewer costs the server and what one by Pion costs, and how
// many it has on one core before it is late itself.
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createApi } from '../src/lib/client/api.ts'
import type { LoadResult } from '../src/lib/protocol/load-result.ts'
import { whepPath } from '../src/lib/protocol/routes.ts'
import { atMost, type BenchContext, interleave, median, ratios, wait } from './support/bench.ts'
import { type BuiltServer, cpuMsOf, mcpx, serveBuilt } from './support/built-server.ts'
import { twoMegabitClip } from './support/clips.ts'
import { startPion } from './support/pion-viewers.ts'

export const title = 'Load tool: CPU a viewer at 2 Mbps, and viewers on one core'

interface Rig {
  readonly context: BenchContext
  readonly server: BuiltServer
  readonly content: string
}

/** CPU of viewers and of the server, in milliseconds a second and viewer. */
interface Cost {
  readonly viewers: number
  readonly server: number
}

const joinsPerS = 10

export async function run(context: BenchContext): Promise<void> {
  const server = await serveBuilt(['--isolation', '--media-workers', '1'])
  try {
    const rig = { context, server, content: await addClip(server, twoMegabitClip(context.pick(20, 20, 5))) }
    await measureCost(rig)
    await measureOneCore(rig)
  } finally {
    await server.stop()
  }
}

async function addClip(server: BuiltServer, path: string): Promise<string> {
  const bytes = await readFile(path)
  const content = (async function* () {
    yield bytes
  })()
  const { cid } = await createApi({ url: server.url }).addFiles([{ name: 'clip.webm', content }])
  return cid
}

async function measureCost(rig: Rig): Promise<void> {
  const { context } = rig
  const viewers = context.pick(25, 25, 2)
  const rounds = context.pick(5, 2, 1)
  const costs: Record<'tool' | 'pion', Cost[]> = { tool: [], pion: [] }
  let isThere = true
  await interleave(rounds, {
    tool: async () => noteOf(costs.tool, await costOfTool(rig, viewers)),
    pion: async () => {
      const cost = isThere ? await costOfPion(rig, viewers) : undefined
      isThere = cost !== undefined
      return cost ? noteOf(costs.pion, cost) : Number.NaN
    },
  })
  const tool = costs.tool.map((cost) => cost.viewers)
  const onServer = costs.tool.map((cost) => cost.server)
  context.report({ figure: `CPU of the tool a viewer at 2 Mbps, ${viewers} viewers`, unit: 'ms/s', samples: tool })
  context.report({
    figure: 'CPU of the tool against that of the server for the same viewer',
    unit: 'x',
    samples: ratios(tool, onServer),
    goal: atMost(1, 'x'),
    beside: `server ${median(onServer).toFixed(2)} ms/s`,
  })
  if (costs.pion.length === 0) return context.say('no Pion here: there is no Go, or its modules are not')
  const pion = costs.pion.map((cost) => cost.viewers)
  context.report({
    figure: 'CPU of the tool against that of a viewer by Pion',
    unit: 'x',
    samples: ratios(tool, pion),
    goal: atMost(2, 'x'),
    beside: `Pion ${median(pion).toFixed(2)} ms/s; server with Pion ${median(costs.pion.map((cost) => cost.server)).toFixed(2)} ms/s`,
  })
}

function noteOf(costs: Cost[], cost: Cost): number {
  costs.push(cost)
  return cost.viewers
}

/** Once all have joined and settled. */
async function window({ context, server }: Rig, pid: number, viewers: number): Promise<Cost> {
  await wait((viewers / joinsPerS) * 1000 + context.pick(4000, 3000, 1000))
  const before = { viewers: cpuMsOf(pid), server: cpuMsOf(server.pid), atMs: performance.now() }
  await wait(windowMs(context))
  const perViewer = (cpuMs: number) => (cpuMs * 1000) / (performance.now() - before.atMs) / viewers
  return { viewers: perViewer(cpuMsOf(pid) - before.viewers), server: perViewer(cpuMsOf(server.pid) - before.server) }
}

const windowMs = (context: BenchContext) => context.pick(15_000, 8000, 1000)

async function costOfTool(rig: Rig, viewers: number): Promise<Cost> {
  const rampS = viewers / joinsPerS
  const tool = startTool(rig, { viewers, rampS, durationS: rampS + windowMs(rig.context) / 1000 + 8 })
  const cost = await window(rig, tool.pid, viewers)
  const { summary } = await tool.result
  if (summary.failed > 0) throw new Error(`${summary.failed} viewers failed: ${JSON.stringify(summary.errors)}`)
  return cost
}

async function costOfPion(rig: Rig, viewers: number): Promise<Cost | undefined> {
  const { context, server, content } = rig
  const pion = startPion(`${server.url.replace(/\/$/, '')}${whepPath(content)}?loop=true`, context.size !== 'smoke')
  if (!pion) return undefined
  try {
    const joining = pion.join(viewers, joinsPerS)
    const cost = await window(rig, pion.pid, viewers)
    const { failed, error } = await joining
    if (failed > 0) throw new Error(`${failed} viewers by Pion failed: ${error}`)
    return cost
  } finally {
    await pion.stop()
  }
}

/** One process of viewers has one event loop, and so one core at the most. */
async function measureOneCore(rig: Rig): Promise<void> {
  const { context } = rig
  let most = 0
  let beside = ''
  for (const viewers of context.pick([25, 50, 75, 100, 125, 150, 200], [25, 50, 100], [2])) {
    const durationS = context.pick(20, 12, 3)
    const rampS = Math.min(viewers / joinsPerS, durationS / 3)
    const { tool, summary } = await startTool(rig, { viewers, rampS, durationS, processes: 1 }).result
    beside = `${viewers} viewers: lag p99 ${tool.loopLagP99Ms?.toFixed(1)} ms, ${tool.cpuRatio.toFixed(2)} cores, ${summary.freezes} freezes, ${summary.failed} failed`
    context.say(beside)
    if ((tool.loopLagP99Ms ?? Number.POSITIVE_INFINITY) > 20 || summary.failed > 0) break
    most = viewers
  }
  context.report({
    figure: 'viewers at 2 Mbps on one core with own lag p99 ≤ 20 ms',
    unit: 'viewers',
    samples: [most],
    beside,
  })
}

interface Asked {
  readonly viewers: number
  readonly rampS: number
  readonly durationS: number
  readonly processes?: number
}

function startTool({ server, content }: Rig, { viewers, rampS, durationS, processes = 0 }: Asked) {
  const load = ['--viewers', viewers, '--ramp', rampS, '--duration', durationS, '--processes', processes]
  const args = [mcpx, 'test-client', '--json', '--quiet', '--server', server.url, '--cid', content, ...load.map(String)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.on('data', (part) => {
    text += part
  })
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text) as LoadResult)
      else reject(new Error(`the load tool ended with ${code}`))
    })
  })
  result.catch(() => {})
  return { pid: child.pid!, result }
}
