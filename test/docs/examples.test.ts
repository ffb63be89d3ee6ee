// The examples run as they stand: each as a program of its own, with real media over real WebRTC.
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { main } from '../../src/cli.ts'
import { createServer } from '../../src/lib/app.ts'
import type { PanelFigures, PanelSeries, PanelTable } from '../../src/lib/protocol/panels.ts'
import { createTestIo } from '../support/test-io.ts'

const root = resolve(import.meta.dirname, '../..')
const hooks = join(root, 'test/support/resolve-mcpx.mjs')
const sampleRung = join(
  root,
  'assets/sample',
  readdirSync(join(root, 'assets/sample')).find((name) => /\.mp4$/.test(name))!,
)

const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** Runs `node examples/<name>`; `said` resolves with all of stdout as soon as that matches. */
function example(name: string, ...args: string[]) {
  const argv = ['--import', hooks, join(root, 'examples', name), ...args]
  const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  const text = { stdout: '', stderr: '' }
  const exit = new Promise<number | null>((done) => {
    child.on('close', (code) => {
      running.delete(child)
      done(code)
    })
  })
  child.stderr.on('data', (data) => {
    text.stderr += data
  })
  const said = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((done, fail) => {
      const look = () => {
        const match = pattern.exec(text.stdout)
        if (match) done(match)
      }
      child.stdout.on('data', look)
      void exit.then((code) => fail(new Error(`${name} ended with ${code}: ${text.stdout}${text.stderr}`)))
      look()
    })
  child.stdout.on('data', (data) => {
    text.stdout += data
  })
  return { exit, said, text, stop: () => child.kill('SIGTERM') }
}

it('every example is named in the list of examples', () => {
  const list = readFileSync(join(root, 'examples/README.md'), 'utf8')
  for (const name of readdirSync(join(root, 'examples'))) if (name !== 'README.md') expect(list).toContain(`(${name})`)
})

describe('serve-from-a-program.ts', () => {
  it('adds a file, says what it is, serves its player and ends with a signal', async () => {
    const { said, stop, exit, text } = example('serve-from-a-program.ts', sampleRung)
    const [, player = ''] = await said(/^player {2}(http:\S+)$/m)
    expect(text.stdout).toMatch(/^mp4, \d+\.\d s, vp9/)
    const page = await fetch(player)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<title>')
    stop()
    expect(await exit, text.stderr).toBe(0)
  })

  it('says what it wants', async () => {
    const { exit, text } = example('serve-from-a-program.ts')
    expect(await exit).toBe(1)
    expect(text.stderr).toContain('name a file')
  })
})

describe('control-a-stream.ts', () => {
  it('opens a stream in a quality, lists and closes it', async () => {
    const server = await createServer({
      port: 0,
      isolation: true,
      offline: true,
      disableWebrtcMetrics: true,
      logLevel: 'error',
      mediaWorkers: 1,
    })
    try {
      const { exit, text } = example('control-a-stream.ts', server.url, await server.engine.sample())
      expect(await exit, text.stderr).toBe(0)
      expect(text.stdout).toMatch(/^waiting for a viewer at http:\S+\/player\/bafy/)
      expect(text.stdout).toMatch(/^[0-9a-f-]{36} {2}connecting {2}low$/m)
      expect(text.stdout).toMatch(/closed\n$/)
      expect(server.engine.list().map(({ state }) => state)).toEqual(['closed'])

      const wrong = example('control-a-stream.ts', server.url, 'nonsense')
      expect(await wrong.exit).toBe(1)
      expect(wrong.text.stderr).toContain('holds no CID')
    } finally {
      await server.stop()
    }
  })
})

describe('watch-stats.ts', () => {
  it('prints what is measured while a viewer watches', async () => {
    const { said, stop, exit, text } = example('watch-stats.ts')
    const [, url = '', cid = ''] = await said(/^player (http:\S+)\/player\/(\w+)$/m)
    const viewer = createTestIo(['stream', cid, '--server', url, '--duration', '3', '--json'])
    expect(await main(viewer), viewer.stderr()).toBe(0)
    await said(/ at [\d.]+ s: [1-9]\d* kbps, loss 0\.0 %, [\d.]+ s ready/)
    await said(/ is closed \(viewer_left\)/)
    stop()
    expect(await exit, text.stderr).toBe(0)
  })
})

describe('monitor.ts', () => {
  it('tells what happens to a connection, and sums it up', async () => {
    const { said, stop, exit, text } = example('monitor.ts')
    const [, url = '', cid = ''] = await said(/^player (http:\S+)\/player\/(\w+)$/m)
    const viewer = createTestIo(['stream', cid, '--server', url, '--duration', '3', '--json'])
    expect(await main(viewer), viewer.stderr()).toBe(0)
    await said(/ ice_state_change \{"from":"\w+","to":"connected"\}/)
    await said(/ health (\d|unknown)/)
    await said(/^close_connection completed$/m)
    stop()
    await said(/^1 connections, [1-9]\d* samples$/m)
    expect(await exit, text.stderr).toBe(0)
  })
})

describe('custom-metrics.ts', () => {
  it('counts what it says where Prometheus reads it', async () => {
    const { said, stop, exit, text } = example('custom-metrics.ts')
    const [, url = '', cid = '', metrics = ''] = await said(/^player (http:\S+)\/player\/(\w+)\nmetrics (http:\S+)$/m)
    const viewer = createTestIo(['stream', cid, '--server', url, '--duration', '1', '--json'])
    expect(await main(viewer), viewer.stderr()).toBe(0)
    const read = await (await fetch(metrics)).text()
    expect(read).toContain('cinema_screenings_total{end="viewer_left"} 1')
    expect(read).toMatch(/^cinema_screening_seconds_count 1$/m)
    expect(read).toContain('mcp_webrtc_streams_count 0')
    stop()
    expect(await exit, text.stderr).toBe(0)
  })
})

describe('dashboard-panel.ts', () => {
  it('adds panels with figures that move, and a route that takes only what fits', async () => {
    const { said, stop, exit, text } = example('dashboard-panel.ts')
    const [, url = '', cid = ''] = await said(/^player {4}(http:\S+)\/player\/(\w+)\ndashboard http:\S+\/dashboard$/m)
    const json = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).json()
    const { panels } = (await json('/api/v0/webrtc/dashboard/panels')) as { panels: { id: string; url: string }[] }
    expect(panels.map(({ id }) => id)).toEqual(['cinema.today', 'cinema.takings', 'cinema.screenings'])
    const put = (price: unknown) =>
      json('/api/v0/plugins/cinema/price', {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ price }),
      })
    expect(await put(7.5)).toEqual({ price: 7.5 })
    for (const wrong of [-1, 'free', 7.3]) expect(await put(wrong)).toMatchObject({ code: 'INVALID_REQUEST' })

    const viewer = createTestIo(['stream', cid, '--server', url, '--duration', '1', '--json'])
    expect(await main(viewer), viewer.stderr()).toBe(0)
    const [today, takings, screenings] = (await Promise.all(panels.map((panel) => json(panel.url)))) as [
      PanelFigures,
      PanelSeries,
      PanelTable,
    ]
    expect(today.figures).toMatchObject([
      { label: 'Seats taken', value: 0 },
      { label: 'A seat costs', value: 7.5 },
      { label: 'Takings', value: 7.5, note: '1 screenings' },
    ])
    expect(takings.series[0]!.points.map(([, value]) => value)).toEqual([0, 7.5])
    expect(screenings.rows).toEqual([[cid, expect.any(Number), 7.5]])
    stop()
    expect(await exit, text.stderr).toBe(0)
  })
})
