// Leak: streams opened, connected and closed by the hundred; what of handles, heap and memory stays.
// MCPX_BENCH_STREAMS says how many, for a night: with 40000 of them the limit of scripts/bench.mjs needs `--limit 3600`.
import { readdirSync } from 'node:fs'
import { atMost, type BenchContext, wait } from './support/bench.ts'
import { createProbe } from './support/probe.ts'
import { startReceivers, unwatch, watch } from './support/receivers.ts'
import { startServer } from './support/server.ts'

export const title = 'Leak'

interface Sample {
  readonly streams: number
  readonly handles: number
  readonly files: number
  readonly heapBytes: number
  readonly rssBytes: number
}

export async function run(context: BenchContext): Promise<void> {
  const streams = wantedStreams() ?? context.pick(1000, 150, 6)
  const step = Math.max(context.pick(100, 25, 2), Math.ceil(streams / 40))
  const warm = context.pick(200, 50, 2)
  const server = await startServer()
  const receivers = startReceivers()
  const probe = createProbe(1)
  try {
    const content = await server.engine.sample()
    let opened = 0
    const openUntil = async (count: number) => {
      const one = async () => {
        while (opened < count) {
          opened++
          await unwatch(server.engine, receivers, await watch(server.engine, receivers, content))
        }
      }
      await Promise.all(Array.from({ length: 4 }, one))
    }
    const samples: Sample[] = []
    const take = async () => samples.push(await settle(probe, opened))
    await openUntil(warm)
    await take()
    while (opened < warm + streams) {
      await openUntil(opened + step)
      await take()
      context.say(`${opened} streams, RSS ${(samples.at(-1)!.rssBytes / 1e6).toFixed(0)} MB`)
    }
    report(context, samples)
  } finally {
    await receivers.stop()
    probe.close()
    await server.stop()
  }
}

function wantedStreams(): number | undefined {
  const text = process.env.MCPX_BENCH_STREAMS
  if (text === undefined) return undefined
  const streams = Number(text)
  if (!Number.isInteger(streams) || streams < 2)
    throw new Error(`MCPX_BENCH_STREAMS is "${text}", not a number of streams`)
  return streams
}

/** After what closes late (close notifies, timers of ICE, of flights of DTLS that were answered) and two collections. */
async function settle(probe: ReturnType<typeof createProbe>, streams: number): Promise<Sample> {
  await wait(1500)
  await probe.ask({ gc: true })
  globalThis.gc?.()
  const [thread] = await probe.media({ gc: true })
  return {
    streams,
    handles: Object.values(thread!.handles).reduce((total, count) => total + count, 0),
    files: openFiles(),
    heapBytes: thread!.heapBytes + process.memoryUsage().heapUsed,
    rssBytes: process.memoryUsage.rss(),
  }
}

/** Descriptors of this process, on Linux. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return Number.NaN
  }
}

function report(context: BenchContext, samples: readonly Sample[]): void {
  const [first, last] = [samples[0]!, samples.at(-1)!]
  const over = `${first.streams} to ${last.streams} streams`
  context.report({
    figure: `handles of the media worker left over, ${over}`,
    unit: 'handles',
    samples: [last.handles - first.handles],
    goal: atMost(0, ''),
    beside: `${first.handles} to ${last.handles}; descriptors of the process ${first.files} to ${last.files}`,
  })
  for (const [figure, key] of [
    ['heap (worker and main thread)', 'heapBytes'],
    ['RSS', 'rssBytes'],
  ] as const)
    context.report({
      figure: `${figure} a closed stream, ${over}`,
      unit: 'kB',
      samples: [slope(samples, key) / 1000],
      beside: `${(first[key] / 1e6).toFixed(1)} to ${(last[key] / 1e6).toFixed(1)} MB; slope of ${samples.length} samples after collection`,
    })
}

/** Least squares, bytes a stream. */
function slope(samples: readonly Sample[], key: 'heapBytes' | 'rssBytes'): number {
  const count = samples.length
  const meanX = samples.reduce((total, sample) => total + sample.streams, 0) / count
  const meanY = samples.reduce((total, sample) => total + sample[key], 0) / count
  let above = 0
  let below = 0
  for (const sample of samples) {
    above += (sample.streams - meanX) * (sample[key] - meanY)
    below += (sample.streams - meanX) ** 2
  }
  return below === 0 ? 0 : above / below
}
