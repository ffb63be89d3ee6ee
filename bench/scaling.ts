// Scaling: the same viewers on one media worker and on two.
import type { MeasuredSnapshot } from '../src/lib/model/figures.ts'
import { type BenchContext, median, quantile, sum, until, wait } from './support/bench.ts'
import { twoMegabitClip } from './support/clips.ts'
import { createProbe } from './support/probe.ts'
import { startReceivers, watchMany } from './support/receivers.ts'
import { addContent, startServer } from './support/server.ts'

export const title = 'Scaling: one media worker against two'

interface Result {
  readonly busiestUs: number
  readonly allUs: number
  readonly pacingMs: number
  readonly lost: number
  readonly packets: number
  readonly rssBytes: number
}

export async function run(context: BenchContext): Promise<void> {
  const viewers = context.pick(60, 30, 4)
  const results: Record<number, Result[]> = { 1: [], 2: [] }
  for (let round = 0; round < context.pick(2, 2, 1); round++) {
    for (const workers of round % 2 === 0 ? [1, 2] : [2, 1]) {
      context.say(`${workers} media worker${workers === 1 ? '' : 's'}, ${viewers} viewers`)
      results[workers]!.push(await measure(context, workers, viewers))
    }
  }
  const one = results[1]!
  const two = results[2]!
  const read = (from: Result[], of: (result: Result) => number) => from.map(of)
  context.report({
    figure: `CPU of the busiest media worker of 2 against 1 alone, ${viewers} viewers`,
    unit: 'x',
    samples: two.map((result, round) => result.busiestUs / one[round]!.busiestUs),
    beside: `a packet: 1 worker ${median(read(one, (r) => r.allUs)).toFixed(1)} µs, 2 workers ${median(read(two, (r) => r.allUs)).toFixed(1)} µs together`,
  })
  for (const [workers, found] of [
    [1, one],
    [2, two],
  ] as const)
    context.report({
      figure: `pacing error p99, ${workers} media worker${workers === 1 ? '' : 's'}, ${viewers} viewers`,
      unit: 'ms',
      samples: read(found, (r) => r.pacingMs),
      beside: `lost ${sum(read(found, (r) => r.lost))} of ${sum(read(found, (r) => r.packets))}; process ${(median(read(found, (r) => r.rssBytes)) / 1e6).toFixed(0)} MB`,
    })
}

async function measure(context: BenchContext, workers: number, viewers: number): Promise<Result> {
  const server = await startServer({ mediaWorkers: workers, pollInterval: 1 })
  const receivers = startReceivers()
  const probe = createProbe(workers)
  try {
    const content = await addContent(server, 'clip.webm', twoMegabitClip(context.pick(20, 20, 5)))
    await watchMany(server.engine, receivers, content, viewers)
    await wait(context.pick(4000, 2500, 500))
    const pacing: number[] = []
    const take = async () => {
      const [threads, counts] = await Promise.all([probe.media(), receivers.rpc.call('counts', undefined)])
      return { threads, counts }
    }
    const before = await take()
    const stop = server.engine.events.on('snapshots', (snapshots: readonly MeasuredSnapshot[]) => {
      for (const { pacingErrorP99Ms } of snapshots) if (pacingErrorP99Ms !== undefined) pacing.push(pacingErrorP99Ms)
    })
    await wait(context.pick(6000, 4000, 1200))
    await until('a snapshot with a pacing error', () => pacing.length > 0)
    stop()
    let after = before
    await until('packets arrive', async () => {
      after = await take()
      return after.counts.received > before.counts.received
    })
    const cpuUs = after.threads.map((thread, index) => thread.cpuUs - before.threads[index]!.cpuUs)
    const lost = after.counts.lost - before.counts.lost
    const packets = after.counts.received - before.counts.received + lost
    return {
      busiestUs: Math.max(...cpuUs) / packets,
      allUs: sum(cpuUs) / packets,
      pacingMs: quantile(pacing, 0.9),
      lost,
      packets,
      rssBytes: process.memoryUsage.rss(),
    }
  } finally {
    await receivers.stop()
    probe.close()
    await server.stop()
  }
}
