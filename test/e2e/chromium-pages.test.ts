// The pages as they are reached: with a token, below a base path, through a proxy, from a page of another site, by keyboard.
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, request as httpRequest, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import type { ServeOptions } from '../../src/lib/model/serve-options.ts'
import { withToken } from '../../src/lib/protocol/routes.ts'
import { chromiumPath, launchChromium } from '../support/browser-chromium.ts'
import { missingParts } from '../support/e2e.ts'
import { playerUrl, startServer } from '../support/e2e-server.ts'

const missing = missingParts({ chromium: chromiumPath })
const examplePage = readFileSync(resolve(import.meta.dirname, '../../examples/play-with-whep.html'))

// What runs in the page is handed over as functions: the policy of our pages forbids to evaluate texts.
interface InPage {
  getAttribute(name: string): string | null
  readonly innerText: string
  readonly currentTime: number
}
declare const document: {
  querySelector(selector: string): InPage | null
  readonly activeElement: InPage
  getAnimations(): { readonly effect: { getComputedTiming(): { duration: number } } }[]
}
declare const getComputedStyle: (element: InPage) => { readonly outlineStyle: string }

describe.skipIf(missing.length > 0)('the pages in Chromium', () => {
  let browser: Browser
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })
  afterAll(() => browser?.close())

  async function serve(options: Partial<ServeOptions> = {}): Promise<McpxServer & { sample: { cid: string } }> {
    const server = await startServer({ sample: true, mediaWorkers: 1, ...options })
    closers.push(() => server.stop())
    return server as McpxServer & { sample: { cid: string } }
  }

  /** A small site on loopback; resolves with its origin. */
  async function site(listener: RequestListener): Promise<string> {
    const http = createHttpServer(listener)
    await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
    closers.push(async () => {
      http.closeAllConnections()
      http.close()
    })
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  }

  /** A page, and what it did that a page of ours never does. */
  async function visit(url: string): Promise<{ page: Page; faults: string[] }> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    closers.push(() => context.close())
    const page = await context.newPage()
    const faults: string[] = []
    const { origin } = new URL(url)
    page.on('request', (request) => {
      if (!request.url().startsWith(`${origin}/`) && !/^(data|blob):/.test(request.url())) faults.push(request.url())
    })
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text())
    })
    await page.goto(url)
    return { page, faults }
  }

  const plays = (page: Page) =>
    page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.5, undefined, {
      timeout: 30_000,
    })

  it('plays from a link with the token, below a base path, and takes the token off the address', async () => {
    const server = await serve({ authToken: 'hunter 2', basePath: '/mcpx' })
    const url = playerUrl(server, server.sample.cid)
    const { page, faults } = await visit(withToken(url, 'hunter 2'))
    await plays(page)
    expect(page.url()).toBe(url)
    await page.goto(`${server.url}/`)
    await page.getByText('Try the sample').waitFor()
    expect(faults).toEqual([])
  })

  it('asks for the token where there is none, says that it is wrong, and goes on with the right one', async () => {
    const server = await serve({ authToken: 'hunter2' })
    const { page, faults } = await visit(playerUrl(server, server.sample.cid))
    await page.locator('input[type=password]').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('The server does not know this token.').waitFor()
    await page.locator('input[type=password]').fill('hunter2')
    await page.keyboard.press('Enter')
    await plays(page)
    expect(faults).toEqual([])
  })

  it('plays through a proxy that has another name', async () => {
    const proxied: { port?: number } = {}
    const origin = await site((request, response) => {
      const { method, url, headers } = request
      const up = httpRequest({ host: '127.0.0.1', port: proxied.port, path: url, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      up.on('error', () => response.destroy())
      request.pipe(up)
    })
    const name = origin.replace('127.0.0.1', 'localhost')
    const server = await serve({ basePath: '/mcpx', allowedHost: ['localhost'], allowedOrigin: [name] })
    proxied.port = Number(new URL(server.url).port)
    const { page, faults } = await visit(`${name}/mcpx/player/${server.sample.cid}`)
    await plays(page)
    expect(faults).toEqual([])
  })

  it('the example page of another site plays, and says why it cannot', async () => {
    const origin = await site((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(examplePage),
    )
    const server = await serve({ allowedOrigin: [origin] })
    const { page } = await visit(`${origin}/?server=${server.url}&cid=${server.sample.cid}`)
    await plays(page)
    await page.goto(`${origin}/?server=${server.url}&cid=nonsense`)
    await page.getByText('"nonsense" holds no CID').waitFor()
  })

  it('every control of the player has a name and a visible focus, in the order they stand', async () => {
    const server = await serve()
    const { page } = await visit(playerUrl(server, server.sample.cid))
    await plays(page)
    const names: string[] = []
    for (let i = 0; i < 11; i++) {
      await page.keyboard.press('Tab')
      names.push(
        await page.evaluate(() => {
          const element = document.activeElement
          const hasRing = getComputedStyle(element).outlineStyle !== 'none'
          return `${element.getAttribute('aria-label') ?? element.innerText}${hasRing ? '' : ' without a ring'}`
        }),
      )
    }
    expect(names.slice(0, 6)).toEqual(['mcpx home', 'Copy CID', 'Position', 'Pause', 'Mute', 'Volume'])
    expect(names[6]).toMatch(/^Quality: /)
    expect(names.slice(7, 10)).toEqual(['Loop', 'Statistics', 'Keyboard'])
  })

  it('rests where less motion is asked for', async () => {
    const server = await serve()
    const { page } = await visit(`${server.url}/`)
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.route('**/whep/**', () => {})
    await page.goto(playerUrl(server, server.sample.cid))
    await page.locator('.ring').waitFor({ state: 'attached' })
    const durations = await page.evaluate(() =>
      document.getAnimations().map(({ effect }) => effect.getComputedTiming().duration),
    )
    expect(durations.filter((duration) => duration > 1)).toEqual([])
  })

  it('reaches the statistics on a phone by a button', async () => {
    const server = await serve()
    const { page } = await visit(playerUrl(server, server.sample.cid))
    await page.setViewportSize({ width: 390, height: 844 })
    await plays(page)
    await page.mouse.move(100, 100)
    await page.getByRole('button', { name: 'Statistics' }).click()
    await page.getByText('Packets lost').waitFor()
  })
})
