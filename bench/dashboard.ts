// Dashboard: what a browser has to do for each change, with many connections that all change every second. Needs Chromium and the
// built pages (`npm run build`).
import type { CDPSession, Page } from 'playwright-core'
import type { McpxServer } from '../src/lib/app.ts'
import { chromiumPath, launchChromium } from '../test/support/browser-chromium.ts'
import { atMost, type BenchContext, median, quantile, until, wait } from './support/bench.ts'
import { quietClip } from './support/clips.ts'
import { startReceivers, watchMany } from './support/receivers.ts'
import { addContent, startServer } from './support/server.ts'

export const title = 'Dashboard: the time of a change in Chromium'

/** A change is on its way for a quarter of a second, while the server gathers. */
const settledMs = 700

export async function run(context: BenchContext): Promise<void> {
  if (!chromiumPath) return context.say('there is no Chromium: set MCPX_CHROMIUM to its path')
  const viewers = context.pick(200, 100, 4)
  const server = await startServer({ pollInterval: 1 })
  const receivers = startReceivers()
  const browser = await launchChromium()
  try {
    const content = await addContent(server, 'clip.webm', quietClip(20))
    const [first] = await watchMany(server.engine, receivers, content, viewers)
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    const dashboard = { context, server, page, viewers }
    await page.goto(`${server.dashboard}#connection=${first!.streamId}`)
    await page.locator('[data-feed=live]').waitFor()
    await page.locator('#panel-details canvas').first().waitFor()
    await measureChanges(dashboard, 'a page of 50 rows and the charts of one')
    await page.getByRole('button', { name: /^Closed/ }).click()
    await measureChanges(dashboard, 'no rows, the charts of one')
  } finally {
    await browser.close()
    await receivers.stop()
    await server.stop()
  }
}

interface Dashboard {
  readonly context: BenchContext
  readonly server: McpxServer
  readonly page: Page
  readonly viewers: number
}

/** Milliseconds of processor time that the page's main thread has worked: script, style, layout and paint. */
async function workedMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1000
}

async function measureChanges({ context, server, page, viewers }: Dashboard, what: string): Promise<void> {
  const rounds = context.pick(60, 20, 2)
  const session = await page.context().newCDPSession(page)
  // What else the machine does is not the page's: processor time in place of the time on the wall.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  let polls = 0
  const stop = server.engine.events.on('snapshots', () => void polls++)
  const nextPoll = async () => {
    const seen = polls
    await until('the next poll', () => polls > seen)
    await wait(settledMs)
  }
  const costsMs: number[] = []
  await nextPoll()
  for (let before = await workedMs(session); costsMs.length < rounds; ) {
    await nextPoll()
    const now = await workedMs(session)
    costsMs.push(now - before)
    before = now
  }
  stop()
  await session.detach()
  context.report({
    figure: `change of ${viewers} connections a second, p95: ${what}`,
    unit: 'ms',
    samples: [quantile(costsMs, 0.95)],
    ...(viewers === 200 && { goal: atMost(50, 'ms') }),
    beside: `median ${median(costsMs).toFixed(1)} ms, longest ${Math.max(...costsMs).toFixed(1)} ms of ${rounds}`,
  })
}
