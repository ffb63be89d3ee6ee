// The dashboard in Chromium for everybody: hostile data, plugins, the keyboard alone, a phone, both themes, many connections.
import { describe, expect, it } from 'vitest'
import { pageFiles } from '../../src/lib/app/assets.ts'
import type { Plugin } from '../../src/lib/app.ts'
import { systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import { createMonitor } from '../../src/lib/monitor/monitor.ts'
import type { LiveState } from '../../src/lib/protocol/live.ts'
import type { PanelData } from '../../src/lib/protocol/panels.ts'
import { routes } from '../../src/lib/protocol/routes.ts'
import { plainText } from '../../src/web/shared/plain-text.ts'
import { chromiumPath } from '../support/browser-chromium.ts'
import { faintTexts } from '../support/browser-contrast.ts'
import { cell, feed, rows, useDashboard } from '../support/browser-dashboard.ts'
import { missingParts, until } from '../support/e2e.ts'
import { openStreams } from '../support/e2e-server.ts'
import { startHttp } from '../support/http-api.ts'
import { cids, createMemoryEngine, snapshotOf } from '../support/http-engine.ts'
import { liveConnection, liveSample } from '../support/live-connection.ts'

// What runs in the page is handed over as functions: the policy of our pages forbids to evaluate texts.
interface InPage {
  getAttribute(name: string): string | null
  readonly innerText: string
  readonly scrollWidth: number
}
declare const document: {
  readonly activeElement: InPage
  readonly documentElement: InPage
  getAnimations(): readonly { readonly playState: string }[]
}
declare const getComputedStyle: (element: InPage) => { readonly outlineStyle: string }
declare const innerWidth: number

/** The name of what has the focus. */
const nameOfFocus = () => document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText.trim()

const missing = missingParts({ chromium: chromiumPath })
const hostile = '<img src=x onerror="document.title=\'owned\'">\u202e</td>'

describe.skipIf(missing.length > 0)('the dashboard in Chromium, for everybody,', () => {
  const { closers, serve, watch, visit, pretend } = useDashboard()

  it('shows hostile names and errors as texts, and a silent viewer as one of whom nothing is known', async () => {
    const server = await serve()
    const now = (await (await fetch(server.url + routes.webrtc.live)).json()) as LiveState
    const unknown = { version: 1 as const, reasons: [], unknown: [hostile] }
    const state: LiveState = {
      ...now,
      connections: [
        liveConnection({
          id: `x${hostile}`,
          content: `${server.sample.cid}/${hostile}`,
          peer: hostile,
          codecs: [hostile],
          isReporting: false,
          health: unknown,
          videoQuality: unknown,
          error: { code: 'INTERNAL', message: hostile },
        }),
        liveConnection({ id: 'silent', isReporting: false, videoQuality: unknown }),
      ],
      operations: [
        {
          id: 'o',
          type: hostile,
          status: 'failed',
          startedAtMs: now.atMs,
          error: { code: 'INTERNAL', message: hostile, hint: hostile },
          details: { [hostile]: hostile },
        },
      ],
      tasks: [{ id: 't', name: hostile, owner: hostile, status: 'running', createdAtMs: now.atMs }],
      events: [{ type: 'error', atMs: now.atMs, connectionId: hostile, details: { message: hostile } }],
    }
    const happened = {
      errors: [{ code: hostile, error: hostile, timestamp: new Date().toISOString() }],
      lifecycle_events: [
        { type: hostile, timestamp: 'never', details: 7 },
        { type: 'x', timestamp: 7 },
      ],
    }
    const { page, faults } = await visit(server.dashboard, {}, pretend(state, happened))
    await rows(page).filter({ hasText: 'onerror' }).first().click()
    // Without what turns the direction of reading.
    await page.locator('#panel-details').getByText(plainText(hostile)).first().waitFor()
    await page.locator('#panel-details .log li').waitFor()
    expect(await page.locator('main img').count()).toBe(0)
    expect(await page.title()).toContain('mcpx dashboard')
    const silent = page.locator('tr[data-id=silent]')
    await silent.getByText('not reporting').waitFor()
    expect(await silent.locator('[data-label=Video] .score').getAttribute('class')).toBe('score unknown')
    expect(await silent.locator('[data-label=Health] .score').getAttribute('class')).toBe('score unknown')
    expect(await silent.locator('[data-label=Video]').innerText()).toBe('unknown')
    expect(faults).toEqual([])
  })

  it('shows the panels of a plugin: figures, series and tables, as texts', async () => {
    let asked = 0
    const answer = (path: string, data: () => PanelData) =>
      ({ method: 'GET', path, role: 'operator', handler: data }) as const
    const plugin: Plugin = {
      name: 'cinema',
      routes: [
        answer('/figures', () => ({
          figures: [
            { label: hostile, value: hostile, unit: hostile, note: hostile },
            { label: 'Asked', value: ++asked, unit: 'times' },
            { label: 'Nothing', value: null },
          ],
        })),
        answer('/series', () => ({
          series: [
            {
              label: 'Takings',
              unit: 'EUR',
              points: [
                [Date.now() - 60_000, 3],
                [Date.now(), 1234.5],
              ],
            },
            { label: hostile, points: [[Date.now() - 30_000, 4]] },
          ],
        })),
        answer('/table', () => ({ columns: ['Film', hostile], rows: [[hostile, 7]] })),
        answer('/wrong', () => hostile as unknown as PanelData),
      ],
      panels: ['figures', 'series', 'table', 'wrong'].map((id) => ({
        id,
        title: `My ${id}`,
        path: `/${id}`,
        everyS: 1,
      })),
    }
    const server = await serve({}, [plugin])
    const { page, faults } = await visit(server.dashboard)
    const panel = (name: string) => page.getByRole('region', { name: `My ${name}`, exact: true })
    await panel('figures').getByText('3 times').waitFor()
    expect(await panel('figures').getByText('Nothing').locator('xpath=../..').innerText()).toMatch(/Nothing\s*–/)
    await panel('series')
      .getByRole('img', { name: /^My series: Takings 1,234.5 EUR, <img .* 4$/ })
      .waitFor()
    expect(await panel('series').locator('canvas').count()).toBe(1)
    await panel('table')
      .getByRole('row', { name: /onerror.* 7$/ })
      .waitFor()
    await panel('wrong').getByRole('alert').getByText('neither figures, series nor a table').waitFor()
    expect(await page.locator('main img').count()).toBe(0)

    await page.getByRole('button', { name: 'Settings' }).click()
    const choice = page.getByRole('dialog').getByRole('group', { name: 'Panels' })
    await choice.getByLabel('My table', { exact: true }).uncheck()
    await page.keyboard.press('Escape')
    await page.reload()
    await panel('figures').waitFor()
    expect(await panel('table').count()).toBe(0)
    await server.stop()
    await panel('figures').getByText('What is shown is old').waitFor()
    expect(faults).toEqual([])
  })

  it('is used with the keyboard alone', async () => {
    const server = await serve()
    const { page } = await visit(server.dashboard)
    await feed(page, 'live')
    /** Goes on with Tab until the focus is on what has this name. */
    const tabTo = (name: RegExp) =>
      until(`the focus comes to ${name}`, async () => {
        await page.keyboard.press('Tab')
        return name.test(await page.evaluate(nameOfFocus))
      })
    await tabTo(/^Start a stream$/)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Start a stream' })
    await dialog.getByLabel('CID or address').focus()
    await page.keyboard.type(server.sample.cid)
    await page.keyboard.press('Enter')
    await dialog.getByRole('link', { name: 'Watch it' }).waitFor()
    await page.keyboard.press('Escape')
    await until('the dialog is gone', async () => (await dialog.count()) === 0)
    expect(await page.evaluate(nameOfFocus)).toBe('Start a stream')

    const details = page.locator('#panel-details')
    await details.getByText('Waiting').waitFor()
    await tabTo(/^Health/)
    await page.keyboard.press('Enter')
    await page
      .getByRole('columnheader', { name: /Health/ })
      .and(page.locator('[aria-sort]'))
      .waitFor()
    await tabTo(/^bafy/)
    await page.keyboard.press('Space')
    await details.getByText('Select a connection').waitFor()
    await page.keyboard.press('Space')
    await details.getByText('Waiting').waitFor()
    await tabTo(/^Close connection/)
    await page.keyboard.press('Enter')
    await cell(page, 'State').getByText('Closed').waitFor()
    expect(openStreams(server)).toEqual([])
  })

  it('fits a phone, and every control has a name and a visible focus', async () => {
    const server = await serve()
    await server.engine.open({ content: server.sample.cid })
    await watch(server)
    const { page } = await visit(server.dashboard, { viewport: { width: 400, height: 860 }, hasTouch: true })
    await page.getByLabel('Sort by').selectOption('Health')
    await page.getByRole('button', { name: 'Descending' }).and(page.locator('[aria-pressed=true]')).tap()
    await page.getByRole('button', { name: 'Descending' }).and(page.locator('[aria-pressed=false]')).waitFor()
    await rows(page).first().tap()
    await page.locator('#panel-details canvas').first().waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
    const seen: string[] = []
    // From the beginning of the page, where a reload puts the focus.
    await page.reload()
    await page.locator('#panel-details canvas').first().waitFor()
    for (let at = 0; at < 60; at++) {
      await page.keyboard.press('Tab')
      seen.push(
        await page.evaluate(() => {
          const element = document.activeElement
          const input = element as unknown as { labels?: readonly InPage[] }
          const name = element.getAttribute('aria-label') ?? input.labels?.[0]?.innerText ?? element.innerText
          return `${name}${getComputedStyle(element).outlineStyle === 'none' ? ' without a ring' : ''}`
        }),
      )
      if (seen.includes('Failed only')) break
    }
    for (const name of ['Settings', 'Start a stream', 'Close all', 'Filter connections', 'Close', 'Failed only'])
      expect(seen.map((one) => one.trim())).toContain(name)
    expect(seen.filter((name) => name.trim() === '' || name.endsWith('without a ring'))).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    'can be read in %s colours, whatever the state, and moves nothing',
    async (colorScheme) => {
      const server = await serve()
      const now = (await (await fetch(server.url + routes.webrtc.live)).json()) as LiveState
      const score = (value: number) => ({
        value,
        version: 1 as const,
        reasons: [{ points: 9, text: 'RTT 240 ms' }],
        unknown: [],
      })
      const error = { code: 'INTERNAL', message: 'it broke', hint: 'mend it' } as const
      const connections = [
        liveConnection({
          id: 'bad',
          health: score(20),
          videoQuality: score(60),
          sample: liveSample({ lossRatio: 0.03, roundTripMs: 400 }),
        }),
        liveConnection({
          id: 'silent',
          isReporting: false,
          videoQuality: { version: 1, reasons: [], unknown: ['freezes'] },
        }),
        liveConnection({ id: 'new', state: 'connecting' }),
        liveConnection({ id: 'paused', paused: true }),
        liveConnection({ id: 'gone', state: 'closed', closeReason: 'ice_failed', error }),
      ]
      const operation = {
        id: '',
        type: 'close_connection',
        startedAtMs: now.atMs,
        endedAtMs: now.atMs,
        connectionId: 'bad',
        details: { quality: 'low' },
      }
      const statuses = ['started', 'completed', 'failed', 'canceled'] as const
      const state: LiveState = {
        ...now,
        connections,
        operations: statuses.map((status) => ({
          ...operation,
          id: status,
          status,
          ...(status === 'failed' && { error }),
        })),
        tasks: (['running', 'failed'] as const).map((status) => ({
          id: status,
          name: 'x',
          owner: 'bad',
          status,
          createdAtMs: 1,
        })),
        events: [{ type: 'error', atMs: now.atMs, connectionId: 'bad', details: { message: 'it broke' } }],
      }
      const { page } = await visit(server.dashboard, { colorScheme, reducedMotion: 'reduce' }, pretend(state, {}))
      for (const { id } of connections) {
        await page.locator(`tr[data-id=${id}]`).click()
        await page
          .locator('tr.selected')
          .and(page.locator(`[data-id=${id}]`))
          .waitFor()
        expect([id, await faintTexts(page)]).toEqual([id, []])
      }
      await page.getByRole('button', { name: 'Settings' }).click()
      expect(await faintTexts(page)).toEqual([])
      const moving = () => document.getAnimations().filter(({ playState }) => playState === 'running').length
      // A transition that has been cut to nothing still lasts until the next frame.
      await until('nothing moves', async () => (await page.evaluate(moving)) === 0)
    },
  )

  it('takes less than 50 ms for a change of 200 connections', async () => {
    const engine = createMemoryEngine()
    const monitor = createMonitor({ engine, clock: systemClock, logger: silentLogger })
    closers.push(async () => monitor.close())
    for (let at = 0; at < 200; at++) engine.set((await engine.open({ content: cids.film })).id, { state: 'active' })
    const { url } = await startHttp({ pollInterval: 1 }, { engine, monitor, clock: systemClock, pages: pageFiles })
    let round = 0
    const measure = () => {
      round++
      const snapshots = engine.list().map((record, at) =>
        snapshotOf(record, {
          atMs: Date.now(),
          mediaTimeS: round,
          bitrateBps: 1_000_000 + ((at * 7919 + round * 104_729) % 500_000),
          bufferS: 3 + ((at + round) % 20) / 10,
        }),
      )
      engine.tell(...snapshots)
    }
    const timer = setInterval(measure, 1000)
    closers.push(async () => clearInterval(timer))
    const { page } = await visit(`${url}${routes.dashboard}#connection=stream-7`)
    await feed(page, 'live')
    const pages = page.getByRole('navigation', { name: 'Pages of connections' })
    await pages.getByText('1 to 50 of 200').waitFor()
    await pages.getByRole('button', { name: 'Next' }).click()
    await pages.getByText('51 to 100 of 200').waitFor()
    expect(await rows(page).count()).toBe(50)
    await page.locator('#panel-details canvas').first().waitFor()

    const session = await page.context().newCDPSession(page)
    // Processor time: what else the machine does is not the page's.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    /** Seconds that the main thread of the page has worked: script, style, layout and paint. */
    const workedS = async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      return metrics.find(({ name }) => name === 'TaskDuration')!.value
    }
    const [firstRound, before] = [round, await workedS()]
    await until('eight changes', () => round >= firstRound + 8)
    const perChangeMs = ((await workedS()) - before) * (1000 / 8)
    // It was at work, and is up to date.
    await cell(page, 'Position')
      .getByText(`0:${String(round).padStart(2, '0')} /`)
      .waitFor()
    expect(perChangeMs).toBeGreaterThan(0)
    expect(perChangeMs).toBeLessThan(50)
  })
})
