// The page of a load test in a real browser: offline, without script, on a desk and on a phone, light and dark.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareLoad } from '../../src/lib/report/compare-load.ts'
import { judgeLoad, parseLoadThreshold } from '../../src/lib/report/judge-load.ts'
import { renderLoadHtml } from '../../src/lib/report/load-html.ts'
import { chromiumPath, launchChromium } from '../support/browser-chromium.ts'
import { missingParts } from '../support/e2e.ts'
import { loadRun, loadSessions, lostSession } from '../support/load-run.ts'

const missing = missingParts({ chromium: chromiumPath })

describe.skipIf(missing.length > 0)('the page of a load test', () => {
  let folder: string
  let browser: Awaited<ReturnType<typeof launchChromium>>

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mcpx-load-page-'))
    const long = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
    const sessions = [...loadSessions(40, () => ({ content: long })), lostSession(40, { content: long })]
    const made = loadRun(sessions)
    const impairment = 'rate=1mbps,delay=80ms,jitter=20ms,loss=2%,queue=100ms,burst-loss=3'
    const run = {
      ...made,
      plan: { ...made.plan, impairment, contents: [long] },
      tool: { ...made.tool, trusted: false, reasons: [`the event loop of worker 1 lagged: ${'45'.repeat(40)}`] },
    }
    const thresholds = ['failed==0', 'startup_p50<3000ms'].map((text) => judgeLoad(run, parseLoadThreshold(text)))
    const comparison = compareLoad(loadRun(loadSessions(40)), run, { file: 'baseline.json', toleranceRatio: 0.1 })
    writeFileSync(join(folder, 'load.html'), await renderLoadHtml({ ...run, thresholds, comparison }))
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('fits a window of %d pixels, %s', async (width, colorScheme) => {
    const context = await browser.newContext({ offline: true, viewport: { width, height: 844 }, colorScheme })
    const page = await context.newPage()
    const asked: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    page.on('console', (message) => complaints.push(message.text()))
    await page.goto(`file://${join(folder, 'load.html')}`)
    await page.getByRole('heading', { name: 'Load test: failed' }).waitFor()
    expect(asked).toHaveLength(1)
    expect(complaints).toEqual([])
    expect(await page.locator('figure svg').count()).toBe(6)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(16, 18, 22)')
    // Lines have the colours of the scheme.
    const line = await page.evaluate(
      'getComputedStyle(document.querySelector(\'figure svg path[stroke="var(--accent)"]\')).stroke',
    )
    expect(line).toBe(colorScheme === 'light' ? 'rgb(37, 99, 235)' : 'rgb(122, 167, 255)')
    await context.close()
  })
})
