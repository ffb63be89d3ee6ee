// A real browser against our peer: VP8 decoded without a freeze, the control channel, retransmission, an ICE restart.
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import type { Peer, RtpOutlet } from '../../src/lib/webrtc/peer.ts'
import { createPeerFactory, type PeerFactory } from '../../src/lib/webrtc/peer-factory.ts'
import { watchMachine } from '../support/machine-load.ts'
import { type ClipFrame, encodeVp8, hasProgram, packetizeVp8 } from '../support/webrtc-clips.ts'
import { type PageStats, pageScript } from '../support/webrtc-page.ts'

const executablePath = process.env.MCPX_CHROMIUM ?? '/usr/bin/chromium'
const missing = [
  ...(existsSync(executablePath) ? [] : [executablePath]),
  ...((await hasProgram('ffmpeg')) ? [] : ['ffmpeg']),
]
if (missing.length > 0 && process.env.MCPX_REQUIRE_PARTS === '1')
  throw new Error(`missing parts: ${missing.join(', ')}`)

/** Sends a clip in real time and answers NACKs from what it sent; `lose` keeps a packet back the first time. */
function sendClip(peer: Peer, outlet: RtpOutlet, clip: readonly ClipFrame[], lose: (sequence: number) => boolean) {
  const sent = new Map<number, { payload: Buffer; timestamp: number; marker: boolean; pictureId: number }>()
  let sequence = 65_400
  let index = 0
  const packetOf = (at: number) => ({ ...sent.get(at)!, sequence: at, pictureIdOffset: 2 })
  const off = peer.events.on('nack', (_kind, sequences) => {
    for (const at of sequences) if (sent.has(at)) outlet.retransmit(packetOf(at))
  })
  return new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const frame = clip[index]
      if (!frame) {
        clearInterval(timer)
        off()
        return resolve()
      }
      const payloads = packetizeVp8(frame.data, 0)
      for (const [i, payload] of payloads.entries()) {
        const marker = i === payloads.length - 1
        sent.set(sequence, { payload, timestamp: frame.timestamp, marker, pictureId: index & 0x7fff })
        if (!lose(sequence)) outlet.send(packetOf(sequence))
        sequence = (sequence + 1) & 0xffff
      }
      index++
    }, 33)
  })
}

describe.skipIf(missing.length > 0)(`Chromium ${missing.length > 0 ? `(missing: ${missing.join(', ')})` : ''}`, () => {
  let browser: Browser
  let page: Page
  let factory: PeerFactory
  let clip: ClipFrame[]

  beforeAll(async () => {
    clip = await encodeVp8({ frames: 90, frameRate: 30, gopFrames: 30 })
    factory = await createPeerFactory(
      { iceServers: [], announceAddresses: [], bindAddresses: ['127.0.0.1'] },
      { clock: systemClock, logger: silentLogger },
    )
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required']
    browser = await chromium.launch({ executablePath, args })
    page = await browser.newPage()
    await page.addScriptTag({ content: pageScript })
  })

  afterAll(async () => {
    await browser?.close()
    await factory?.close()
  })

  it('decodes a VP8 clip without a freeze while packets are lost and sent again, talks back, and restarts ICE', async () => {
    const peer = await factory.createPeer()
    const texts: string[] = []
    peer.events.on('control', (text) => {
      texts.push(text)
      peer.sendControl('hello from the server')
    })
    let feedback = 0
    /** How long each packet took, on a scale of the browser's. */
    const delaysMs: number[] = []
    peer.events.on('acked', ({ packets }) => {
      feedback += packets.length
      for (const { arrivedAtMs, sentAtMs } of packets)
        if (arrivedAtMs !== undefined) delaysMs.push(arrivedAtMs - sentAtMs)
    })
    const connected = peer.events.next('state')
    const offer = await page.evaluate<string>('offer()')
    const answer = await peer.acceptOffer(offer, async ({ video, audio }) => ({
      video: video.find(({ codec }) => codec === 'vp8')!,
      audio: audio.find(({ codec }) => codec === 'opus')!,
    }))
    await page.evaluate(`answer(${JSON.stringify(answer)})`)
    await connected
    while (peer.connectionState !== 'connected') await peer.events.next('state')
    const outlet = peer.outlets.find(({ kind }) => kind === 'video')!

    const restart = async () => {
      const restarted = await peer.acceptOffer(await page.evaluate<string>('restart()'), async () => ({}))
      await page.evaluate(`answer(${JSON.stringify(restarted)})`)
    }
    let countdown = 20
    const machine = watchMachine()
    const playing = sendClip(peer, outlet, clip, () => countdown-- % 25 === 0)
    await restart()
    await playing
    await page.waitForFunction(`stats().then(({ framesDecoded }) => framesDecoded >= ${clip.length - 2})`)
    const stats = await page.evaluate<PageStats>('stats()')
    const { wasBusy } = machine.end()

    // Where every processor was taken the picture may stand for a moment; all of it comes nevertheless.
    if (!wasBusy) {
      expect(stats.freezeCount).toBe(0)
      expect(Math.max(...delaysMs) - Math.min(...delaysMs), 'all on one path').toBeLessThan(500)
    }
    expect(stats).toMatchObject({ state: 'connected', texts: ['hello from the server'] })
    expect(stats.framesDecoded).toBeGreaterThanOrEqual(clip.length - 2)
    expect(stats.repaired).toBeGreaterThan(0)
    expect(texts).toEqual(['hello from the page'])
    expect(feedback).toBeGreaterThan(50)
    await peer.close()
    await page.waitForFunction("pc.connectionState !== 'connected'")
  })

  it('answers our offer, trickles, and echoes over the channel that we open', async () => {
    const peer = await factory.createPeer()
    const codecs = {
      video: [
        { codec: 'vp9', parameters: { 'profile-id': '0' } },
        { codec: 'vp8', parameters: {} },
      ],
      audio: [{ codec: 'opus', parameters: {}, channels: 2 }],
    } as const
    const offer = await peer.createOffer(codecs)
    const answer = await page.evaluate<string>(`answerTo(${JSON.stringify(offer)})`)
    const echo = peer.events.next('control', AbortSignal.timeout(10_000))
    peer.events.on('controlOpen', () => peer.sendControl('hello'))
    await peer.acceptAnswer(answer, async ({ video, audio }) => {
      expect(video.map(({ codec }) => codec)).toEqual(['vp9', 'vp8'])
      return { video: video[0]!, audio: audio[0]! }
    })
    expect(await echo).toEqual(['echo hello'])
    expect(peer.outlets.map(({ codec }) => codec.codec)).toEqual(['vp9', 'opus'])
    await peer.close()
  })
})
