// Another browser than the one that the player was made with: VP8, VP9, Opus and a seek in Firefox.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { type Firefox, type FirefoxPage, firefoxPath, launchFirefox } from '../support/browser-firefox.ts'
import { type ClipName, clip } from '../support/clips.ts'
import { findProgram, missingParts, until } from '../support/e2e.ts'
import { addFiles, allClosed, openStreams, playerUrl, startServer } from '../support/e2e-server.ts'

const missing = missingParts({ firefox: firefoxPath, ffmpeg: findProgram('ffmpeg') })

const preload = `
  window.peers = []
  const Native = RTCPeerConnection
  window.RTCPeerConnection = class extends Native {
    constructor(...args) { super(...args); window.peers.push(this) }
  }
`
const inbound = `(async () => {
  const found = {}
  for (const report of (await peers.at(-1).getStats()).values())
    if (report.type === 'inbound-rtp') found[report.kind] = report
  return found
})()`

interface Received {
  readonly video?: { readonly framesDecoded?: number; readonly packetsLost?: number; readonly frameWidth?: number }
  readonly audio?: { readonly packetsReceived?: number; readonly packetsLost?: number }
}

describe.skipIf(missing.length > 0)('Firefox', () => {
  let firefox: Firefox
  let server: McpxServer

  beforeAll(async () => {
    ;[firefox, server] = await Promise.all([launchFirefox(), startServer({ sample: true })])
  })

  afterAll(async () => {
    await firefox?.close()
    await server?.stop()
  })

  async function watch(content: string, use: (page: FirefoxPage) => Promise<void>): Promise<void> {
    const page = await firefox.open(playerUrl(server, content), preload)
    try {
      await use(page)
    } finally {
      await page.close()
      await allClosed(server)
    }
  }

  const plays = async (page: FirefoxPage, frames: number) => {
    const before = (await page.evaluate<Received>(inbound)).video?.framesDecoded ?? 0
    return until(`${frames} more frames are decoded`, async () => {
      const now = await page.evaluate<Received>(inbound)
      return (now.video?.framesDecoded ?? 0) >= before + frames && now
    })
  }
  const sounds = (page: FirefoxPage) =>
    until('sound arrives', async () => ((await page.evaluate<Received>(inbound)).audio?.packetsReceived ?? 0) >= 50)
  const timeS = async (page: FirefoxPage) =>
    Number(await page.evaluate<string>(`document.querySelector('[aria-label=Position]')?.value`))

  it('plays VP9 and Opus, and seeks', async () => {
    await watch(server.sample!.cid, async (page) => {
      await plays(page, 45)
      await sounds(page)
      expect(openStreams(server)[0]!.sent).toMatchObject([
        { kind: 'video', codec: 'vp9', transcoded: false },
        { kind: 'audio', codec: 'opus', transcoded: false },
      ])
      await page.evaluate(`(() => {
        const bar = document.querySelector('[aria-label=Position]')
        bar.value = '10.5'
        bar.dispatchEvent(new Event('change', { bubbles: true }))
      })()`)
      const now = await plays(page, 20)
      expect(now.video?.packetsLost).toBe(0)
      const shown = await until('the clock has followed', async () => (await timeS(page)) >= 10 && timeS(page))
      expect(shown).toBeLessThan(14)
    })
  })

  it.each([
    ['vp8.webm', 'vp8'],
    ['vp9.webm', 'vp9'],
  ] as const satisfies [ClipName, string][])('plays %s as it is', async (name, codec) => {
    await watch(await addFiles(server, await clip(name)), async (page) => {
      const now = await plays(page, 45)
      expect(now.video?.packetsLost).toBe(0)
      await sounds(page)
      expect(openStreams(server)[0]!.sent).toMatchObject([{ codec, transcoded: false }, { codec: 'opus' }])
    })
  })

  it('plays sound alone', async () => {
    await watch(await addFiles(server, await clip('opus.ogg')), async (page) => {
      await sounds(page)
    })
  })

  it('plays an ordinary MP4, which is transcoded', async () => {
    await watch(await addFiles(server, await clip('h264-b-frames.mp4')), async (page) => {
      await plays(page, 30)
      expect(openStreams(server)[0]!.sent).toMatchObject([{ transcoded: true }, { transcoded: true }])
    })
  })
})
