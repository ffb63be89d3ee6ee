// The shipped sample in Chromium, through the player page of a real server: all that a viewer can do with it.
import { createReadStream } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { chromiumPath, launchChromium, openPlayer, type Player } from '../support/browser-chromium.ts'
import { pictureTimeS, sampleFrames } from '../support/browser-picture.ts'
import { findProgram, missingParts, until } from '../support/e2e.ts'
import {
  addBytes,
  allClosed,
  type Cli,
  openStreams,
  playerUrl,
  scratchFolder,
  startCli,
  startServer,
} from '../support/e2e-server.ts'

const missing = missingParts({ chromium: chromiumPath, ffmpeg: findProgram('ffmpeg') })
const durationS = 15

describe.skipIf(missing.length > 0)('the sample in Chromium', () => {
  let browser: Browser
  let server: McpxServer
  let frames: Uint8Array[]
  const open: Player[] = []
  const play = async (content = server.sample!.cid, on: { url: string } = server) => {
    const opened = await openPlayer(browser, playerUrl(on, content))
    open.push(opened)
    return opened
  }

  beforeAll(async () => {
    ;[browser, server, frames] = await Promise.all([launchChromium(), startServer({ sample: true }), sampleFrames()])
  })

  afterEach(async () => {
    await Promise.all(open.splice(0).map((opened) => opened.close()))
    await allClosed(server)
  })

  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  it('plays at its rate, with sound, without a freeze', async () => {
    const viewer = await play()
    await viewer.plays(1)
    const sound = await viewer.audio()
    const beganMs = performance.now()
    const before = (await viewer.video()).framesDecoded!
    const now = await viewer.playsWithoutFreeze(90)
    const seconds = (performance.now() - beganMs) / 1000
    expect((now.framesDecoded! - before) / seconds).toBeGreaterThan(24)
    expect(now).toMatchObject({ packetsLost: 0, codec: 'video/VP9' })
    const heard = await viewer.sounds()
    expect(heard.codec).toBe('audio/opus')
    expect(heard.totalAudioEnergy! - (sound.totalAudioEnergy ?? 0)).toBeGreaterThan(0.001)
    expect(openStreams(server)).toHaveLength(1)
  })

  it('shows the picture that was asked for after a seek, and goes on', async () => {
    const viewer = await play()
    await viewer.plays(15)
    for (const target of [10.4, 2.7, 7, 12.2, 0]) {
      const beganMs = performance.now()
      await viewer.seek(target)
      // The frames from the key frame before it are decoded on the way and flit by: they are not what was asked for.
      await until(
        `the picture of ${target} s is shown`,
        async () => {
          const lateS = (await pictureTimeS(viewer.page, frames)) - target
          return lateS >= 0 && lateS < 1
        },
        { timeoutMs: 4000 },
      )
      await viewer.plays(10)
      const [picture, bar] = [await pictureTimeS(viewer.page, frames), await viewer.timeS()]
      const elapsedS = (performance.now() - beganMs) / 1000
      expect(picture).toBeGreaterThanOrEqual(target)
      expect(picture).toBeLessThan(target + elapsedS + 0.1)
      expect(Math.abs(bar - picture)).toBeLessThan(0.5)
    }
    expect(await viewer.video()).toMatchObject({ packetsLost: 0 })
  })

  it('stands still while paused, and goes on from there', async () => {
    const viewer = await play()
    await viewer.plays(30)
    await viewer.press('Pause')
    await viewer.rests()
    const stoodAt = await pictureTimeS(viewer.page, frames)
    expect(Math.abs((await viewer.timeS()) - stoodAt)).toBeLessThan(0.5)
    await viewer.press('Play')
    await viewer.plays(10)
    const goesOnAt = await pictureTimeS(viewer.page, frames)
    expect(goesOnAt).toBeGreaterThan(stoodAt)
    expect(goesOnAt).toBeLessThan(stoodAt + 2)
    await viewer.playsWithoutFreeze(30)
  })

  it('shows what a seek asked for while it is paused', async () => {
    const viewer = await play()
    await viewer.plays(15)
    await viewer.press('Pause')
    await viewer.rests()
    await viewer.seek(9.5)
    await until('the picture of 9.5 s', async () => Math.abs((await pictureTimeS(viewer.page, frames)) - 9.5) < 1)
    await viewer.rests()
    await viewer.press('Play')
    await viewer.plays(15)
  })

  // While it is paused a picture stays until the next one was asked for: there is nothing to be late for.
  it('goes where the bar is pressed and dragged to, and where the keys lead', async () => {
    const viewer = await play()
    const { mouse, keyboard } = viewer.page
    const shows = (timeS: number) =>
      until(
        `the picture and the bar stand at ${timeS} s`,
        async () => {
          const [picture, bar] = [await pictureTimeS(viewer.page, frames), await viewer.timeS()]
          return Math.abs(picture - timeS) < 0.5 && Math.abs(bar - timeS) < 0.5
        },
        { timeoutMs: 6000 },
      )
    await viewer.plays(15)
    await viewer.press('Pause')
    await viewer.rests()
    const bar = (await viewer.page.getByLabel('Position').boundingBox())!
    const moveTo = (timeS: number) =>
      mouse.move(bar.x + (bar.width * timeS) / durationS, bar.y + bar.height / 2, { steps: 5 })

    await moveTo(9)
    await mouse.down()
    await mouse.up()
    await shows(9)
    await mouse.down()
    await moveTo(3)
    await shows(3)
    await moveTo(12)
    await mouse.up()
    await shows(12)

    // The bar has the focus now.
    await keyboard.press('ArrowLeft')
    await shows(7)
    await keyboard.press('ArrowRight')
    await shows(12)
    await keyboard.press('Home')
    await shows(0)
    await viewer.page.getByRole('button', { name: 'Loop' }).focus()
    await keyboard.press('ArrowRight')
    await shows(5)
    await keyboard.press('8')
    await shows(12)
    await viewer.rests()
    await viewer.page.getByRole('button', { name: 'Play', exact: true }).waitFor()
  })

  it('changes quality at a key frame', async () => {
    const viewer = await play()
    await viewer.plays(10)
    for (const [name, width] of [
      [/180p/, 320],
      [/720p/, 1280],
      [/360p/, 640],
    ] as const) {
      await viewer.chooseQuality(name)
      await until(`the picture is ${width} wide`, async () => (await viewer.video()).frameWidth === width)
      await viewer.playsWithoutFreeze(30)
      expect(await viewer.video()).toMatchObject({ frameWidth: width, packetsLost: 0 })
    }
  })

  it('begins anew at the end when it loops', async () => {
    const viewer = await play()
    await viewer.plays(10)
    await viewer.press('Loop')
    await viewer.seek(durationS - 1)
    await until('the end comes near', async () => (await pictureTimeS(viewer.page, frames)) > durationS - 1.2)
    await until('the beginning is shown', async () => (await pictureTimeS(viewer.page, frames)) < 3)
    await viewer.playsWithoutFreeze(30)
    expect(openStreams(server)).toMatchObject([{ state: 'active' }])
  })

  it('says that it is over, and plays again', async () => {
    const viewer = await play()
    await viewer.plays(10)
    await viewer.seek(durationS - 1)
    await viewer.page.getByText('The end').waitFor({ timeout: 10_000 })
    expect(openStreams(server)).toMatchObject([{ state: 'ended' }])
    await viewer.page.getByRole('button', { name: 'Replay', exact: true }).first().click()
    await viewer.plays(30)
    expect(await pictureTimeS(viewer.page, frames)).toBeLessThan(4)
    expect(openStreams(server)).toMatchObject([{ state: 'active' }])
  })

  // What the tap of the sound adds is in it too: up to 20 ms for a buffer of WebAudio, and half a frame for the picture.
  it('tells the server what it saw, without a freeze for its own pauses and seeks', async () => {
    const viewer = await play()
    await viewer.plays(60)
    const { id } = openStreams(server)[0]!
    const told = async () => (await server.engine.stats(id)).viewer
    await until('the first report', async () => (await told())?.framesDecoded)
    const { firstFrameMs, frameWidth, totalSamplesReceived } = (await told())!
    expect(firstFrameMs).toBeGreaterThan(20)
    expect(frameWidth).toBe((await viewer.video()).frameWidth)
    expect(totalSamplesReceived).toBeGreaterThan(0)

    for (const target of [9, 3]) {
      await viewer.press('Pause')
      await viewer.rests()
      await viewer.press('Play')
      await viewer.plays(40)
      await viewer.seek(target)
      await viewer.plays(40)
    }
    const decoded = (await viewer.video()).framesDecoded!
    await until('a report of all that', async () => ((await told())?.framesDecoded ?? 0) > decoded)
    const quiet = (await told())!
    expect((await viewer.video()).freezeCount).toBeGreaterThan(0)
    expect(quiet.freezeCount).toBe(0)
    expect((await server.engine.stats(id)).isReporting).toBe(true)
  })

  it('plays to two viewers, each where it wants to be', async () => {
    const [one, other] = await Promise.all([play(), play()])
    await Promise.all([one.plays(15), other.plays(15)])
    await other.seek(11)
    await until('the other is there', async () => (await pictureTimeS(other.page, frames)) >= 10.5)
    await other.press('Pause')
    await other.rests()
    const now = await one.playsWithoutFreeze(30)
    expect(now.packetsLost).toBe(0)
    expect(await pictureTimeS(one.page, frames)).toBeLessThan(10)
    expect(openStreams(server)).toHaveLength(2)
  })

  it('comes back by itself where it was when the server is started again', async () => {
    const first = await startServer({ sample: true })
    const port = Number(new URL(first.url).port)
    const viewer = await play(first.sample!.cid, first)
    let second: McpxServer | undefined
    try {
      await viewer.plays(15)
      await viewer.seek(6)
      await viewer.plays(15)
      await first.stop()
      await until('the page tries again', async () => (await viewer.phase()) !== 'connected')
      second = await startServer({ sample: true, port })
      await until('the page is connected', async () => (await viewer.phase()) === 'connected', { timeoutMs: 25_000 })
      await viewer.plays(15)
      const resumedAt = await pictureTimeS(viewer.page, frames)
      expect(resumedAt).toBeGreaterThan(5)
      expect(resumedAt).toBeLessThan(10)
    } finally {
      await first.stop()
      await viewer.close()
      await second?.stop()
    }
  })

  it('comes back by itself where it was after the server died without a word', async () => {
    const scratch = await scratchFolder()
    const serve = async (port: number) => {
      const args = ['serve', '--sample', '--isolation', '--offline', '--json', '--disable-webrtc-metrics']
      const cli = startCli([...args, '--port', String(port)], { home: scratch.path })
      return { cli, ready: await cli.event<{ url: string; sample: { cid: string } }>('ready') }
    }
    const running: Cli[] = []
    try {
      const first = await serve(0)
      running.push(first.cli)
      const viewer = await play(first.ready.sample.cid, first.ready)
      await viewer.plays(15)
      await viewer.seek(6)
      await until('the picture of 6 s', async () => (await pictureTimeS(viewer.page, frames)) >= 6)
      await viewer.chooseQuality(/180p/)
      await until('the picture is 320 wide', async () => (await viewer.video()).frameWidth === 320)
      await viewer.press('Pause')
      await viewer.rests()
      await viewer.press('Play')
      await viewer.plays(10)
      first.cli.kill('SIGKILL')
      await first.cli.exit
      const stoodAt = await pictureTimeS(viewer.page, frames)
      await until('the page tries again', async () => (await viewer.phase()) !== 'connected', { timeoutMs: 30_000 })
      const second = await serve(Number(new URL(first.ready.url).port))
      running.push(second.cli)
      await until('the page is connected', async () => (await viewer.phase()) === 'connected', { timeoutMs: 30_000 })
      const now = await viewer.plays(15)
      const resumedAt = await pictureTimeS(viewer.page, frames)
      expect(resumedAt).toBeGreaterThan(stoodAt - 1)
      expect(resumedAt).toBeLessThan(stoodAt + 4)
      expect(now.frameWidth).toBe(320)
    } finally {
      for (const cli of running) cli.kill('SIGINT')
      await Promise.all(running.map((cli) => cli.exit))
      await scratch.remove()
    }
  })

  it('says in words what cannot be played', async () => {
    const unknown = await play('bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy')
    const text = await addBytes(server, 'notes.txt', new TextEncoder().encode('not media at all\n'.repeat(99)))
    const noMedia = await play(text)
    const notACid = await play('nonsense')
    const panels = await Promise.all([unknown, noMedia, notACid].map((viewer) => viewer.failure()))
    expect(panels[0]).toContain('Nobody has this content')
    expect(panels[1]).toContain('This is not media')
    expect(panels[2]).toContain('This is not a CID')
    expect(await Promise.all([unknown, noMedia, notACid].map((viewer) => viewer.phase()))).toEqual(
      Array(3).fill('failed'),
    )
  })

  it('offers the files of a folder, and plays the chosen one', async () => {
    const content = async function* () {
      yield* createReadStream(`${import.meta.dirname}/../../assets/sample/180p.mp4`)
    }
    const { cid } = await server.store.add([
      { path: 'films/one.mp4', content: content() },
      { path: 'films/two.mp4', content: content() },
    ])
    const viewer = await play(cid)
    expect(await viewer.failure()).toContain('Which one?')
    await viewer.page.getByRole('link', { name: 'two.mp4' }).click()
    await viewer.plays(10)
    expect(openStreams(server)).toMatchObject([{ content: `${cid}/two.mp4` }])
  })
})
