// mcpx installed without its optional encoder, on a machine without ffmpeg: what needs no encoder plays, and the rest says what
// to install, at every door.
import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchChromium, openPlayer } from '../support/browser-chromium.ts'
import { clip, hasFfmpeg } from '../support/clips.ts'
import { missingParts, until } from '../support/e2e.ts'
import { type Cli, installWithoutEncoder, runCli, scratchFolder, startCli } from '../support/e2e-server.ts'

const missing = missingParts({ chromium: chromiumPath, ffmpeg: hasFfmpeg })
/** What tells the user what to do. */
const remedy = /node-av|ffmpeg/

declare const RTCPeerConnection: new () => {
  addTransceiver(kind: 'audio' | 'video', init: { direction: 'recvonly' }): void
  createOffer(): Promise<{ sdp?: string }>
  close(): void
}

describe.skipIf(missing.length > 0)('mcpx without an encoder', () => {
  let home: string
  let remove: () => Promise<void>
  let launcher: string
  let server: Cli
  let ready: { url: string; sample: { cid: string } }
  let browser: Browser

  beforeAll(async () => {
    const scratch = await scratchFolder()
    home = scratch.path
    remove = scratch.remove
    launcher = await installWithoutEncoder(home)
    const args = ['serve', '--sample', '--isolation', '--json', '--port', '0', '--offline', '--disable-webrtc-metrics']
    server = startCli(args, { home, launcher, path: '' })
    ready = await server.event('ready')
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    server?.kill('SIGINT')
    await server?.exit
    await remove?.()
  })

  async function add(name: 'h264-b-frames.mp4' | 'tone.mp3'): Promise<string> {
    const body = new FormData()
    body.append('file', new Blob([await readFile(await clip(name))]), name)
    const answer = await fetch(`${ready.url}/api/v0/ipfs/add`, { method: 'POST', body })
    return ((await answer.json()) as { cid: string }).cid
  }

  it('plays its sample, and refuses what it would have to encode on the player page', async () => {
    const sample = await openPlayer(browser, `${ready.url}/player/${ready.sample.cid}`)
    await sample.plays()
    await sample.close()
    const refused = await openPlayer(browser, `${ready.url}/player/${await add('h264-b-frames.mp4')}`)
    await until('the player says why', async () => (await refused.failure()) !== '')
    expect(await refused.failure()).toMatch(remedy)
    await refused.close()
  })

  it.each([
    ['tone.mp3', ['audio']],
    ['h264-b-frames.mp4', ['video', 'audio']],
  ] as const)('answers a WHEP offer for %s with 415, the code and what to install', async (name, kinds) => {
    const offers = await browser.newPage()
    await offers.goto(`${ready.url}/`)
    const sdp = await offers.evaluate(async (kinds) => {
      const peer = new RTCPeerConnection()
      for (const kind of kinds) peer.addTransceiver(kind, { direction: 'recvonly' })
      const offer = await peer.createOffer()
      peer.close()
      return offer.sdp ?? ''
    }, kinds)
    await offers.close()
    const answer = await fetch(`${ready.url}/whep/${await add(name)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: sdp,
    })
    expect(answer.status).toBe(415)
    expect(await answer.json()).toMatchObject({ code: 'ENCODER_MISSING', hint: expect.stringMatching(remedy) })
  })

  it('ends mcpx stream with the same words', async () => {
    const cid = await add('h264-b-frames.mp4')
    const { code, stderr } = await runCli(['stream', cid, '--server', ready.url, '--json'], {
      home,
      launcher,
      path: '',
    })
    expect(code).toBe(1)
    const said = JSON.parse(stderr.trim().split('\n').at(-1)!) as Record<string, string>
    expect(said).toMatchObject({ event: 'error', code: 'ENCODER_MISSING', hint: expect.stringMatching(remedy) })
  })
})
