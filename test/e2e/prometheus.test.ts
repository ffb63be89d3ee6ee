// A real Prometheus scrapes a server that streams: every expression of the dashboard and of the alerts finds what it asks for.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { McpxServer } from '../../src/lib/app.ts'
import type { Viewer } from '../../src/lib/client/viewer.ts'
import type { StreamRecord } from '../../src/lib/model/stream.ts'
import { missingParts, run, until } from '../support/e2e.ts'
import { openStreams, startServer } from '../support/e2e-server.ts'
import { openHeadless, receives } from '../support/e2e-viewer.ts'
import { type Prometheus, prometheusPath, promtoolPath, startPrometheus } from '../support/prometheus.ts'

const root = resolve(import.meta.dirname, '../..')
const deployed = (name: string) => join(root, 'deploy', name)
const missing = missingParts({ prometheus: prometheusPath, promtool: promtoolPath })

/** As Grafana fills them in. */
const withVariables = (expression: string) =>
  expression.replaceAll('$__rate_interval', '1m').replaceAll('$server_id', '.*')

interface Chart {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}
const { panels } = JSON.parse(readFileSync(deployed('grafana/webrtc_dashboard.json'), 'utf8')) as { panels: Chart[] }
const charts = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, withVariables(expr)] as const),
)

/** Nothing to see of these here, and why. */
const empty = new Map([
  ['Quality Switches', 'nobody switches'],
  ['McpxRequestErrors', 'no request fails'],
])

/** What `promtool check metrics` says, as lines. It ends with 3 where it finds something. */
async function lint(url: string): Promise<string[]> {
  const text = await (await fetch(url)).text()
  const child = spawn(promtoolPath!, ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (bytes) => {
    said += bytes
  })
  child.stdin.end(text)
  const [code] = await once(child, 'close')
  expect([0, 3]).toContain(code)
  return said.split('\n').filter(Boolean)
}

describe.skipIf(missing.length > 0)('Prometheus', () => {
  let server: McpxServer
  let prometheus: Prometheus
  const viewers: Viewer[] = []

  const one = async (expression: string) => (await prometheus.query(expression))[0]?.value

  async function watch(): Promise<Viewer> {
    const viewer = await openHeadless(server, { content: server.sample!.cid })
    viewers.push(viewer)
    await receives(viewer, 30)
    return viewer
  }

  /** Until it has been scraped after now. */
  async function scraped(): Promise<void> {
    const fromS = Date.now() / 1000
    await until('both targets are scraped', async () => {
      const found = await prometheus.query('timestamp(up == 1)')
      return found.length === 2 && found.every(({ value }) => value > fromS)
    })
  }

  /** What alone brings series: each kind of event twice, scraped in between, so that it has a rate. */
  async function haveEvents(crowded: { add(labels: { user: string }): void }, round: number): Promise<void> {
    const viewer = await watch()
    await until('its report has arrived', async () => (await one('mcpx_first_frame_seconds_count')) === round + 1)
    for (let user = 0; user < 600; user++) crowded.add({ user: `${round} ${user}` })
    await server.store.resolve(server.sample!.cid)
    await expect(
      server.store
        .read('bafybeihkoviema7g3gxyt6la7vd5ho32ictqbilu3wnlo3rs7ewhnp7lly', {})
        [Symbol.asyncIterator]()
        .next(),
    ).rejects.toThrow()
    await viewer.close()
    await scraped()
  }

  beforeAll(async () => {
    if (missing.length > 0) return
    server = await startServer({ sample: true, disableWebrtcMetrics: false, webrtcMetricsPort: 0, pollInterval: 0.5 })
    const targets = { mcpx: server.metrics!.mcp!, 'mcpx-webrtc': `${server.metrics!.webrtc!}/metrics` }
    prometheus = await startPrometheus({ targets, ruleFile: deployed('prometheus/alerts.yml') })
    await scraped()
    const crowded = server.customMetrics.counter({ name: 'crowd_total', help: 'Crowded', labels: ['user'] })
    await watch()
    const [{ id }] = openStreams(server) as [StreamRecord]
    await server.engine.command(id, { type: 'loop', loop: true })
    for (const round of [1, 2, 3]) await haveEvents(crowded, round)
  })

  afterAll(async () => {
    await Promise.all(viewers.map((viewer) => viewer.close()))
    await prometheus?.stop()
    await server?.stop()
  })

  /** Resolves once the expression has a value that is a number. */
  const hasData = (what: string, expression: string) =>
    until(`${what} finds data`, async () => {
      const found = await prometheus.query(expression)
      return found.some(({ value }) => Number.isFinite(value))
    })

  it.each(charts)('%s: %s', async (title, expression) => {
    if (empty.has(title)) expect(await prometheus.query(expression)).toEqual([])
    else await hasData(title, expression)
  })

  it('agrees with the server about what is watched', async () => {
    await until('one viewer is left', async () => (await one('sum(webrtc_active_connections)')) === 1)
    expect(await one('sum(webrtc_connections_total)')).toBe(4)
    const [{ id, media }] = openStreams(server) as [StreamRecord]
    const of = `connection_id="${id}"`
    const frameRate = await one(`avg_over_time(webrtc_frame_rate{${of},type="video"}[5s])`)
    expect(Math.abs(frameRate! / media!.rungs[0]!.frameRate! - 1)).toBeLessThan(0.2)
    await until('the bitrate of one is that of all', async () => {
      const own = await one(`webrtc_bandwidth_kbps{${of}} * 1000`)
      return own! > 10_000 && own === (await one('mcpx_bitrate_bps'))
    })
  })

  it('evaluates every alert without an error, and each finds what it asks for', async () => {
    interface Rule {
      readonly name: string
      readonly query: string
      readonly health: string
      readonly lastError?: string
    }
    const rules = await until('every rule has been evaluated', async () => {
      const { groups } = await prometheus.ask<{ groups: { rules: Rule[] }[] }>('rules')
      const found = groups.flatMap(({ rules }) => rules)
      return found.length > 0 && found.every(({ health }) => health !== 'unknown') && found
    })
    for (const { name, query, health, lastError } of rules) {
      expect(health, `${name}: ${lastError}`).toBe('ok')
      const measured = query.replace(/ (>|==) [\d.* ^]+$/, '')
      expect(measured).not.toBe(query)
      if (empty.has(name)) expect(await prometheus.query(measured)).toEqual([])
      else await hasData(name, measured)
    }
    const fires = await until('an alert fires', async () => {
      const found = await prometheus.query('ALERTS{alertstate="firing"}')
      return found.length > 0 && found
    })
    expect(fires.map(({ metric }) => metric.alertname)).toEqual(['McpxCustomSeriesDropped'])
  })

  it('has the checker find nothing but what docs/metrics.md lists', async () => {
    const found = [...(await lint(server.metrics!.mcp!)), ...(await lint(server.metrics!.webrtc!))]
    const names = found.map((line) => line.split(' ')[0]!)
    const listed = /## What promtool says([\s\S]*)/.exec(readFileSync(join(root, 'docs/metrics.md'), 'utf8'))![1]!
    expect([...listed.matchAll(/`((?:mcp|webrtc|mcpx)_\w+)`/g)].map((match) => match[1]!).toSorted()).toEqual(
      names.toSorted(),
    )
  })
})

describe.skipIf(missing.length > 0)('promtool', () => {
  const promtool = (...args: string[]) => run(promtoolPath!, args, { cwd: deployed('prometheus') })

  it('finds the rules and the configuration right', async () => {
    expect((await promtool('check', 'rules', 'alerts.yml')).stdout).toContain('SUCCESS')
    expect((await promtool('check', 'config', 'prometheus.yml')).stdout).toContain('SUCCESS')
  })

  it('sees each alert fire when it should, and be quiet when not', async () => {
    const { stdout } = await promtool('test', 'rules', 'alerts.test.yml')
    expect(stdout).toContain('SUCCESS')
  })
})
