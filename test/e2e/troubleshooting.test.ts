// Every case of docs/troubleshooting.md that is about what is measured, as it comes about, and what the program says then.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import { errorKinds } from '../../src/lib/base/errors.ts'
import { createLogger } from '../../src/lib/base/logger.ts'
import { until } from '../support/e2e.ts'
import { scratchFolder, startServer } from '../support/e2e-server.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8')
const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
  heading!
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-'),
)

/** The heading that a message sends its reader to; fails where there is none of that name. */
function headingOf(message: string): string {
  const anchor = /See docs\/troubleshooting\.md#([\w-]+)/.exec(message)?.[1]
  expect(anchors).toContain(anchor)
  return anchor!
}

describe('what the program says leads to its case', () => {
  let server: McpxServer | undefined
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  const lines: string[] = []

  beforeAll(async () => {
    scratch = await scratchFolder()
  })
  afterEach(async () => {
    await server?.stop()
    server = undefined
    lines.length = 0
  })
  afterAll(() => scratch?.remove())

  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${server!.url}${path}`, init)
    return { status: response.status, body: (await response.json()) as { code: string; error: string; hint: string } }
  }

  it('metrics do not appear in Prometheus: another program has the port', async () => {
    const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await new Promise((done) => other.once('listening', done))
    const { port } = other.address() as { port: number }
    try {
      server = await startServer({ disableWebrtcMetrics: false, webrtcMetricsPort: port })
      const warning = server.warnings.find((one) => one.includes(String(port)))!
      expect(headingOf(warning)).toBe('metrics-do-not-appear-in-prometheus')
      await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow()
      expect(await (await fetch(`${server.metrics!.webrtc}/metrics`)).text()).toContain('webrtc_active_connections')
    } finally {
      other.close()
    }
  })

  it('metrics do not appear in Prometheus: it has no token', async () => {
    const token = 'a-token-that-is-long-enough'
    server = await startServer({ disableWebrtcMetrics: false, webrtcMetricsPort: 0, authToken: token })
    const target = `${server.metrics!.webrtc}/metrics`
    expect((await fetch(target)).status).toBe(401)
    expect((await fetch(target, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
  })

  it('no reports or dashboards are written: the monitor is off, or the folder is none', async () => {
    server = await startServer({ disableWebrtcMonitor: true, reportPath: join(scratch.path, 'reports') })
    expect(server.warnings.map(headingOf)).toEqual(['no-reports-or-dashboards-are-written'])
    await server.stop()
    const file = join(scratch.path, 'file')
    writeFileSync(file, '')
    server = await startServer(
      { reportPath: join(file, 'reports'), visualizationInterval: 1 },
      { logger: createLogger({ level: 'info', write: (line) => lines.push(line) }) },
    )
    const said = await until('the log says so', () => lines.find((line) => line.includes('dashboard is not written')), {
      timeoutMs: 10_000,
    })
    expect(headingOf(said as string)).toBe('no-reports-or-dashboards-are-written')
  })

  it('no connections are listed, and the dashboard says that the monitor is off', async () => {
    server = await startServer({ disableWebrtcMonitor: true })
    for (const path of [
      '/api/v0/webrtc/live',
      '/api/v0/webrtc/summary',
      '/webrtc/monitor/connections',
      '/api/v0/mcp/webrtc/connections',
    ]) {
      const { status, body } = await ask(path)
      expect([path, status, body.code]).toEqual([path, 404, 'MONITOR_OFF'])
      expect(headingOf(body.hint)).toBe('the-dashboard-says-that-the-monitor-is-off')
    }
  })

  it('a stream cannot be opened: the operation says why, with the id of the request', async () => {
    server = await startServer({})
    const nobodyHasIt = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
    const { body } = await ask('/api/v0/webrtc/stream', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'why-does-it-not-open' },
      body: JSON.stringify({ cid: nobodyHasIt }),
    })
    const { operations } = (await ask('/api/v0/webrtc/operations')).body as unknown as { operations: object[] }
    expect(operations[0]).toMatchObject({ status: 'failed', correlation_id: 'why-does-it-not-open' })
    expect(JSON.stringify(operations[0])).toContain(body.error)
    const { dependencies } = (await ask('/api/v0/mcp/webrtc/check')).body as unknown as { dependencies: object }
    expect(dependencies).toHaveProperty('node-av')
    expect(headingOf(errorKinds.ENCODER_MISSING.hint)).toBe('a-stream-cannot-be-opened-closed-or-changed')
    expect(headingOf(errorKinds.PEER_FAILED.hint)).toBe('it-does-not-play')
  })

  it('the server uses much CPU: it measures very often', async () => {
    server = await startServer({ pollInterval: 0.1 })
    expect(server.warnings.map(headingOf)).toEqual(['the-server-uses-much-cpu'])
  })
})
