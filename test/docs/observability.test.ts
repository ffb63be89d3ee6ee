// What is deployed beside the server speaks of metrics that exist, and has the form that Grafana and Prometheus read.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { webrtcMetrics } from '../../src/lib/protocol/metrics.ts'

const root = resolve(import.meta.dirname, '../..')
const read = (name: string) => readFileSync(join(root, name), 'utf8')
/** The scripts are no part of the typed code. */
const load = async <T>(name: string) => (await import(join(root, 'scripts/observability', name))) as T
const { metricsIn } = await load<{ metricsIn(expression: string): string[] }>('names.mjs')
const { alertNames } = await load<{ alertNames: readonly string[] }>('alerts.mjs')
const { toYaml } = await load<{ toYaml(value: unknown): string }>('yaml.mjs')

// What types cannot say (grafana.test.ts holds the file against Grafana's own): places, orders, names, and that nothing else
// stands in the file than what is used here.
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal(`\${datasource}`) })
const gridPos = z
  .strictObject({
    x: z.int().min(0).max(23),
    y: z.int().min(0),
    w: z.int().min(1).max(24),
    h: z.int().min(1),
  })
  .refine(({ x, w }) => x + w <= 24, 'stands over the right edge')
const thresholds = z.strictObject({
  mode: z.enum(['absolute', 'percentage']),
  steps: z
    .array(z.strictObject({ color: z.string(), value: z.number().nullable() }))
    .min(1)
    .refine(([first]) => first!.value === null, 'the first step is the base')
    .refine((steps) => steps.every(({ value }, at) => at < 2 || value! > steps[at - 1]!.value!), 'steps rise'),
})
const units = ['short', 's', 'ms', 'percent', 'percentunit', 'bytes', 'bps', 'Kbits', 'fps', 'ops', 'reqps']
const reduceOptions = z.strictObject({
  calcs: z.array(z.enum(['lastNotNull', 'mean', 'max', 'min'])).min(1),
  fields: z.string(),
  values: z.boolean(),
})
const common = {
  id: z.int().min(1),
  title: z.string().min(1),
  description: z.string().min(1),
  datasource,
  gridPos,
  fieldConfig: z.strictObject({
    defaults: z.strictObject({
      unit: z.enum(units as [string, ...string[]]),
      min: z.number(),
      max: z.number().optional(),
      color: z.strictObject({ mode: z.enum(['thresholds', 'palette-classic']) }),
      thresholds: thresholds.optional(),
    }),
    overrides: z.array(z.never()),
  }),
  targets: z
    .array(
      z.strictObject({
        refId: z.string().regex(/^[A-Z]$/),
        datasource,
        expr: z.string().min(1),
        legendFormat: z.string().min(1),
        editorMode: z.literal('code'),
        range: z.literal(true),
      }),
    )
    .min(1),
}
const orientation = z.enum(['auto', 'horizontal', 'vertical'])
const panel = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('row'),
    id: z.int().min(1),
    title: z.string().min(1),
    collapsed: z.literal(false),
    gridPos,
    panels: z.array(z.never()),
  }),
  z.strictObject({
    type: z.literal('timeseries'),
    ...common,
    options: z.strictObject({
      legend: z.strictObject({
        displayMode: z.enum(['list', 'table', 'hidden']),
        placement: z.enum(['bottom', 'right']),
        showLegend: z.boolean(),
        calcs: z.array(z.string()),
      }),
      tooltip: z.strictObject({ mode: z.enum(['single', 'multi', 'none']), sort: z.enum(['asc', 'desc', 'none']) }),
    }),
  }),
  z.strictObject({
    type: z.literal('gauge'),
    ...common,
    options: z.strictObject({
      reduceOptions,
      orientation,
      showThresholdLabels: z.boolean(),
      showThresholdMarkers: z.boolean(),
    }),
  }),
  z.strictObject({
    type: z.literal('bargauge'),
    ...common,
    options: z.strictObject({ reduceOptions, orientation, displayMode: z.enum(['basic', 'lcd', 'gradient']) }),
  }),
  z.strictObject({
    type: z.literal('stat'),
    ...common,
    options: z.strictObject({
      reduceOptions,
      orientation,
      colorMode: z.enum(['value', 'background', 'none']),
      graphMode: z.enum(['area', 'line', 'none']),
      textMode: z.enum(['auto', 'value', 'value_and_name', 'name', 'none']),
    }),
  }),
])
const variable = {
  name: z.string().regex(/^\w+$/),
  label: z.string(),
  hide: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  refresh: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  includeAll: z.boolean(),
  multi: z.boolean(),
  options: z.array(z.never()),
}
const interval = z.string().regex(/^\d+[smhd]$/)
const dashboard = z.strictObject({
  id: z.null(),
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.int().min(39),
  version: z.int(),
  editable: z.boolean(),
  graphTooltip: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  timezone: z.enum(['browser', 'utc']),
  refresh: interval,
  time: z.strictObject({ from: z.string().regex(/^now-/), to: z.literal('now') }),
  timepicker: z.strictObject({ refresh_intervals: z.array(interval).optional() }),
  annotations: z.strictObject({ list: z.array(z.never()) }),
  links: z.array(z.never()),
  templating: z.strictObject({
    list: z.array(
      z.discriminatedUnion('type', [
        z.strictObject({
          type: z.literal('datasource'),
          query: z.literal('prometheus'),
          ...variable,
        }),
        z.strictObject({
          type: z.literal('query'),
          datasource,
          query: z.strictObject({ query: z.string(), refId: z.string() }),
          sort: z.int().min(0).max(8),
          current: z.strictObject({ text: z.array(z.string()), value: z.array(z.string()) }),
          ...variable,
        }),
      ]),
    ),
  }),
  panels: z.array(panel),
})

const file = dashboard.parse(JSON.parse(read('deploy/grafana/webrtc_dashboard.json')))
const charts = file.panels.flatMap((one) => (one.type === 'row' ? [] : [one]))
const expressions = charts.flatMap(({ targets }) => targets.map(({ expr }) => expr))

describe('the dashboard', () => {
  it('is the one that the origin had, by its names', () => {
    expect(file).toMatchObject({
      uid: 'webrtc-monitoring',
      title: 'WebRTC Monitoring Dashboard',
      tags: ['webrtc', 'streaming', 'ipfs'],
      refresh: '10s',
      time: { from: 'now-15m' },
    })
    const titles = charts.map(({ title }) => title)
    expect(titles.slice(0, 15)).toEqual([
      'Active Connections',
      'Connections by Server',
      'Stream Health Scores',
      'Average Connection Duration',
      '95th Percentile Latency',
      'Bandwidth Usage',
      'Packet Loss',
      'Frame Rates',
      'Jitter',
      'Buffer Level (Frames)',
      'Buffer Level (Seconds)',
      'Buffer Underruns Rate',
      'Video Quality Score',
      'CPU Usage',
      'Memory Usage',
    ])
    expect(new Set(titles).size).toBe(titles.length)
  })

  it('has an id and a place for each panel', () => {
    expect(new Set(file.panels.map(({ id }) => id)).size).toBe(file.panels.length)
    const cells = new Set<string>()
    for (const { gridPos, title } of file.panels)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.has(`${x} ${y}`), `${title} stands on another panel`).toBe(false)
          cells.add(`${x} ${y}`)
        }
  })

  it.each(expressions)('asks for metrics that exist: %s', (expression) => {
    expect(metricsIn(expression).length).toBeGreaterThan(0)
  })

  it('uses no variable that it does not have', () => {
    const known = new Set(['__rate_interval', ...file.templating.list.map(({ name }) => name)])
    const used = JSON.stringify(file).matchAll(/\$\{?(?!__all)(\w+)/g)
    expect([...used].map((match) => match[1]!).filter((name) => !known.has(name))).toEqual([])
  })

  it('asks no histogram for a series of its name, as the origin did', () => {
    expect(() => metricsIn('avg(webrtc_connection_duration_seconds)')).toThrow('histogram')
    expect(() => metricsIn('sum(webrtc_nonsense)')).toThrow('webrtc_nonsense')
    expect(() => metricsIn('sum(webrtc_jitter_ms_bucket)')).toThrow('webrtc_jitter_ms_bucket')
  })

  it('shows every metric of the viewers and streams, but for those that its others hold', () => {
    const shown = new Set(expressions.flatMap(metricsIn))
    const left = Object.keys(webrtcMetrics).filter((name) => name.startsWith('mcpx_') && !shown.has(name))
    expect(left).toEqual([
      'mcpx_rendition_cache_bytes',
      'mcpx_jitter_seconds',
      'mcpx_latency_seconds',
      'mcpx_buffer_seconds',
      'mcpx_buffer_underruns_total',
      'mcpx_video_quality_score',
      'mcpx_ice_gathering_seconds',
      'mcpx_ice_connection_seconds',
    ])
  })
})

describe('the runbooks', () => {
  const text = read('docs/runbooks.md')
  const sections = text.split(/^## /m).slice(1)

  it('have a section for each alert, and no other', () => {
    expect(sections.map((section) => section.split('\n')[0])).toEqual(alertNames)
  })

  it.each(sections)('say what it means, how to look and what to do', (section) => {
    const parts = ['Means', 'Look', 'Do']
    expect([...section.matchAll(/^\*\*(\w+)\.\*\*/gm)].map((match) => match[1])).toEqual(parts)
  })

  it('are what the alerts point at', () => {
    const urls = [...read('deploy/prometheus/alerts.yml').matchAll(/runbook_url: '([^']+)'/g)].map((match) => match[1])
    expect(urls).toEqual(alertNames.map((name) => `docs/runbooks.md#${name.toLowerCase()}`))
  })

  it('name metrics and panels that exist', () => {
    const metrics = [...text.matchAll(/`((?:mcpx?|webrtc)_\w+)`/g)].map((match) => match[1]!)
    for (const name of metrics) expect(() => metricsIn(name.replace(/_seconds$/, '_seconds_count'))).not.toThrow()
    const titles = charts.map(({ title }) => title.replace(/ \(.*/, ''))
    const panels = [...text.matchAll(/(?<!\*)\*([^*\n]+)\*(?!\*)/g)].map((match) => match[1]!)
    expect(panels.length).toBeGreaterThan(10)
    expect(panels.filter((name) => !titles.includes(name))).toEqual([])
  })
})

it('texts that YAML would read as something else are quoted', () => {
  expect(toYaml({ a: 'up == 0', b: 'yes', c: "it's\n", d: 'plain text', e: [], f: [{ g: 1, h: ['x'] }] })).toBe(
    [
      "a: 'up == 0'",
      "b: 'yes'",
      'c: "it\'s\\n"',
      'd: plain text',
      'e: []',
      'f:',
      '  - g: 1',
      '    h:',
      '      - x',
    ].join('\n'),
  )
})
