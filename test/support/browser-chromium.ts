// Chromium, once for a test file, and the player page as a test drives it: by its buttons, and by what the browser measured.
import { isDeepStrictEqual } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findProgram, until } from './e2e.ts'
import { watchMachine } from './machine-load.ts'

export const chromiumPath = process.env.MCPX_CHROMIUM ?? findProgram('chromium', 'chromium-browser', 'google-chrome')

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    ...(chromiumPath ? { executablePath: chromiumPath } : {}),
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--autoplay-policy=no-user-gesture-required'],
  })

/** Keeps every peer connection of the page, and what it asked of the server, where tests find it. */
const recordPeers = `
globalThis.peers = []
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...args) {
    super(...args)
    peers.push(this)
  }
  createDataChannel(...args) {
    const channel = super.createDataChannel(...args)
    channel.addEventListener('message', ({ data }) => heard.push({ ...JSON.parse(data), atMs: performance.now() }))
    return channel
  }
}
globalThis.asked = []
globalThis.heard = []
const send = RTCDataChannel.prototype.send
RTCDataChannel.prototype.send = function (text) {
  asked.push({ ...JSON.parse(text), atMs: performance.now() })
  return send.call(this, text)
}
globalThis.inbound = async (kind) => {
  const peer = peers.findLast((candidate) => candidate.connectionState === 'connected')
  if (!peer) return {}
  const reports = [...(await peer.getStats()).values()]
  const found = reports.find((report) => report.type === 'inbound-rtp' && report.kind === kind) ?? {}
  const codec = reports.find((report) => report.id === found.codecId)?.mimeType
  return { ...found, codec }
}
`

/** The fields of RTCInboundRtpStreamStats that tests read. */
export interface Inbound {
  readonly ssrc?: number
  readonly codec?: string
  readonly framesDecoded?: number
  readonly keyFramesDecoded?: number
  readonly framesDropped?: number
  readonly freezeCount?: number
  readonly totalFreezesDuration?: number
  readonly pauseCount?: number
  readonly totalPausesDuration?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly packetsLost?: number
  readonly packetsReceived?: number
  readonly nackCount?: number
  readonly pliCount?: number
  readonly totalAudioEnergy?: number
  readonly totalSamplesReceived?: number
  readonly concealedSamples?: number
  readonly silentConcealedSamples?: number
  /** Milliseconds on the NTP clock of the sender. */
  readonly estimatedPlayoutTimestamp?: number
}

export interface Player {
  readonly page: Page
  video(): Promise<Inbound>
  audio(): Promise<Inbound>
  /** When the page asked this of the server last, and when it heard this of it, on its own clock. */
  askedAtMs(type: string): Promise<number>
  heardAtMs(type: string): Promise<number>
  /** Where the seek bar stands, in seconds. */
  timeS(): Promise<number>
  /** `connecting`, `connected`, `waiting`, `failed` or `closed`. */
  phase(): Promise<string>
  seek(timeS: number): Promise<void>
  press(label: string): Promise<void>
  chooseQuality(name: string | RegExp): Promise<void>
  /** Resolves when this many more frames have been decoded. */
  plays(frames?: number): Promise<Inbound>
  /** The same without a freeze on the way. One while every processor was taken is not ours as long as nothing was lost. */
  playsWithoutFreeze(frames: number): Promise<Inbound>
  /** Resolves when no frame has been decoded for half a second. */
  rests(): Promise<void>
  /** Resolves when this many more samples of sound have been played. */
  sounds(samples?: number): Promise<Inbound>
  /** Puts another tab before this one: nothing of the page is drawn from now on. */
  hide(): Promise<void>
  /** The words of the panel that says what is wrong. */
  failure(): Promise<string>
  close(): Promise<void>
}

/** What stands between the server and a viewer, and has its word in their descriptions. */
export interface BetweenThem {
  toViewer(serverSdp: string): string | Promise<string>
  toServer?(viewerSdp: string): string
}

/** The answers of the server as they come over what is between them; the offers go as they are unless they are told to change. */
async function answerOver(page: Page, between: BetweenThem, changesOffers: boolean): Promise<void> {
  await page.route(/\/whep\//, async (route) => {
    const request = route.request()
    if (request.method() !== 'POST') return route.continue()
    const offer = changesOffers ? { postData: between.toServer!(request.postData() ?? '') } : {}
    const response = await route.fetch(offer)
    await route.fulfill({ response, body: await between.toViewer(await response.text()) })
  })
}

/** Opens a player page in a context of its own; with a cable the media comes over that. */
export async function openPlayer(
  browser: Browser,
  url: string,
  cable?: BetweenThem,
  { changesOffers = false } = {},
): Promise<Player> {
  const context = await browser.newContext({ viewport: { width: 960, height: 540 }, bypassCSP: true })
  const page = await context.newPage()
  await page.addInitScript(recordPeers)
  if (cable) await answerOver(page, cable, changesOffers)
  await page.goto(url)
  const inbound = (kind: string) => page.evaluate<Inbound>(`inbound('${kind}')`)
  const bar = page.getByLabel('Position')

  const player: Player = {
    page,
    video: () => inbound('video'),
    audio: () => inbound('audio'),
    askedAtMs: (type) => page.evaluate<number>(`asked.findLast((message) => message.type === '${type}').atMs`),
    heardAtMs: (type) => page.evaluate<number>(`heard.findLast((note) => note.type === '${type}').atMs`),
    timeS: async () => Number(await bar.inputValue()),
    phase: async () => (await page.locator('.player').getAttribute('data-phase')) ?? '',
    async seek(timeS) {
      await bar.evaluate((input, value) => {
        const element = input as unknown as { value: string; dispatchEvent(event: Event): void }
        element.value = String(value)
        element.dispatchEvent(new Event('change', { bubbles: true }))
      }, timeS)
    },
    async press(label) {
      // The controls go away while nothing is touched.
      await page.mouse.move(200 + Math.random() * 100, 200)
      await page.getByRole('button', { name: label, exact: true }).click()
    },
    async chooseQuality(name) {
      await page.mouse.move(300, 220)
      await page.locator('.quality-button').click()
      await page.getByRole('menuitemradio', { name }).click()
    },
    async plays(frames = 20) {
      const before = await player.video()
      return until(`${frames} more frames are decoded (${url})`, async () => {
        const now = await player.video()
        const since = now.ssrc === before.ssrc ? (before.framesDecoded ?? 0) : 0
        return (now.framesDecoded ?? 0) >= since + frames && now
      })
    },
    async playsWithoutFreeze(frames) {
      const before = await player.video()
      const machine = watchMachine()
      const after = await player.plays(frames).finally(() => machine.end())
      if (after.freezeCount === before.freezeCount) return after
      const { wasBusy, idle } = machine.end()
      const whole = ({ packetsLost, nackCount, pliCount }: Inbound) => ({ packetsLost, nackCount, pliCount })
      const evidence = JSON.stringify({ idle, before: whole(before), after: whole(after) })
      if (!wasBusy) throw new Error(`a freeze within ${frames} frames on a machine that had time (${url}): ${evidence}`)
      if (!isDeepStrictEqual(whole(after), whole(before))) throw new Error(`a freeze and loss (${url}): ${evidence}`)
      return after
    },
    async rests() {
      let last: number | undefined
      let sinceMs = performance.now()
      await until(`no frame comes any more (${url})`, async () => {
        const { framesDecoded } = await player.video()
        if (framesDecoded !== last) sinceMs = performance.now()
        last = framesDecoded
        return performance.now() - sinceMs > 500
      })
    },
    async sounds(samples = 24_000) {
      const played = ({ totalSamplesReceived = 0, concealedSamples = 0 }: Inbound) =>
        totalSamplesReceived - concealedSamples
      const before = played(await player.audio())
      return until(`${samples} more samples are played (${url})`, async () => {
        const now = await player.audio()
        return played(now) >= before + samples && now
      })
    },
    async hide() {
      const session = await context.newCDPSession(page)
      await session.send('Emulation.setFocusEmulationEnabled', { enabled: false })
      await (await context.newPage()).bringToFront()
    },
    failure: async () => (await page.getByRole('alert').innerText()).replaceAll('\n', ' '),
    close: () => context.close(),
  }
  return player
}
