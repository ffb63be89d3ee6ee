// Takes the pictures of the documentation in a real browser from a real server: `node scripts/screenshots.mjs`.
// With a folder, every state of the pages in light and dark, on a phone and a desktop, to look at: `… screenshots.mjs out/`.
// Needs a build (npm run build), ffmpeg, and Chromium (MCPX_CHROMIUM names another than /usr/bin/chromium).
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const root = resolve(fileURLToPath(new URL('..', import.meta.url)))
const pictures = join(root, 'docs/images')
const desktop = { width: 1280, height: 800 }
const phone = { width: 390, height: 844 }
const nobodyHasIt = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

/** Starts a server of its own and resolves with what it says when it is ready. */
async function serve(...more) {
  const args = '--json --port 0 --isolation --offline --disable-webrtc-metrics --log-level error'.split(' ')
  const child = spawn(process.execPath, [join(root, 'bin/mcpx.js'), 'serve', '--sample', ...args, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line)
    if (said.event === 'ready') return { ...said, stop: () => child.kill('SIGTERM') }
  }
  throw new Error('the server did not start')
}

/** Adds files under their paths and resolves with the CID. */
async function add(url, files) {
  const form = new FormData()
  for (const [name, bytes] of Object.entries(files)) form.append('file', new Blob([bytes]), name)
  const reply = await fetch(`${url}/api/v0/ipfs/add`, { method: 'POST', body: form })
  return (await reply.json()).cid
}

/** One second of a 440 Hz tone as WAV. */
function tone(seconds) {
  const rate = 8000
  const data = Buffer.alloc(seconds * rate * 2)
  for (let i = 0; i < seconds * rate; i++)
    data.writeInt16LE(Math.round(8000 * Math.sin((i * 440 * 2 * Math.PI) / rate)), i * 2)
  const head = Buffer.alloc(44)
  head.write('RIFF')
  head.writeUInt32LE(36 + data.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(data.length, 40)
  return Buffer.concat([head, data])
}

/** A page that complains about whatever a page must not do: leave the origin, break the policy, throw. */
async function open(browser, url, { viewport, colorScheme }) {
  const context = await browser.newContext({ viewport, colorScheme, hasTouch: viewport === phone })
  const page = await context.newPage()
  const { origin } = new URL(url)
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url())) complain(`asks ${request.url()}`)
  })
  page.on('pageerror', (error) => complain(`throws ${error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) complain(message.text())
  })
  await page.goto(url)
  return page
}

let complaints = 0
function complain(what) {
  complaints++
  console.error(`${what}`)
}

const playing = (page, seconds) =>
  page.waitForFunction((s) => (document.querySelector('video')?.currentTime ?? 0) > s, seconds, { timeout: 20_000 })

async function documentation(browser, server) {
  mkdirSync(pictures, { recursive: true })
  await player(browser, server)
  await dashboard(browser, server)
}

async function player(browser, { player }) {
  const page = await open(browser, player, { viewport: { width: 960, height: 640 }, colorScheme: 'dark' })
  await playing(page, 4)
  await page.keyboard.press('i')
  await page.waitForTimeout(6_000)
  await page.mouse.move(300, 300)
  await page.mouse.move(320, 320)
  await page.waitForTimeout(300)
  keep(await page.screenshot(), 'player.png')
  await page.context().close()
}

/** With three viewers, the first of them looked at. */
async function dashboard(browser, server) {
  const look = { viewport: { width: 1280, height: 1300 }, colorScheme: 'dark' }
  const viewers = []
  for (let n = 0; n < 3; n++) {
    viewers.push(await open(browser, server.player, look))
    await playing(viewers.at(-1), 1)
    await viewers.at(-1).keyboard.press('l')
  }
  const page = await open(browser, server.dashboard, look)
  await page.locator('table.connections tbody tr').first().getByRole('button').first().click()
  // Until the charts have something to show.
  await page.waitForTimeout(150_000)
  await page.mouse.wheel(0, -5000)
  await page.waitForTimeout(1000)
  keep(await page.screenshot(), 'dashboard.png')
  for (const one of [...viewers, page]) await one.context().close()
}

/** Few colours: the repository shall stay small. */
function keep(taken, name) {
  const filter = 'split[a][b];[a]palettegen=max_colors=128[p];[b][p]paletteuse=dither=none'
  const to = join(pictures, name)
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', 'pipe:0', '-vf', filter, '-frames:v', '1', to], { input: taken })
}

/** Name → what to do with a fresh page before it is looked at. */
function states(server, locked, content) {
  const at = (cid) => `${server.url}/player/${cid}`
  const wait = (ms) => (page) => page.waitForTimeout(ms)
  return {
    home: [`${server.url}/`, wait(500)],
    'home-wrong': [
      `${server.url}/`,
      async (page) => {
        await page.getByRole('textbox').first().fill('hello world')
        await page.getByRole('button', { name: 'Play' }).first().click()
      },
    ],
    'home-upload': [
      `${server.url}/`,
      async (page) => {
        await page.route('**/ipfs/add**', () => {})
        await page
          .locator('input[type=file]')
          .setInputFiles({ name: 'clip.webm', mimeType: 'video/webm', buffer: Buffer.alloc(2e6) })
        await page.waitForTimeout(400)
      },
    ],
    'home-uploaded': [
      `${server.url}/`,
      async (page) => {
        await page
          .locator('input[type=file]')
          .setInputFiles({ name: 'tone.wav', mimeType: 'audio/wav', buffer: tone(2) })
        await page.waitForTimeout(1500)
      },
    ],
    'home-token': [`${locked.url}/`, wait(800)],
    stats: [
      server.player,
      async (page) => {
        await playing(page, 2)
        await page.keyboard.press('i')
        await page.waitForTimeout(2500)
        await page.mouse.move(200, 200)
        await page.mouse.move(210, 210)
      },
    ],
    idle: [
      server.player,
      async (page) => {
        await playing(page, 5)
        await page.waitForTimeout(500)
      },
    ],
    paused: [
      server.player,
      async (page) => {
        await playing(page, 1)
        await page.keyboard.press('k')
        await page.waitForTimeout(800)
      },
    ],
    keys: [
      server.player,
      async (page) => {
        await playing(page, 1)
        await page.keyboard.press('?')
        await page.waitForTimeout(500)
      },
    ],
    menu: [
      server.player,
      async (page) => {
        await playing(page, 1)
        await page.mouse.move(200, 200)
        await page
          .getByRole('button', { name: /settings|quality/i })
          .first()
          .click()
        await page.waitForTimeout(300)
      },
    ],
    ended: [
      server.player,
      async (page) => {
        await playing(page, 1)
        await page.keyboard.press('9')
        await page.waitForTimeout(4500)
      },
    ],
    connecting: [
      at(nobodyHasIt),
      async (page) => {
        await page.waitForTimeout(50)
      },
    ],
    fetching: [
      `${server.url}/`,
      async (page) => {
        await page.route('**/whep/**', () => {})
        await page.goto(server.player)
        await page.waitForTimeout(1800)
      },
    ],
    audio: [
      at(content.tone),
      async (page) => {
        await page.waitForTimeout(3000)
        await page.mouse.move(200, 300)
      },
    ],
    'error-404': [at(nobodyHasIt), wait(1500)],
    'error-409': [at(content.folder), wait(1500)],
    'error-415': [at(content.text), wait(1500)],
    'error-401': [locked.player, wait(1500)],
    'error-gone': [
      `${server.url}/`,
      async (page) => {
        await page.route('**/whep/**', (route) => route.abort())
        await page.goto(server.player)
        await page.waitForTimeout(1500)
      },
    ],
  }
}

async function everything(browser, server, locked, folder, only) {
  mkdirSync(folder, { recursive: true })
  const content = {
    tone: await add(server.url, { 'tone.wav': tone(20) }),
    text: await add(server.url, { 'words.txt': Buffer.from('only words, again and again\n'.repeat(20)) }),
    folder: await add(server.url, { 'a-first.wav': tone(1), 'b-second.wav': tone(2) }),
  }
  for (const [name, [url, prepare]] of Object.entries(states(server, locked, content))) {
    if (only && !new RegExp(only).test(name)) continue
    for (const [size, viewport] of Object.entries({ desktop, phone }))
      for (const colorScheme of ['light', 'dark']) {
        const page = await open(browser, url, { viewport, colorScheme })
        try {
          await prepare(page)
        } catch (error) {
          complain(`${name}: ${error.message.split('\n')[0]}`)
        }
        await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) })
        await page.context().close()
      }
  }
}

const [folder, only] = process.argv.slice(2)
const server = await serve()
const locked = folder ? await serve('--auth-token', 'screenshots') : undefined
const browser = await chromium.launch({
  executablePath: process.env.MCPX_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
})
try {
  if (folder) await everything(browser, server, locked, resolve(folder), only)
  else await documentation(browser, server)
} finally {
  await browser.close()
  server.stop()
  locked?.stop()
}
process.exitCode = complaints > 0 ? 1 : 0
