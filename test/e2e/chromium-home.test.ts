// The home page by hand: what is typed, what is dropped, and what was played before.
import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { chromiumPath, launchChromium } from '../support/browser-chromium.ts'
import { clip, hasFfmpeg } from '../support/clips.ts'
import { missingParts } from '../support/e2e.ts'
import { startServer } from '../support/e2e-server.ts'

declare const document: { querySelector(selector: string): { readonly currentTime: number } | null }

const missing = missingParts({ chromium: chromiumPath, ffmpeg: hasFfmpeg })

describe.skipIf(missing.length > 0)('the home page in Chromium', () => {
  let browser: Browser
  let server: McpxServer & { sample: { cid: string } }
  let context: BrowserContext
  let page: Page

  beforeAll(async () => {
    browser = await launchChromium()
    server = (await startServer({ sample: true, mediaWorkers: 1 })) as typeof server
  })
  beforeEach(async () => {
    context = await browser.newContext()
    page = await context.newPage()
    await page.goto(`${server.url}/`)
  })
  afterEach(() => context.close())
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  const plays = () =>
    page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.3, undefined, {
      timeout: 30_000,
    })

  it.each([
    ['a CID', (cid: string) => cid],
    ['an ipfs:// address', (cid: string) => `ipfs://${cid}`],
    ['a gateway address', (cid: string) => ` https://dweb.link/ipfs/${cid}/ `],
  ])('plays %s from the box', async (_what, spell) => {
    await page.getByLabel('CID or address').fill(spell(server.sample.cid))
    await page.keyboard.press('Enter')
    await plays()
    expect(page.url()).toBe(`${server.url}/player/${server.sample.cid}`)
  })

  it.each([390, 360, 320])('fits a phone of %i pixels', async (width) => {
    await page.setViewportSize({ width, height: 800 })
    await page.getByText('Try the sample').waitFor()
    const beyond = await page.evaluate(
      `[...document.querySelectorAll('a, button, input, h1, h2')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth - 8)
        .map((element) => element.outerHTML)`,
    )
    expect(beyond).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
  })

  it.each([
    ['other words', () => '<img src=x onerror=alert(1)>'],
    ['a CID with a letter that there is none of', () => `${server.sample.cid.slice(0, -1)}!`],
  ])('says what is wrong with %s, and stays', async (_what, typed) => {
    await page.getByLabel('CID or address').fill(typed())
    await page.getByRole('button', { name: 'Play', exact: true }).click()
    const problem = page.locator('#open-problem')
    await problem.filter({ hasText: /CID/ }).waitFor()
    expect(page.url()).toBe(`${server.url}/`)
    await page.getByLabel('CID or address').fill('b')
    expect(await problem.innerText()).toBe('')
  })

  it('says that a CID was cut short, and leads back', async () => {
    await page.getByLabel('CID or address').fill(server.sample.cid.slice(0, -9))
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'This is not a CID' }).waitFor()
    await page.getByRole('link', { name: 'mcpx home' }).click()
    await page.getByText('Try the sample').waitFor()
    expect(await page.getByRole('region', { name: 'Recent' }).getByRole('link').count()).toBe(0)
  })

  it('adds a file, plays it, and has it among the recent ones until they are cleared', async () => {
    await page.getByLabel('Files to add').setInputFiles(await clip('vp8.webm'))
    const done = page.getByRole('status')
    await done.getByText('vp8.webm').waitFor()
    const cid = await done.locator('code').innerText()
    const stored = await (await fetch(`${server.url}/api/v0/ipfs/cat/${cid}`)).bytes()
    expect(Buffer.from(stored).equals(readFileSync(await clip('vp8.webm')))).toBe(true)
    await done.getByRole('link', { name: 'Play' }).click()
    await plays()
    await page.goBack()
    const row = page.getByRole('region', { name: 'Recent' }).getByRole('link')
    await row.filter({ hasText: 'vp8.webm' }).waitFor()
    expect(await row.getAttribute('href')).toBe(`/player/${cid}`)
    await row.click()
    await plays()
    await page.goBack()
    await page.getByRole('button', { name: 'Clear' }).click()
    await row.waitFor({ state: 'detached' })
    await page.reload()
    await page.getByText('Try the sample').waitFor()
    expect(await row.count()).toBe(0)
  })

  it('says why a file was not taken, and lets try again', async () => {
    await page.route('**/api/v0/ipfs/add', (route) =>
      route.fulfill({
        status: 507,
        json: { success: false, code: 'DISK_FULL', error: 'no space is left in the repo', hint: 'Make room.' },
      }),
    )
    await page.getByLabel('Files to add').setInputFiles(await clip('vp8.webm'))
    const failure = page.getByRole('alert').filter({ hasText: 'That did not work' })
    await failure.getByText('no space is left in the repo').waitFor()
    await failure.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Drop video or audio here').waitFor()
  })
})
