// `mcpx check-connectivity` against real parts: the built command line and server, Debian's nginx, Kubo, TLS.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ChecksReport } from '../../src/lib/protocol/checks.ts'
import { missingParts } from '../support/e2e.ts'
import { deadAddress, launcher, scratchFolder, startCli, startServer } from '../support/e2e-server.ts'
import { kuboOrSkip, startKubo } from '../support/kubo.ts'
import { findNginx, startNginx } from '../support/nginx.ts'
import { makeCertificate } from '../support/odd-proxy.ts'

const nginx = findNginx()
const kubo = kuboOrSkip()
const noNginx = missingParts({ nginx }).length > 0
const token = 'a-token-of-the-test-1234'

let folder: Awaited<ReturnType<typeof scratchFolder>>
beforeAll(async () => {
  folder = await scratchFolder()
})
afterAll(() => folder.remove())

interface Checked {
  readonly code: number
  readonly report: ChecksReport
  /** Of the first result of a check: its status, or its trouble where it has one. */
  of(check: string): string | undefined
}

/** Runs the built command, with what it needs of the environment and nothing else. */
function check(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Checked> {
  const own = { PATH: process.env.PATH, HOME: folder.path, NODE_COMPILE_CACHE: resolve('.cache/compiled'), ...env }
  return new Promise((done, failed) => {
    const all = [launcher, 'check-connectivity', '--json', ...args]
    execFile(process.execPath, all, { env: own, cwd: folder.path }, (error, stdout, stderr) => {
      if (!stdout.startsWith('{')) return failed(new Error(`${args.join(' ')}: ${stderr}`))
      const report = JSON.parse(stdout) as ChecksReport
      const of = (name: string) => {
        const found = report.results.find((result) => result.check === name)
        return found?.trouble ?? found?.status
      }
      done({ code: (error?.code as number | undefined) ?? 0, report, of })
    })
  })
}

const start = async (options: Parameters<typeof startServer>[0] = {}) => {
  const server = await startServer({ sample: true, rateLimit: 600, mediaWorkers: 1, ...options })
  onTestFinished(() => server.stop())
  return server
}

/** The location that docs/security.md tells people to write. */
const documented = /```nginx\n([\s\S]*?)```/.exec(
  readFileSync(resolve(import.meta.dirname, '../../docs/security.md'), 'utf8'),
)![1]!

describe('a server on this machine', () => {
  it('passes every check, and those of security, and its paths stay with it', async () => {
    const cli = startCli(
      [
        'serve',
        '--sample',
        '--json',
        '--port',
        '0',
        '--webrtc-metrics-port',
        '0',
        '--offline',
        '--persistence-path',
        `${folder.path}/repo`,
      ],
      { home: folder.path },
    )
    onTestFinished(async () => {
      cli.kill('SIGINT')
      await cli.exit
    })
    const { url } = await cli.event<{ url: string }>('ready')
    const { code, report, of } = await check(['--server', url, '--all', '--security'])
    expect(report.results.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([])
    expect(code).toBe(0)
    for (const name of ['api', 'websocket', 'metrics', 'webrtc-metrics', 'store', 'disk', 'history', 'rate-limit'])
      expect(of(name), name).toBe('pass')
    expect(JSON.stringify(report)).not.toContain(folder.path)
    // Found by the file that it leaves in its repo.
    expect((await check(['api', '--persistence-path', `${folder.path}/repo`])).report.server).toBe(url)
  })

  it('that is dead is found at once', async () => {
    const beganMs = performance.now()
    const { code, report } = await check(['--server', await deadAddress(), '--offline'])
    expect(code).toBe(3)
    expect(report.outcome).toBe('unreachable')
    expect(performance.now() - beganMs).toBeLessThan(10_000)
  })

  it('with a token tells its side to operators only', async () => {
    const { url } = await start({ authToken: token })
    expect((await check(['--server', url, '--offline'])).code).toBe(4)
    const answer = await fetch(`${url}/api/v0/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ role: 'viewer', expires_in: 2_000_000 }),
    })
    const { token: viewer } = (await answer.json()) as { token: string }
    const asViewer = await check(['--server', url, '--offline', '--token', viewer])
    expect(asViewer.code).toBe(0)
    expect([asViewer.of('history'), asViewer.of('disk')]).toEqual(['skipped', 'skipped'])
    expect(asViewer.of('token')).toBe('narrow')
    const asAdmin = await check(['--server', url, '--all', '--security'], { MCPX_TOKEN: token })
    expect(asAdmin.report.results.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([])
    for (const name of ['history', 'bind', 'token-demand', 'cookies', 'foreign-origin'])
      expect(asAdmin.of(name), name).toBe('pass')
    expect(JSON.stringify(asAdmin.report)).not.toContain(token)
  })
})

describe.skipIf(noNginx)('behind nginx', () => {
  it('as the documentation writes it everything passes', async () => {
    const url = await startNginx(nginx!, {
      // Its address is the origin that the server lets in.
      async location(port) {
        const server = await start({ basePath: '/mcpx', authToken: token, allowedOrigin: [`http://127.0.0.1:${port}`] })
        return documented.replace('http://127.0.0.1:8000', new URL(server.url).origin)
      },
    })
    const { report, of } = await check(['--server', `${url}/mcpx`, '--all', '--security', '--token', token])
    expect(report.results.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([])
    expect(report.results.find((result) => result.check === 'proxy')?.detail).toMatch(/through nginx\/\S+ at \/mcpx/)
    for (const name of ['websocket', 'foreign-host', 'cookies', 'headers']) expect(of(name), name).toBe('pass')
  })

  it('without the upgrade the WebSocket fails, and nginx and the lines to add are named', async () => {
    const server = await start()
    const url = await startNginx(nginx!, {
      location: () => `location / { proxy_pass ${server.url}; proxy_set_header Host $http_host; }`,
    })
    const { code, report, of } = await check(['--server', url])
    expect(code).toBe(1)
    expect(of('websocket')).toBe('no-upgrade')
    expect(of('proxy')).toBe('pass')
    const found = report.results.find((result) => result.check === 'websocket')!
    expect(found.detail).toContain('nginx')
    expect(found.fix).toContain('proxy_set_header Upgrade $http_upgrade;')
  })

  it('that sends a Host of its own, pages may do nothing, and every name is answered', async () => {
    const server = await start()
    const url = await startNginx(nginx!, { location: () => `location / { proxy_pass ${server.url}; }` })
    const { of } = await check(['--server', url, '--security', 'proxy'])
    expect(of('proxy')).toBe('host-not-forwarded')
    expect(of('foreign-host')).toBe('answered')
  })

  it('below a path that the server does not know', async () => {
    const server = await start()
    const url = await startNginx(nginx!, {
      location: () => `location /media/ { proxy_pass ${server.url}/; proxy_set_header Host $http_host; }`,
    })
    const { of } = await check(['--server', `${url}/media`, 'proxy', 'api'])
    expect([of('api'), of('proxy')]).toEqual(['pass', 'base-path'])
  })

  it('with TLS: trusted, untrusted and expired certificates, old versions, and a scheme that is not told', async () => {
    const server = await start({ authToken: token })
    const location = () => `location / { proxy_pass ${server.url}; proxy_set_header Host $http_host; }`
    const certificate = await makeCertificate()
    const trusting = { NODE_EXTRA_CA_CERTS: certificate.certFile }
    const url = await startNginx(nginx!, { location, certificate })
    const trusted = await check(['--server', url, '--token', token, '--security', 'server'], trusting)
    expect(trusted.of('certificate')).toBe('pass')
    expect(trusted.of('proxy')).toBe('scheme-not-forwarded')
    expect(trusted.of('cookies')).toBe('without-tls')
    expect(trusted.of('headers')).toBe('no-hsts')
    const untrusted = await check(['--server', url, '--token', token])
    expect([untrusted.code, untrusted.of('certificate'), untrusted.of('api')]).toEqual([1, 'untrusted', 'skipped'])
    const day = 86_400_000
    const old = await makeCertificate({ from: new Date(Date.now() - 9 * day), until: new Date(Date.now() - day) })
    const expired = await startNginx(nginx!, { location, certificate: old })
    expect((await check(['--server', expired, 'certificate'])).of('certificate')).toBe('expired')
    const lax = await startNginx(nginx!, {
      location,
      certificate: await makeCertificate({ kind: 'rsa' }),
      server: 'ssl_protocols TLSv1.2; ssl_ciphers AES128-SHA:ECDHE+AESGCM:@SECLEVEL=0;',
    })
    expect((await check(['--server', lax, 'tls'])).of('tls')).toBe('weak-cipher')
  })
})

describe.skipIf(!kubo)('a server with Kubo', () => {
  it('knows whether the daemon is up, hangs or is gone', async () => {
    const daemon = await startKubo(kubo!)
    onTestFinished(() => daemon.stop())
    const { url } = await start({ ipfsApi: daemon.api })
    const asked = ['kubo', '--server', url]
    const up = await check(asked)
    expect([up.code, up.of('kubo')]).toEqual([0, 'offline'])
    expect(up.report.results[0]).toMatchObject({ where: 'server', values: { version: expect.stringMatching(/^0\./) } })
    process.kill(daemon.pid, 'SIGSTOP')
    const hanging = await check(asked).finally(() => process.kill(daemon.pid, 'SIGCONT'))
    expect([hanging.code, hanging.of('kubo')]).toEqual([1, 'silent'])
    await daemon.kill()
    const gone = await check(asked)
    expect([gone.code, gone.of('kubo')]).toEqual([1, 'unreachable'])
  })
})
