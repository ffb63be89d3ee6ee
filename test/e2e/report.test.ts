// `mcpx report` as a user runs it: on a server, on the repo it left, and the page opened with the network off.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Report, reportOutput } from '../../src/lib/protocol/report.ts'
import { chromiumPath, launchChromium } from '../support/browser-chromium.ts'
import { missingParts } from '../support/e2e.ts'
import { runCli, scratchFolder, startCli } from '../support/e2e-server.ts'

const missing = missingParts({ chromium: chromiumPath })

describe.skipIf(missing.length > 0)('mcpx report', () => {
  let home: string
  let remove: () => Promise<void>
  let fromServer: { code: number | null; stdout: string }

  beforeAll(async () => {
    const scratch = await scratchFolder()
    home = scratch.path
    remove = scratch.remove
    const repo = ['--persistence-path', join(home, 'repo')]
    const server = startCli(
      ['serve', '--sample', '--json', '--port', '0', '--offline', '--disable-webrtc-metrics', ...repo],
      { home },
    )
    const ready = await server.event<{ url: string; sample: { cid: string } }>('ready')
    const watched = await runCli(['stream', ready.sample.cid, '--server', ready.url, '--duration', '6', '--json'], {
      home,
    })
    expect(watched.code).toBe(0)
    fromServer = await runCli(['report', '--server', ready.url, '--since', '10m', '--json'], { home })
    server.kill('SIGINT')
    await server.exit
  })
  afterAll(() => remove?.())

  const report = (...args: string[]) =>
    runCli(['report', '--persistence-path', join(home, 'repo'), '--since', '10m', ...args], { home })

  it('says the same of a server and of the repo that it left behind', async () => {
    expect(fromServer.code).toBe(0)
    const live = reportOutput.parse(JSON.parse(fromServer.stdout)) as Report
    expect(live).toMatchObject({ version: 1, summary: { connections: 1, failed: 0, reporting: 1 } })
    const left = reportOutput.parse(JSON.parse((await report('--json')).stdout)) as Report
    expect(left.summary).toMatchObject({ connections: 1, operations: live.summary!.operations })
    expect(left.figures!.startup).toEqual(live.figures!.startup)
  })

  it('gives the rows themselves, as lines and as Parquet', async () => {
    const { stdout, code } = await report('--format', 'jsonl', '--table', 'connections')
    expect(code).toBe(0)
    const [row, ...others] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect([others, row]).toMatchObject([[], { codecs: 'vp9,opus' }])
    const file = join(home, 'samples.parquet')
    expect((await report('--output', file)).code).toBe(0)
    const samples = await parquetReadObjects({ file: await asyncBufferFromFile(file) })
    expect(samples.length).toBeGreaterThan(1)
    expect(samples.every(({ connection }) => connection === row.id)).toBe(true)
    for (const wrong of [
      ['--format', 'parquet'],
      ['--format', 'jsonl', '--threshold', 'loss<1%'],
    ])
      expect((await report(...wrong)).code).toBe(2)
  })

  it('ends with 99 where a threshold does not hold, and says which', async () => {
    const failed = await report('--json', '--threshold', 'startup_p95<0ms', '--threshold', 'failed<1')
    expect(failed.code).toBe(99)
    expect(failed.stderr).toContain('startup_p95<0ms')
    expect(failed.stderr).not.toContain('failed<1')
    expect(reportOutput.parse(JSON.parse(failed.stdout))).toMatchObject({
      thresholds: [{ passed: false }, { passed: true, value: 0 }],
    })
    expect((await report('--json', '--threshold', 'failed<1')).code).toBe(0)
    expect((await report('--threshold', 'nonsense')).code).toBe(2)
  })

  it('writes a page that opens without network and without script', async () => {
    expect((await report('--output', 'report.html')).code).toBe(0)
    expect(readFileSync(join(home, 'report.html'), 'utf8')).not.toMatch(/(src|href)="https?:/)
    const browser = await launchChromium()
    try {
      const open = async (options: { javaScriptEnabled: boolean }) => {
        const context = await browser.newContext({ offline: true, viewport: { width: 400, height: 800 }, ...options })
        const page = await context.newPage()
        const asked: string[] = []
        page.on('request', (request) => asked.push(request.url()))
        await page.goto(`file://${join(home, 'report.html')}`)
        await page.getByRole('heading', { name: 'How it played' }).waitFor()
        expect(asked).toHaveLength(1)
        return page
      }
      const bare = await open({ javaScriptEnabled: false })
      expect(await bare.locator('svg').count()).toBeGreaterThan(4)
      // A page says how wide it is with script alone.
      const page = await open({ javaScriptEnabled: true })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(400)
    } finally {
      await browser.close()
    }
  })

  it('compares two periods, and judges the second', async () => {
    const args = ['--compare', '20m..10m', '10m..now', '--json', '--threshold', 'connections>0']
    const compared = await runCli(['report', '--persistence-path', join(home, 'repo'), ...args], { home })
    expect(compared.code).toBe(0)
    expect(reportOutput.parse(JSON.parse(compared.stdout))).toMatchObject({
      a: { summary: { connections: 0 } },
      b: { summary: { connections: 1 } },
      differences: { startup: { a: null, counts: [0, 1], verdict: 'too few connections' } },
      thresholds: [{ passed: true, value: 1 }],
    })
    for (const wrong of [['10m..now'], ['10m', '5m'], ['5m..10m', '10m..now']]) {
      const refused = await report('--compare', ...wrong)
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--')])
    }
  })

  it('is an empty report where nobody watched, and an error where there is no history', async () => {
    const empty = await report('--until', '2001-01-02', '--since', '2001-01-01', '--json')
    expect(JSON.parse(empty.stdout)).toMatchObject({ summary: { connections: 0 } })
    const none = await runCli(['report', '--persistence-path', join(home, 'none')], { home })
    expect(none.code).toBe(1)
    expect(none.stderr).toContain('NOT_FOUND')
    expect((await report('--since', 'yesterday')).code).toBe(2)
  })
})
