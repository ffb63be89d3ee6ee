// The dashboard by hand, in front of a real server with real viewers: what it shows and does.
import { describe, expect, it } from 'vitest'
import { routes, withToken } from '../../src/lib/protocol/routes.ts'
import { chromiumPath } from '../support/browser-chromium.ts'
import { cell, feed, rows, useDashboard } from '../support/browser-dashboard.ts'
import { missingParts, until } from '../support/e2e.ts'
import { openStreams } from '../support/e2e-server.ts'

// What runs in the page is handed over as functions: the policy of our pages forbids to evaluate texts.
interface InPage {
  getAttribute(name: string): string | null
}
declare const document: { readonly documentElement: InPage }
declare const getComputedStyle: (element: InPage) => { readonly colorScheme: string }

const missing = missingParts({ chromium: chromiumPath })

describe.skipIf(missing.length > 0)('the dashboard in Chromium', () => {
  const { serve, watch, visit } = useDashboard()

  it('shows a viewer as it comes, its figures as they change, and its end, without a reload', async () => {
    const server = await serve()
    const { page, faults } = await visit(server.dashboard)
    await feed(page, 'live')
    await page.getByText('No connections yet').waitFor()
    const viewer = await watch(server)
    await cell(page, 'State').getByText('Playing').waitFor()
    const position = await cell(page, 'Position').innerText()
    await until('the position goes on', async () => (await cell(page, 'Position').innerText()) !== position)
    await cell(page, 'Health').getByText(/^\d+$/).waitFor()
    await page.getByLabel('Summary').getByText('every viewer reports').waitFor()

    await rows(page).first().getByRole('button', { pressed: false }).first().click()
    const details = page.locator('#panel-details')
    await details.getByRole('img', { name: /^Bitrate of the last 5 minutes, now [\d.]+ [kM]bps/ }).waitFor()
    expect(await details.locator('canvas').count()).toBe(8)
    await details.getByText('Connection created').waitFor()
    await details.getByRole('img', { name: /^Stream health \d+/ }).waitFor()
    await viewer.close()
    await cell(page, 'State').getByText('Closed').waitFor()
    expect(page.url()).toContain('#connection=')
    expect(faults).toEqual([])
  })

  it('starts, tests, sets the quality, and closes', async () => {
    const server = await serve()
    const { page, faults } = await visit(server.dashboard)
    await feed(page, 'live')
    await page.getByRole('button', { name: 'Start a stream' }).click()
    const dialog = page.getByRole('dialog', { name: 'Start a stream' })
    await dialog.getByLabel('CID or address').fill('nonsense')
    await page.keyboard.press('Enter')
    await dialog.getByText(/nonsense/).waitFor()
    await dialog.getByLabel('CID or address').fill(server.sample.cid)
    await page.keyboard.press('Enter')
    const link = dialog.getByRole('link', { name: 'Watch it' })
    await link.waitFor()
    const [record] = openStreams(server)
    expect(await link.getAttribute('href')).toContain(`connection_id=${record!.id}`)
    await page.keyboard.press('Escape')
    await cell(page, 'State').getByText('Waiting').waitFor()

    const quality = page.locator('#panel-details').getByRole('combobox', { name: 'Quality' })
    await quality.selectOption('very_low')
    await until('the engine has it', () => server.engine.get(record!.id)?.quality === 'very_low')
    await cell(page, 'Quality').getByText('Very low').waitFor()
    await page.getByRole('button', { name: `Close connection ${record!.id.slice(0, 8)}` }).click()
    await cell(page, 'State').getByText('Closed').waitFor()
    await page.locator('#panel-operations').getByText('Close connection').waitFor()

    await page.getByRole('button', { name: 'Test connection' }).click()
    await page.getByText('Test connection successful').waitFor()
    expect(faults).toEqual([])
  })

  it('closes all only after it has been confirmed', async () => {
    const server = await serve()
    for (let at = 0; at < 3; at++) await server.engine.open({ content: server.sample.cid })
    const { page } = await visit(server.dashboard)
    const button = page.getByRole('button', { name: 'Close all' })
    await button.click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('3 open connections').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(openStreams(server)).toHaveLength(3)
    await button.click()
    await dialog.getByRole('button', { name: 'Close all' }).click()
    await page.getByText('All connections closed successfully').waitFor()
    expect(openStreams(server)).toHaveLength(0)
    await until('nothing is left to close', () => button.isDisabled())
  })

  it('filters and sorts, and remembers what is shown and how', async () => {
    const server = await serve()
    const first = await server.engine.open({ content: server.sample.cid })
    await server.engine.open({ content: server.sample.cid })
    await server.engine.close(first.id)
    const { page } = await visit(server.dashboard)
    await until('both are there', async () => (await rows(page).count()) === 2)
    await page.getByLabel('Filter connections').fill(`closed ${first.id.slice(0, 8)}`)
    await until('one is left', async () => (await rows(page).count()) === 1)
    await page.getByLabel('Filter connections').fill('nobody')
    await page.getByText('No connection fits the filter').waitFor()
    await page.getByLabel('Filter connections').fill('')
    await page.getByRole('button', { name: /^Closed 1$/ }).click()
    await until('the closed one', async () => (await rows(page).getAttribute('data-id')) === first.id)
    await page.getByRole('button', { name: /^All 2$/ }).click()

    await page.getByRole('button', { name: 'State', exact: true }).click()
    await page.getByRole('columnheader', { name: /State/ }).and(page.locator('[aria-sort=ascending]')).waitFor()
    await page.getByRole('button', { name: 'Settings' }).click()
    const settings = page.getByRole('dialog', { name: 'Settings' })
    await settings.getByRole('group', { name: 'Panels' }).getByLabel('Media workers', { exact: true }).uncheck()
    await settings.getByRole('button', { name: 'Move Operations up' }).press('Enter')
    await settings.getByRole('group', { name: 'Columns' }).getByLabel('Jitter', { exact: true }).check()
    await settings.getByRole('group', { name: 'Charts' }).getByLabel('Buffer', { exact: true }).uncheck()
    await settings.getByLabel('Colours').selectOption('dark')
    await settings.getByRole('button', { name: 'Done' }).click()
    await page.reload()
    await rows(page).last().click()
    await page.locator('#panel-details canvas').first().waitFor()
    expect(await page.locator('#panel-details canvas').count()).toBe(7)
    expect(await page.locator('#panel-workers').count()).toBe(0)
    expect(
      await page
        .locator('.place')
        .evaluateAll((all) => all.map((one) => (one as unknown as InPage).getAttribute('class')?.split(' ')[1])),
    ).toEqual(['summary', 'connections', 'operations', 'details', 'events', 'tasks'])
    await page.getByRole('columnheader', { name: 'Jitter' }).waitFor()
    await page.getByRole('columnheader', { name: /State/ }).and(page.locator('[aria-sort=ascending]')).waitFor()
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
  })

  it('polls where the WebSocket does not get through, and says so', async () => {
    const server = await serve()
    const { page } = await visit(server.dashboard, {}, (page) =>
      page.routeWebSocket(/\/live/, (socket) => socket.close({ code: 1011 })),
    )
    await feed(page, 'polling')
    await page.getByText('Polling every 2 s').waitFor()
    await page.getByTitle(/See docs\/troubleshooting\.md#the-dashboard-does-not-refresh/).waitFor()
    await server.engine.open({ content: server.sample.cid })
    await cell(page, 'State').getByText('Waiting').waitFor()
  })

  it('says when the server is gone, and goes on by itself when it is back', async () => {
    const server = await serve()
    await server.engine.open({ content: server.sample.cid })
    const { page, faults } = await visit(server.dashboard)
    await feed(page, 'live')
    await cell(page, 'State').getByText('Waiting').waitFor()
    await server.stop()
    await feed(page, 'gone')
    const again = await serve({ port: Number(new URL(server.url).port) })
    await feed(page, 'live')
    await page.getByText('No connections yet').waitFor()
    await again.engine.open({ content: again.sample.cid })
    await cell(page, 'State').getByText('Waiting').waitFor()
    expect(faults).toEqual([])
  })

  it('asks for the token, takes it from a link, and works below a base path', async () => {
    const server = await serve({ authToken: 'hunter2', basePath: '/mcpx' })
    const { page, faults } = await visit(server.dashboard)
    await page.locator('input[type=password]').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText('The server does not know this token.').waitFor()
    await page.locator('input[type=password]').fill('hunter2')
    await page.keyboard.press('Enter')
    await feed(page, 'live')
    const linked = await visit(withToken(`${server.url}${routes.webrtc.dashboard}`, 'hunter2'))
    await feed(linked.page, 'live')
    expect(linked.page.url()).not.toContain('hunter2')
    expect([...faults, ...linked.faults]).toEqual([])
  })

  it('says what is missing: another role, or the monitor', async () => {
    const server = await serve({ authToken: 'hunter2' })
    const minted = await fetch(server.url + routes.tokens, {
      method: 'POST',
      headers: { authorization: 'Bearer hunter2', 'content-type': 'application/json' },
      body: JSON.stringify({ role: 'viewer', expires_in: 600 }),
    })
    const { token } = (await minted.json()) as { token: string }
    const { page } = await visit(withToken(server.dashboard, token))
    await page.getByRole('alert').getByText('role operator').waitFor()
    const blind = await serve({ disableWebrtcMonitor: true })
    const other = await visit(blind.dashboard)
    await other.page.getByRole('alert').getByText('#the-dashboard-says-that-the-monitor-is-off').waitFor()
  })
})
