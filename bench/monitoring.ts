// Monitoring: what watching the watchers costs the server, and what a scrape costs whom.
import { atMost, type BenchContext, interleave, median, quantile, wait } from './support/bench.ts'
import { quietClip } from './support/clips.ts'
import { startReceivers, watchMany } from './support/receivers.ts'
import { addContent, startServer } from './support/server.ts'

export const title = 'Monitoring: the monitor, the history and the metrics'

export async function run(context: BenchContext): Promise<void> {
  await measureMonitor(context)
  await measureScrape(context)
}

/** The whole process, with the history's thread in it. Sound alone is played: of its packets the media worker has little work. */
async function measureMonitor(context: BenchContext): Promise<void> {
  const viewers = context.pick(100, 50, 4)
  const windowMs = context.pick(20_000, 8000, 500)
  const shareOfCore = async (options: { disableWebrtcMonitor: boolean; pollInterval: number }) => {
    const server = await startServer(options)
    const receivers = startReceivers()
    try {
      const content = await addContent(server, 'clip.webm', quietClip(20))
      await watchMany(server.engine, receivers, content, viewers)
      await wait(context.pick(3000, 1000, 100))
      const [before, startedAt] = [process.cpuUsage(), performance.now()]
      await wait(windowMs)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 10 / (performance.now() - startedAt)
    } finally {
      await receivers.stop()
      await server.stop()
    }
  }
  const { on, off, often } = await interleave(context.pick(4, 2, 1), {
    on: () => shareOfCore({ disableWebrtcMonitor: false, pollInterval: 2 }),
    off: () => shareOfCore({ disableWebrtcMonitor: true, pollInterval: 2 }),
    often: () => shareOfCore({ disableWebrtcMonitor: false, pollInterval: 0.2 }),
  })
  context.report({
    figure: `CPU of the monitor and the history, ${viewers} connections, poll every 2 s`,
    unit: '% of a core',
    samples: on.map((share, round) => share - off[round]!),
    ...(viewers === 100 && { goal: atMost(3, '% of a core') }),
    beside: `with ${median(on).toFixed(1)} %, without ${median(off).toFixed(1)} %`,
  })
  context.report({
    figure: `CPU of a poll every 0.2 s in place of 2 s, ${viewers} connections`,
    unit: '% of a core',
    samples: often.map((share, round) => share - on[round]!),
    beside: `every 0.2 s ${median(often).toFixed(1)} %, every 2 s ${median(on).toFixed(1)} %`,
  })
}

async function measureScrape(context: BenchContext): Promise<void> {
  const viewers = context.pick(500, 100, 4)
  const server = await startServer({ disableWebrtcMetrics: false, webrtcMetricsPort: 0, pollInterval: 2 })
  const receivers = startReceivers()
  try {
    const content = await addContent(server, 'clip.webm', quietClip(20))
    await watchMany(server.engine, receivers, content, viewers, { isPaused: true })
    await wait(context.pick(5000, 3000, 500))
    for (const [what, url] of [
      ['WebRTC', server.metrics?.webrtc ?? ''],
      ['MCP', server.metrics?.mcp ?? ''],
    ] as const) {
      const timesMs: number[] = []
      let bytes = 0
      for (let round = 0; round < context.pick(30, 10, 2); round++) {
        const startedAt = performance.now()
        bytes = (await (await fetch(url)).arrayBuffer()).byteLength
        timesMs.push(performance.now() - startedAt)
      }
      context.report({
        figure: `scrape of the ${what} metrics, ${viewers} connections`,
        unit: 'ms',
        samples: timesMs,
        beside: `${(bytes / 1024).toFixed(0)} KiB; p99 ${quantile(timesMs, 0.99).toFixed(0)} ms, request to last byte`,
      })
    }
  } finally {
    await receivers.stop()
    await server.stop()
  }
}
