// The dashboard in Chromium as a test drives it: servers, pages and viewers that end with the test, and where things are on the page.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import type { McpxServer, Plugin } from '../../src/lib/app.ts'
import type { ServeOptions } from '../../src/lib/model/serve-options.ts'
import type { LiveState } from '../../src/lib/protocol/live.ts'
import { routes } from '../../src/lib/protocol/routes.ts'
import { launchChromium } from './browser-chromium.ts'
import { startServer } from './e2e-server.ts'
import { openHeadless, receives } from './e2e-viewer.ts'

type Sampled = McpxServer & { readonly sample: { readonly cid: string } }

/** To be called inside of `describe`. */
export function useDashboard() {
  let browser: Browser
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })
  afterAll(() => browser?.close())

  async function serve(options: Partial<ServeOptions> = {}, plugins: readonly Plugin[] = []): Promise<Sampled> {
    const server = await startServer({ sample: true, mediaWorkers: 1, pollInterval: 1, ...options }, { plugins })
    closers.push(() => server.stop())
    return server as Sampled
  }

  async function watch(server: Sampled) {
    const viewer = await openHeadless(server, { content: server.sample.cid })
    closers.push(() => viewer.close())
    await receives(viewer, 5)
    return viewer
  }

  /** A page, and what it did that a page of ours never does. */
  async function visit(url: string, options: BrowserContextOptions = {}, prepare?: (page: Page) => Promise<unknown>) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    closers.push(() => context.close())
    const page = await context.newPage()
    const faults: string[] = []
    const { host } = new URL(url)
    page.on('request', (request) => {
      if (new URL(request.url()).host !== host && !/^(data|blob):/.test(request.url())) faults.push(request.url())
    })
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) faults.push(message.text())
    })
    await prepare?.(page)
    await page.goto(url)
    return { page, faults }
  }

  /** Has the server say this, over polling; `happened` of every connection. */
  const pretend = (state: LiveState, happened: object) => async (page: Page) => {
    await page.routeWebSocket(/\/live/, (socket) => socket.close())
    await page.route(`**${routes.webrtc.live}`, (route) => route.fulfill({ json: state }))
    await page.route(`**${routes.webrtc.connection.replace(':id', '*')}`, (route) =>
      route.fulfill({ json: { connection: happened } }),
    )
  }

  return { closers, serve, watch, visit, pretend }
}

/** Resolves once the page says that its data come like this: `live`, `polling`, `gone`. */
export const feed = (page: Page, kind: string) => page.locator(`[data-feed=${kind}]`).waitFor()
export const rows = (page: Page) => page.locator('table.connections tbody tr')
export const cell = (page: Page, label: string) => rows(page).first().locator(`[data-label="${label}"]`)
