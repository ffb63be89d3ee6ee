// The player's controls by hand: what each of them does to the picture, the sound and the stream.
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { chromiumPath, launchChromium, openPlayer, type Player } from '../support/browser-chromium.ts'
import { missingParts, until } from '../support/e2e.ts'
import { openStreams, playerUrl, startServer } from '../support/e2e-server.ts'

const missing = missingParts({ chromium: chromiumPath })

interface Media {
  readonly muted: boolean
  readonly volume: number
}
declare const document: {
  querySelector(selector: 'video'): Media
  readonly fullscreenElement: { readonly className: string } | null
}

describe.skipIf(missing.length > 0)('the controls of the player in Chromium', () => {
  let browser: Browser
  let server: McpxServer & { sample: { cid: string } }
  const closers: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    browser = await launchChromium()
    server = (await startServer({ sample: true, mediaWorkers: 1 })) as typeof server
  })
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  async function open(url: string): Promise<Player> {
    const player = await openPlayer(browser, url)
    closers.push(() => player.close())
    return player
  }

  const media = ({ page }: Player) =>
    page.evaluate(() => {
      const { muted, volume } = document.querySelector('video')
      return { muted, volume }
    })

  it('mute and unmute the sound, by button, by key and by the slider', async () => {
    const player = await open(playerUrl(server, server.sample.cid))
    await player.plays()
    await player.sounds()
    await player.press('Mute')
    await until('the button mutes', async () => (await media(player)).muted)
    await player.press('Unmute')
    await until('the button unmutes', async () => !(await media(player)).muted)
    await player.page.getByRole('button', { name: 'Mute' }).waitFor()
    await player.page.keyboard.press('m')
    await until('the key mutes', async () => (await media(player)).muted)
    await player.page.getByLabel('Volume').fill('0.5')
    await until('the slider sets the volume', async () => (await media(player)).volume === 0.5)
    expect((await media(player)).muted).toBe(false)
  })

  it('fill the screen and leave it, by button and by key', async () => {
    const player = await open(playerUrl(server, server.sample.cid))
    await player.plays()
    const filling = () => player.page.evaluate(() => document.fullscreenElement?.className ?? '')
    await player.press('Full screen')
    await until('the player fills the screen', async () => (await filling()).includes('player'))
    await player.plays()
    await player.press('Leave full screen')
    await until('the player is back', async () => (await filling()) === '')
    await player.page.keyboard.press('f')
    await until('the key fills the screen', async () => (await filling()) !== '')
  })

  it('show statistics that are those of the browser, and move', async () => {
    const player = await open(playerUrl(server, server.sample.cid))
    await player.plays()
    await player.page.keyboard.press('i')
    const panel = player.page.getByRole('complementary', { name: 'Statistics' })
    const row = (name: string) =>
      panel.locator('div', { has: player.page.getByText(name, { exact: true }) }).locator('dd')
    await until('a bitrate is shown', async () => /\d/.test(await row('Bitrate').innerText()))
    const { frameWidth, frameHeight } = await player.video()
    expect(await row('Resolution').innerText()).toBe(`${frameWidth} × ${frameHeight}`)
    const decoded = async () => Number(/of (\d+)/.exec(await row('Frames dropped').innerText())?.[1])
    const before = await decoded()
    expect(before).toBeGreaterThan(0)
    await until('the frames go up', async () => (await decoded()) > before)
    expect(Number((await row('First frame').innerText()).replace(' ms', ''))).toBeGreaterThan(20)
    expect(await row('Stream').innerText()).toBe(openStreams(server)[0]!.id)
    await player.page.getByRole('button', { name: 'Close statistics' }).click()
    await panel.waitFor({ state: 'detached' })
  })

  it('are there at the address of the seeds, for the stream that it names', async () => {
    const { id } = await server.engine.open({ content: server.sample.cid })
    const query = new URLSearchParams({ connection_id: id, content_cid: server.sample.cid })
    const player = await open(`${server.url}/api/v0/webrtc/player?${query}`)
    await player.plays()
    expect(openStreams(server).map((stream) => [stream.id, stream.state])).toContainEqual([id, 'active'])
  })
})
