// A relay between a browser and a server: the browser's own statistics say what the path did.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/lib/base/clock.ts'
import { ImpairedPath } from '../../src/lib/impairment/path.ts'
import { type ImpairmentTexts, parseImpairment } from '../../src/lib/impairment/spec.ts'
import { openRelay } from '../../src/lib/load/relay.ts'
import type { Peer } from '../../src/lib/webrtc/peer.ts'
import type { PeerFactory } from '../../src/lib/webrtc/peer-factory.ts'
import { chromiumPath, launchChromium } from '../support/browser-chromium.ts'
import { firefoxPath, launchFirefox } from '../support/browser-firefox.ts'
import { missingParts, until } from '../support/e2e.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { chooseVp8, createFactory, isConnected, packetOf } from '../support/webrtc-pair.ts'

const missing = missingParts({ chromium: chromiumPath, firefox: firefoxPath })

const script = `(() => {
globalThis.connect = async () => {
  globalThis.pc = new RTCPeerConnection({ iceServers: [] })
  pc.addTransceiver('video', { direction: 'recvonly' })
  await pc.setLocalDescription()
  await new Promise((resolve) => {
    if (pc.iceGatheringState === 'complete') return resolve()
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve()
  })
  return pc.localDescription.sdp
}
globalThis.answer = (sdp) => pc.setRemoteDescription({ type: 'answer', sdp })
globalThis.stats = async () => {
  const found = { state: pc.connectionState, received: 0, lost: 0 }
  const reports = [...(await pc.getStats()).values()]
  for (const report of reports) {
    if (report.type === 'inbound-rtp') Object.assign(found, { received: report.packetsReceived, lost: report.packetsLost })
    if (report.type !== 'candidate-pair' || report.state !== 'succeeded' || !report.nominated) continue
    found.roundTripS = report.currentRoundTripTime
    found.port = reports.find(({ id }) => id === report.remoteCandidateId)?.port
  }
  return found
}
return true
})()`

interface BrowserStats {
  readonly state: string
  readonly received: number
  readonly lost: number
  readonly roundTripS?: number
  readonly port?: number
}

interface Page {
  evaluate<T>(expression: string): Promise<T>
}

const browsers = {
  chromium: async () => {
    const browser = await launchChromium()
    const page = await browser.newPage()
    return {
      page: { evaluate: (expression: string) => page.evaluate(expression) } as Page,
      close: () => browser.close(),
    }
  },
  firefox: async () => {
    const browser = await launchFirefox()
    return { page: (await browser.open('about:blank')) as Page, close: () => browser.close() }
  },
}

describe.each(['chromium', 'firefox'] as const)('a relay before %s', (name) => {
  const isMissing = missing.includes(name)
  let page: Page
  let close = async () => {}
  let factory: PeerFactory
  const ends: (() => Promise<void>)[] = []

  beforeAll(async () => {
    if (isMissing) return
    ;({ page, close } = await browsers[name]())
    await page.evaluate(script)
    // Firefox does not use loopback unless it may use the camera: all addresses of this machine, and only they.
    factory = await createFactory({ bindAddresses: [] }, systemClock)
  })
  afterAll(async () => {
    for (const end of ends) await end()
    await close()
    await factory?.close()
  })

  async function connect(texts: ImpairmentTexts, clock: Clock = systemClock) {
    const path = new ImpairedPath({ impairment: parseImpairment(texts), clock, seed: 4 })
    const relay = openRelay(path)
    const peer: Peer = await factory.createPeer()
    ends.push(async () => {
      await peer.close()
      await relay.close()
      path.close()
    })
    const offer = await page.evaluate<string>('connect()')
    const answer = await peer.acceptOffer(relay.toServer(offer), chooseVp8)
    const serverPort = Number(/ (\d+) typ host/.exec(answer)![1])
    await page.evaluate(`answer(${JSON.stringify(await relay.toViewer(answer))})`)
    await isConnected(peer)
    const stats = () => page.evaluate<BrowserStats>('stats()')
    await until('the browser is connected', async () => (await stats()).state === 'connected')
    const video = peer.outlets.find(({ kind }) => kind === 'video')!
    const send = async (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        video.send(packetOf(i, Buffer.alloc(300, 0x10)))
        if (i % 5 === 4) await new Promise((resolve) => setTimeout(resolve, 4))
      }
    }
    return { path, relay, stats, send, serverPort }
  }

  it.skipIf(isMissing)('is the only way to the server, and has its delay', async () => {
    const { stats, serverPort, relay, path } = await connect({ base: 'up.delay=40ms,down.delay=60ms' })
    // Firefox does not tell the round trip of a pair.
    const { roundTripS, port } = await until('a pair', async () => {
      const seen = await stats()
      return seen.port && (seen.roundTripS || name === 'firefox') ? seen : undefined
    })
    if (name === 'chromium') expect(roundTripS! * 1000).toBeGreaterThanOrEqual(98)
    if (name === 'chromium') expect(roundTripS! * 1000).toBeLessThan(250)
    expect(port).not.toBe(serverPort)
    expect(relay.strangers).toBe(0)
    expect(path.stats.up.deliveredPackets).toBeGreaterThan(3)
  })

  it.skipIf(isMissing)('loses what the path loses', async () => {
    const clock = new FakeClock(0)
    const { stats, send, path } = await connect({ at: ['1s:down.loss=10%', '2s:loss=none'] }, clock)
    await send(0, 20)
    await until('the first packets', async () => (await stats()).received >= 20)
    clock.advance(1000)
    await send(20, 3020)
    await until('all that was sent', () => path.stats.down.sentPackets >= 3020)
    clock.advance(1000)
    await send(3020, 3040)
    const { received, lost } = await until('the last packets', async () => {
      const seen = await stats()
      return seen.received + seen.lost >= 3040 ? seen : undefined
    })
    expect(received + lost).toBe(3040)
    expect(Math.abs(lost / 3000 - 0.1)).toBeLessThan(0.025)
    const { loss } = path.stats.down.dropped
    expect(loss - lost).toBeGreaterThanOrEqual(0)
    expect(loss - lost).toBeLessThan(20)
  })
})
