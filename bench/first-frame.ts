// First frame: from the request of the player page to the first picture on the screen of a real Chromium, and where the time goes.
import { accessSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { playerPath } from '../src/lib/protocol/routes.ts'
import { atMost, type BenchContext, median, wait } from './support/bench.ts'
import { type BuiltServer, serveBuilt } from './support/built-server.ts'
import { freshCopy, webClip } from './support/clips.ts'

export const title = 'First frame in Chromium'

const executables = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Milliseconds after the navigation began. */
interface Marks {
  readonly page: number
  readonly peer: number
  readonly posted: number
  readonly answered: number
  readonly ice: number
  readonly dtls: number
  readonly packet: number
  readonly frame: number
}

export async function run(context: BenchContext): Promise<void> {
  const executablePath = executables.find((path) => path && exists(path))
  if (!executablePath) return context.say('there is no Chromium here: nothing to measure')
  const server = await serveBuilt(['--isolation', '--sample'])
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--autoplay-policy=no-user-gesture-required',
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  })
  try {
    await measure(context, browser, server)
  } finally {
    await browser.close()
    await server.stop()
  }
}

async function measure(context: BenchContext, browser: Browser, server: BuiltServer): Promise<void> {
  const loads = context.pick(10, 5, 1)
  const page = await newContext(browser)
  const sample = () => load(page, server, server.sampleCid!)
  await sample()
  reportLoads(context, 'warm sample', await repeat(loads, sample), 200)

  const path = webClip()
  const cids: string[] = []
  for (let i = 0; i < loads; i++) cids.push(await add(server, await freshCopy(path)))
  // A transcode job that nobody reads keeps its place in the pool for 10 s, and each film has two: one film in 3 s fits.
  const fresh = async () => {
    const marks = await load(page, server, cids.pop()!)
    await wait(context.pick(3000, 3000, 0))
    return marks
  }
  reportLoads(context, 'transcoded clip that nobody has watched', await repeat(loads, fresh), 1000)

  const cid = await add(server, await freshCopy(path))
  await load(page, server, cid)
  reportLoads(context, 'transcoded clip, again', await repeat(loads, () => load(page, server, cid)))
  await page.close()
}

async function repeat(count: number, run: () => Promise<Marks>): Promise<Marks[]> {
  const results: Marks[] = []
  for (let i = 0; i < count; i++) results.push(await run())
  return results
}

function reportLoads(context: BenchContext, what: string, loads: readonly Marks[], goalMs?: number): void {
  const between = (from: keyof Marks | undefined, to: keyof Marks) =>
    Math.max(0, median(loads.map((marks) => marks[to] - (from ? marks[from] : 0)))).toFixed(0)
  context.report({
    figure: `first frame, ${what}, p50`,
    unit: 'ms',
    samples: loads.map((marks) => marks.frame),
    ...(goalMs !== undefined && { goal: atMost(goalMs, 'ms') }),
    beside:
      `page ${between(undefined, 'page')}, script to offer ${between('page', 'posted')}, open and answer ` +
      `${between('posted', 'answered')}, ICE ${between('answered', 'ice')}, DTLS ${between('ice', 'dtls')}, first packet ` +
      `${between('dtls', 'packet')}, decode and show ${between('packet', 'frame')}; from the offer ${between('posted', 'frame')}`,
  })
}

async function newContext(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext()
  await context.addInitScript(instruments)
  return context
}

/** Runs in the page before its own scripts: notes when each step is reached. */
const instruments = `
  const marks = (globalThis.__marks = {})
  const note = (name) => { marks[name] ??= performance.now() }
  addEventListener('DOMContentLoaded', () => note('page'))
  const Peer = RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Peer {
    constructor(...args) {
      super(...args)
      note('peer')
      this.addEventListener('iceconnectionstatechange', () => {
        if (this.iceConnectionState === 'connected' || this.iceConnectionState === 'completed') note('ice')
      })
      this.addEventListener('connectionstatechange', () => { if (this.connectionState === 'connected') note('dtls') })
      this.addEventListener('track', ({ track }) => {
        if (track.kind === 'video') track.addEventListener('unmute', () => note('packet'))
      })
    }
  }
  const fetchNow = globalThis.fetch
  globalThis.fetch = async (...args) => {
    const url = String(args[0]?.url ?? args[0])
    const isOffer = url.includes('/whep/') && (args[1]?.method ?? args[0]?.method) === 'POST'
    if (isOffer) note('posted')
    const answer = await fetchNow(...args)
    if (isOffer) note('answered')
    return answer
  }
  const watch = () => {
    const video = document.querySelector('video')
    if (!video) return setTimeout(watch, 1)
    video.requestVideoFrameCallback(() => note('frame'))
  }
  watch()
`

async function load(context: BrowserContext, server: BuiltServer, content: string): Promise<Marks> {
  const page = await context.newPage()
  try {
    await page.goto(`${server.url}${playerPath(content)}`, { waitUntil: 'commit' })
    const marks = await page.waitForFunction(
      () => {
        const found = (globalThis as unknown as { __marks: Partial<Marks> }).__marks
        return found.frame !== undefined && found.dtls !== undefined ? found : undefined
      },
      undefined,
      { timeout: 20_000, polling: 20 },
    )
    const found = (await marks.jsonValue()) as Marks
    // Muted again and again by a busy decoder, the track may say late that packets come.
    return { ...found, packet: Math.min(found.packet ?? found.frame, found.frame) }
  } finally {
    await page.close()
    await wait(150)
  }
}

async function add(server: BuiltServer, bytes: Buffer): Promise<string> {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(bytes)]), 'film.mp4')
  const answer = await fetch(`${server.url}/api/v0/ipfs/add`, { method: 'POST', body: form })
  const body = (await answer.json()) as { cid?: string; Hash?: string }
  const cid = body.cid ?? body.Hash
  if (!answer.ok || !cid) throw new Error(`adding a film: ${answer.status} ${JSON.stringify(body)}`)
  return cid
}

function exists(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
