// History and report: what keeping and reading a long record costs, and whether anybody else waits for it.
import { fork } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { systemClock } from '../src/lib/base/clock.ts'
import { silentLogger } from '../src/lib/base/logger.ts'
import { createHistory } from '../src/lib/history/history.ts'
import type { HistoryBatch } from '../src/lib/history/rows.ts'
import { openHistoryStore } from '../src/lib/history/store.ts'
import { atMost, type BenchContext, quantile } from './support/bench.ts'
import { connectionOf, sampleOf } from './support/history-rows.ts'

export const title = 'History and report'

const nothing: HistoryBatch = { connections: [], samples: [], events: [], decisions: [], operations: [], workers: [] }
const pollMs = 2000
const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Yesterday at noon, UTC: the retention may take it, and no sample falls into two days. */
const noonMs = Math.floor((Date.now() - dayMs) / dayMs) * dayMs + dayMs / 2

export async function run(context: BenchContext): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mcpx-bench-'))
  try {
    await measureWriting(context, join(folder, 'written'))
    await measureReport(context, join(folder, 'reported'))
    await measureRetention(context, join(folder, 'retained'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** As a server with 100 viewers writes: one batch a poll. */
async function measureWriting(context: BenchContext, folder: string): Promise<void> {
  const viewers = 100
  const polls = context.pick(1800, 300, 30)
  const store = openHistoryStore(folder)
  const connections = Array.from({ length: viewers }, (_, at) => connectionOf(at, noonMs))
  store.write({ ...nothing, connections })
  const costsMs: number[] = []
  for (let poll = 0; poll < polls; poll++) {
    const samples = connections.map(({ id }) => sampleOf(id, noonMs + poll * pollMs, poll))
    const startedAt = performance.now()
    store.write({ ...nothing, samples })
    costsMs.push(performance.now() - startedAt)
  }
  store.close()
  const spentS = costsMs.reduce((total, cost) => total + cost, 0) / 1000
  context.report({
    figure: 'rows written, batches of 100, rolled up',
    unit: 'rows/s',
    samples: [(polls * viewers) / spentS],
    beside: `a batch p50 ${quantile(costsMs, 0.5).toFixed(1)} ms, p99 ${quantile(costsMs, 0.99).toFixed(1)} ms, in the history's own thread`,
  })
  const hours = (viewers * polls * pollMs) / hourMs
  context.report({
    figure: 'history on disk, a connection and hour',
    unit: 'KiB',
    samples: [(await bytesOf(folder)) / 1024 / hours],
    beside: `a sample every ${pollMs / 1000} s, minutes and hours besides`,
  })
}

async function bytesOf(folder: string): Promise<number> {
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((total, size) => total + size, 0)
}

/** In a process of its own, as `mcpx report` is: its peak memory is nobody else's. */
async function measureReport(context: BenchContext, folder: string): Promise<void> {
  const count = context.pick(1_000_000, 200_000, 5000)
  const viewers = 100
  const store = openHistoryStore(folder)
  store.write({ ...nothing, connections: Array.from({ length: viewers }, (_, at) => connectionOf(at, noonMs)) })
  const perBatch = 5000
  for (let from = 0; from < count; from += perBatch) {
    const samples = Array.from({ length: Math.min(perBatch, count - from) }, (_, at) => {
      const poll = Math.floor((from + at) / viewers)
      return sampleOf(`connection-${(from + at) % viewers}`, noonMs + poll * pollMs, poll)
    })
    store.write({ ...nothing, samples })
  }
  store.close()
  const range = [noonMs, noonMs + (count / viewers) * pollMs]
  const results: { html: ReportCost[]; json: ReportCost[] } = { html: [], json: [] }
  for (let round = 0; round < context.pick(5, 2, 1); round++)
    for (const format of ['html', 'json'] as const)
      results[format].push(await reportCost([folder, format, ...range.map(String)]))
  for (const format of ['html', 'json'] as const)
    context.report({
      figure: `report over ${count.toLocaleString('en')} samples, ${format}`,
      unit: 's',
      samples: results[format].map(({ spentMs }) => spentMs / 1000),
      ...(count === 1_000_000 && { goal: atMost(3, 's') }),
      beside: `wall time in a process of its own; CPU ${(results[format][0]!.cpuMs / 1000).toFixed(1)} s; peak memory ${Math.round(Math.max(...results[format].map(({ peakRssBytes }) => peakRssBytes)) / 2 ** 20)} MiB`,
    })
}

interface ReportCost {
  readonly spentMs: number
  readonly cpuMs: number
  readonly peakRssBytes: number
}

function reportCost(args: readonly string[]): Promise<ReportCost> {
  const child = fork(join(import.meta.dirname, 'support/report-process.ts'), args, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  return new Promise((done, reject) => {
    let cost: ReportCost | undefined
    child.on('message', (message) => {
      cost = message as ReportCost
    })
    child.on('exit', (code) => (cost ? done(cost) : reject(new Error(`the report ended with ${code}`))))
  })
}

/** Thirty large days go at once, while this loop does nothing else. */
async function measureRetention(context: BenchContext, folder: string): Promise<void> {
  const [days, rows] = [30, context.pick(60_000, 10_000, 500)]
  const store = openHistoryStore(folder)
  for (let day = 1; day <= days; day++)
    store.write({
      ...nothing,
      samples: Array.from({ length: rows }, (_, at) => sampleOf('a', noonMs - day * dayMs + at, at)),
    })
  store.close()
  const bytes = await bytesOf(folder)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const history = createHistory({
    folder,
    retention: { maxAgeDays: 1, maxBytes: 2 ** 40 },
    clock: systemClock,
    logger: silentLogger,
  })
  while ((await readdir(folder)).some((name) => name.endsWith('.db'))) await history.flush()
  delay.disable()
  await history.close()
  context.report({
    figure: 'longest stall of the main loop during retention',
    unit: 'ms',
    samples: [delay.max / 1e6],
    beside: `${days} days with ${Math.round(bytes / 2 ** 20)} MiB go; loop delay p50 ${(delay.percentile(50) / 1e6).toFixed(1)} ms, taken every 1 ms`,
  })
}
