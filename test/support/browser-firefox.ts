// Firefox without a screen, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) over Node's own WebSocket.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './e2e.ts'

export const firefoxPath = process.env.MCPX_FIREFOX ?? findProgram('firefox-esr', 'firefox')

const preferences = {
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  // OpenH264 and Widevine would be fetched from the network.
  'media.gmp-manager.url': '',
  'media.gmp-provider.enabled': false,
  'app.update.enabled': false,
  'app.normandy.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,',
  'toolkit.telemetry.enabled': false,
}

export interface FirefoxPage {
  /** Evaluates an expression in the page; a promise is awaited. The answer crosses as JSON. */
  evaluate<T>(expression: string): Promise<T>
  close(): Promise<void>
}

export interface Firefox {
  /** Opens a page; `preload` runs before its own scripts. */
  open(url: string, preload?: string): Promise<FirefoxPage>
  close(): Promise<void>
}

type Reply = { id?: number; result?: unknown; error?: string; message?: string }

export async function launchFirefox(): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), 'mcpx-firefox-'))
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`)
  await writeFile(join(profile, 'user.js'), lines.join('\n'))
  const args = ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile, 'about:blank']
  const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' }
  const child = spawn(firefoxPath!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')

  async function end(): Promise<void> {
    child.kill('SIGTERM')
    const patience = setTimeout(() => child.kill('SIGKILL'), 5000)
    await exited
    clearTimeout(patience)
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }

  try {
    const address = await new Promise<string>((found, failed) => {
      let said = ''
      const listen = (bytes: Buffer) => {
        said += bytes
        const [, at] = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said) ?? []
        if (at) found(at)
      }
      child.stdout.on('data', listen)
      child.stderr.on('data', listen)
      void exited.then(([code]) => failed(new Error(`Firefox ended with ${code}:\n${said}`)))
    })
    const socket = new WebSocket(`${address}/session`)
    await once(socket, 'open')
    const call = createCalls(socket)
    await call('session.new', { capabilities: {} })
    return {
      open: (url, preload) => openPage(call, url, preload),
      async close() {
        socket.close()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}

type Call = (method: string, params: object) => Promise<Record<string, unknown>>

function createCalls(socket: WebSocket): Call {
  const waiting = new Map<number, { resolve(result: never): void; reject(error: Error): void }>()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const reply = JSON.parse(String(data)) as Reply
    const call = waiting.get(reply.id ?? -1)
    if (!call) return
    waiting.delete(reply.id!)
    if (reply.error) call.reject(new Error(`${reply.error}: ${reply.message}`))
    else call.resolve(reply.result as never)
  })
  socket.addEventListener('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('Firefox is gone'))
  })
  return (method, params) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject })
      socket.send(JSON.stringify({ id: last, method, params }))
    })
}

async function openPage(call: Call, url: string, preload?: string): Promise<FirefoxPage> {
  const { context } = await call('browsingContext.create', { type: 'tab' })
  if (preload)
    await call('script.addPreloadScript', { functionDeclaration: `() => { ${preload} }`, contexts: [context] })
  await call('browsingContext.navigate', { context, url, wait: 'complete' })
  return {
    async evaluate<T>(expression: string) {
      const answer = await call('script.evaluate', {
        expression: `(async () => JSON.stringify((await (${expression})) ?? null))()`,
        target: { context },
        awaitPromise: true,
      })
      if (answer.type !== 'success') throw new Error(`Firefox: ${JSON.stringify(answer.exceptionDetails)}`)
      return JSON.parse((answer.result as { value: string }).value) as T
    },
    close: async () => void (await call('browsingContext.close', { context })),
  }
}
