// The configuration file as an operator uses it: reports, dashboard and logs appear while somebody watches, and SIGHUP changes it all.
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Viewer } from '../../src/lib/client/viewer.ts'
import { until } from '../support/e2e.ts'
import { type Cli, runCli, scratchFolder, startCli } from '../support/e2e-server.ts'
import { openHeadless, receives } from '../support/e2e-viewer.ts'

interface Ready {
  readonly url: string
  readonly webrtcMetrics: string
  readonly sample: { readonly cid: string }
}

describe('mcpx serve --webrtc-config-path', () => {
  let home: string
  let remove: () => Promise<void>
  let server: Cli
  let ready: Ready
  let viewer: Viewer
  const at = (...parts: string[]) => join(home, ...parts)
  const configure = (config: object) => writeFile(at('monitor.json'), JSON.stringify(config))
  const list = (...parts: string[]): string[] => {
    try {
      return readdirSync(at(...parts)).sort()
    } catch {
      return []
    }
  }
  const reports = (ending: string) => list('reports').filter((name) => name.endsWith(ending))
  const refusal = () =>
    server
      .stderr()
      .split('\n')
      .find((line) => line.includes('the configuration was refused'))
  const config = {
    metrics: { collect_frame_stats: false },
    visualization: { dashboard_update_interval: 2, live_update: true, max_history_points: 30 },
    reporting: { interval: 2, formats: ['json', 'html', 'csv'] },
  }

  beforeAll(async () => {
    const scratch = await scratchFolder()
    home = scratch.path
    remove = scratch.remove
    await configure(config)
    const files = ['--webrtc-config-path', at('monitor.json'), '--report-path', at('reports'), '--log-dir', at('logs')]
    const quiet = ['--json', '--port', '0', '--offline', '--webrtc-metrics-port', '0', '--poll-interval', '0.5']
    server = startCli(['serve', '--sample', ...quiet, ...files, '--persistence-path', at('repo')], { home })
    ready = await server.event<Ready>('ready')
    viewer = await openHeadless(ready, { content: ready.sample.cid })
    await receives(viewer, 30)
  })
  afterAll(async () => {
    await viewer?.close()
    server?.kill('SIGINT')
    await server?.exit
    await remove?.()
  })

  it('writes reports, their raw data and a dashboard while somebody watches', async () => {
    const endings = ['.csv', '.html', '.json', '.samples.jsonl', '.samples.parquet']
    const name = await until('a whole report with samples', () =>
      reports('.samples.parquet')
        .map((one) => one.split('.')[0]!)
        .find((one) => endings.every((ending) => list('reports').includes(one + ending))),
    )
    const report = JSON.parse(readFileSync(at('reports', `${name}.json`), 'utf8'))
    expect(report).toMatchObject({ version: 1, summary: { connections: 1, failed: 0 } })
    expect(Date.parse(report.to) - Date.parse(report.from)).toBeLessThan(15_000)
    const html = await until('the dashboard with the stream', () => {
      const text = readFileSync(at('reports/visualizations/dashboard.html'), 'utf8')
      return text.includes(ready.sample.cid) && text
    })
    expect(html).toContain('<meta http-equiv="refresh" content="2">')
    expect(html).toContain('<svg')
  })

  it('leaves out the metrics that are switched off', async () => {
    const text = await (await fetch(ready.webrtcMetrics)).text()
    expect(text).not.toContain('webrtc_frames_sent_total')
    expect(text).toContain('webrtc_bandwidth_kbps{')
  })

  it('refuses a file that is not valid by name, and goes on as before', async () => {
    await configure({ ...config, reporting: { interval: 0, formts: [] } })
    server.kill('SIGHUP')
    const line = await until('the refusal', refusal)
    expect(JSON.parse(line)).toMatchObject({
      level: 'error',
      code: 'INVALID_CONFIG',
      error: expect.stringMatching(
        /reporting\.interval: 0 is not a number from 1 to 86400; reporting\.formts is unknown$/,
      ),
    })
    const before = reports('.json').length
    await until('further reports', () => reports('.json').length > before)
  })

  it('takes another file on SIGHUP without dropping the viewer', async () => {
    await configure({
      visualization: { enabled: false },
      reporting: { interval: 1, formats: ['csv'], save_raw_data: false },
    })
    const before = viewer.snapshot().framesReceived
    server.kill('SIGHUP')
    await until('it is read', () => server.stderr().includes('the configuration was read again'))
    await until('a report of CSV alone', () => {
      const last = list('reports').findLast((name) => name.startsWith('report_'))
      const ofLast = list('reports').filter((name) => name.startsWith(last!.split('.')[0]!))
      return ofLast.length === 1 && last!.endsWith('.csv')
    })
    expect(await (await fetch(ready.webrtcMetrics)).text()).toContain('webrtc_frames_sent_total')
    await receives(viewer, 30)
    expect(viewer.snapshot().framesReceived).toBeGreaterThan(before)
    const { connections } = (await (await fetch(`${ready.url}/api/v0/webrtc/connections`)).json()) as {
      connections: { status: string }[]
    }
    expect(connections.map(({ status }) => status)).toEqual(['active'])
  })

  it('keeps a file of each connection and operation that is over, and both logs', async () => {
    await viewer.close()
    const [name] = await until('the connection is on file', () => {
      const names = list('logs/connections').filter((one) => one.endsWith('.json'))
      return names.length > 0 && names
    })
    expect(name).toMatch(/^\d{8}_\d{6}_[0-9a-f-]{36}\.json$/)
    expect(JSON.parse(readFileSync(at('logs/connections', name!), 'utf8'))).toMatchObject({
      content: ready.sample.cid,
      close_reason: 'viewer_left',
      stats: { connectionState: expect.any(String) },
    })
    expect(list('logs/operations').some((one) => /^\d{8}_\d{6}_accept_offer_[0-9a-f-]+\.json$/.test(one))).toBe(true)
    expect(readFileSync(at('logs/webrtc_monitor.log'), 'utf8')).toContain('stream closed')
    expect(readFileSync(at('logs/enhanced_mcp_server.log'), 'utf8')).toContain('the configuration was read again')
  })

  it('does not start with a file that is not valid, and writes nothing where nobody asked', async () => {
    await writeFile(at('bad.json'), '{"metrics":{"collect_everything":true}}')
    const common = ['serve', '--port', '0', '--offline', '--disable-webrtc-metrics', '--isolation']
    const refused = await runCli([...common, '--webrtc-config-path', at('bad.json')], { home })
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('bad.json: metrics.collect_everything is unknown')
    expect(list()).not.toContain('webrtc_reports')
  })
})
