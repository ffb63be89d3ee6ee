// The WebSocket doors with a browser behind them that is no page of ours: what an example client of the origin does, with real media.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { routes } from '../../src/lib/protocol/routes.ts'
import { chromiumPath, launchChromium } from '../support/browser-chromium.ts'
import { missingParts } from '../support/e2e.ts'
import { allClosed, startServer } from '../support/e2e-server.ts'

const missing = missingParts({ chromium: chromiumPath })

/** Asks for the content, answers the offer, trickles both ways, and says what was heard. */
const client = `
globalThis.connect = (address, cid) => {
  const socket = new WebSocket(address)
  const peer = new RTCPeerConnection()
  const heard = []
  const send = (message) => socket.send(JSON.stringify({ pc_id: client.id, ...message }))
  const answers = {
    welcome: () => send({ type: 'offer_request', cid, kind: 'video', frameRate: 30, quality: 'medium' }),
    async offer({ pc_id, sdp, sdpType }) {
      client.id = pc_id
      await peer.setRemoteDescription({ type: sdpType, sdp })
      await peer.setLocalDescription(await peer.createAnswer())
      send({ type: 'answer', sdp: peer.localDescription.sdp, sdpType: 'answer' })
    },
    candidate: ({ candidate, sdpMid, sdpMLineIndex }) => peer.addIceCandidate({ candidate, sdpMid, sdpMLineIndex }),
  }
  peer.onicecandidate = ({ candidate }) => {
    if (candidate) send({ type: 'candidate', candidate: candidate.candidate, sdpMid: candidate.sdpMid, sdpMLineIndex: candidate.sdpMLineIndex })
  }
  socket.onmessage = async ({ data }) => {
    const message = JSON.parse(data)
    heard.push(message)
    await answers[message.type]?.(message)
  }
  const client = {
    send,
    heard: (type) => heard.filter((message) => message.type === type),
    async frames() {
      const reports = [...(await peer.getStats()).values()]
      const video = reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')
      return { decoded: video?.framesDecoded ?? 0, width: video?.frameWidth }
    },
    leave() { socket.close(); peer.close() },
  }
  globalThis.client = client
}
`

interface Frames {
  readonly decoded: number
  readonly width?: number
}

describe.skipIf(missing.length > 0)('a client of the signalling socket in Chromium', () => {
  let browser: Browser
  let server: McpxServer
  let page: Page

  beforeAll(async () => {
    ;[browser, server] = await Promise.all([launchChromium(), startServer({ sample: true, mediaWorkers: 1 })])
    // The policy of what we serve would forbid what a page elsewhere may do.
    page = await browser.newPage({ bypassCSP: true })
    await page.goto(`${server.url}/health`)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })

  const framesUntil = (wanted: (frames: Frames) => boolean) =>
    expect.poll(async () => wanted(await page.evaluate<Frames>('client.frames()')), { timeout: 20_000 }).toBe(true)
  const heard = async (type: string) => {
    await expect.poll(() => page.evaluate<number>(`client.heard('${type}').length`), { timeout: 10_000 }).not.toBe(0)
    return page.evaluate<Record<string, unknown>>(`client.heard('${type}').at(-1)`)
  }

  it.each(routes.signalling)('sees a picture over %s, changes quality, reads statistics and leaves', async (path) => {
    await page.evaluate(client)
    await page.evaluate(`connect('${server.url.replace('http', 'ws')}${path}', '${server.sample!.cid}')`)
    await framesUntil(({ decoded, width }) => decoded > 30 && width === 640)
    expect(await page.evaluate(`client.heard('connected').length`)).toBe(1)
    await page.evaluate(`client.send({ type: 'set_quality', quality: 'very_low' })`)
    expect(await heard('quality_result')).toMatchObject({ quality: 'very_low', success: true })
    await framesUntil(({ width }) => width === 320)
    await page.evaluate(`client.send({ type: 'get_stats' })`)
    const { connection_stats } = await heard('stats')
    expect(connection_stats).toMatchObject({ state: 'connected', cid: server.sample!.cid, active: true })
    expect((connection_stats as { bytes_sent: number }).bytes_sent).toBeGreaterThan(10_000)
    await page.evaluate(`client.send({ type: 'close' })`)
    await heard('closed')
    await allClosed(server)
    await page.evaluate('client.leave()')
  })

  it('ends its stream by going away', async () => {
    await page.evaluate(client)
    await page.evaluate(
      `connect('${server.url.replace('http', 'ws')}${routes.signalling[0]}', '${server.sample!.cid}')`,
    )
    await framesUntil(({ decoded }) => decoded > 10)
    await page.evaluate('client.leave()')
    await allClosed(server)
    expect(server.engine.list().at(-1)).toMatchObject({ state: 'closed', closeReason: 'viewer_left' })
  })
})
