// The form of reports: what is one, what is none, and that the JSON Schema says the same.
import { describe, expect, it } from 'vitest'
import { figureSpec, figureUnits, sampleFigures } from '../../../src/lib/model/figure-table.ts'
import {
  chartedFigures,
  comparisonVersion,
  type Report,
  reportFigures,
  reportJsonSchema,
  reportOutput,
  reportSpecs,
  reportUnit,
  reportVersion,
} from '../../../src/lib/protocol/report.ts'

const at = '2026-05-04T12:00:00.000Z'
const distribution = { count: 3, mean: 2, min: 1, p50: 2, p90: 3, p95: 3, p99: 3, max: 3 }
const report: Report = {
  version: reportVersion,
  generatedAt: at,
  from: at,
  to: at,
  summary: {
    connections: 1,
    failed: 0,
    reporting: 1,
    watchedS: 60.5,
    freezes: 0,
    frozenS: 0,
    operations: 2,
    failedOperations: 0,
  },
  figures: { startup: distribution, health: distribution },
  series: [{ at, viewers: 1, health: 80.5 }],
  connections: [
    {
      id: 'a',
      content: 'bafy/clip.mp4',
      startedAt: at,
      endedAt: null,
      codecs: 'vp9,opus',
      startupMs: 310,
      healthMean: null,
      qualityMean: 80.5,
      freezes: null,
      frozenS: null,
      underruns: 0,
      closeReason: null,
      error: null,
      reasons: ['loss 3.1 %'],
    },
  ],
  qualitySwitches: [{ at, connection: 'a', from: 'low', to: 'high', why: 'viewer', known: { rtt: 20 } }],
  errors: [{ at, connection: 'a', code: 'PEER_FAILED', message: 'x' }],
  damaged: [],
}
const difference = { a: 1, b: 2, difference: 1, low: null, high: null, counts: [1, 1], verdict: 'too few connections' }
const comparison = { version: comparisonVersion, a: report, b: report, differences: { health: difference } }
const verdict = { threshold: 'health>80', value: 80.5, passed: true }

type Change = (one: typeof report) => object
const without =
  (field: keyof Report): Change =>
  ({ [field]: _, ...rest }) =>
    rest

describe('a report', () => {
  it('is one, alone, compared and with thresholds', () => {
    for (const whole of [report, comparison]) {
      expect(reportOutput.parse(whole)).toEqual(whole)
      const judged = { ...whole, thresholds: [verdict, { threshold: 'rtt<5', passed: false }] }
      expect(reportOutput.parse(judged)).toEqual(judged)
    }
  })

  it.each<[string, Change]>([
    ['of another version', (one) => ({ ...one, version: reportVersion + 1 })],
    ['with a field that there is not', (one) => ({ ...one, extra: 1 })],
    ['without its series', without('series')],
    ['without what was damaged', without('damaged')],
    ['with a moment that is none', (one) => ({ ...one, from: 'yesterday' })],
    ['with a local time', (one) => ({ ...one, from: '2026-05-04T12:00:00' })],
    ['with half a connection', (one) => ({ ...one, summary: { ...one.summary, connections: 0.5 } })],
    ['with less than nothing', (one) => ({ ...one, summary: { ...one.summary, freezes: -1 } })],
    ['with a figure of another name', (one) => ({ ...one, figures: { bitrateBps: distribution } })],
    ['with a distribution in part', (one) => ({ ...one, figures: { rtt: { count: 1, mean: 1 } } })],
    ['with what is no number', (one) => ({ ...one, figures: { rtt: { ...distribution, mean: Number.NaN } } })],
    ['with a series of something else', (one) => ({ ...one, series: [{ at, viewers: 1, mood: 7 }] })],
    [
      'with 0 for what nobody said, as text',
      (one) => ({ ...one, connections: [{ ...one.connections[0], freezes: '0' }] }),
    ],
    ['with a verdict of no word', () => ({ ...comparison, differences: { rtt: { ...difference, verdict: 'good' } } })],
    ['compared with nothing', () => ({ ...comparison, b: undefined })],
  ])('is none %s', (_what, change) => {
    expect(reportOutput.safeParse(change(report)).success).toBe(false)
  })
})

it('a summary counts in whole numbers, but for time', () => {
  for (const [field, value] of Object.entries(report.summary)) {
    const half = { ...report, summary: { ...report.summary, [field]: value + 0.25 } }
    expect(reportOutput.safeParse(half).success, field).toBe(field.endsWith('S'))
  }
})

describe('the figures of a report', () => {
  it('are those of the table in the units of reports, and the time to the first frame', () => {
    expect(reportFigures).toEqual(['startup', ...chartedFigures])
    for (const name of sampleFigures) {
      const { title, unit, report: figure, better } = figureSpec(name)
      expect(reportSpecs[figure as keyof typeof reportSpecs]).toEqual({
        title,
        unit: figureUnits[unit].report,
        ...(better && { better }),
      })
    }
    expect(['startup', 'bitrate', 'loss', 'health'].map((one) => reportUnit(one as 'startup'))).toEqual([
      'ms',
      'kbps',
      '%',
      '',
    ])
  })
})

describe('the JSON Schema', () => {
  interface Node {
    readonly anyOf?: Node[]
    readonly $ref?: string
    readonly properties?: Record<string, Node>
    readonly required?: string[]
    readonly additionalProperties?: boolean
    readonly format?: string
    readonly pattern?: string
    readonly items?: Node
    readonly $defs?: Record<string, Node>
  }
  const schema = reportJsonSchema() as Node
  const all = (node: unknown): Node[] =>
    typeof node === 'object' && node !== null ? [node as Node, ...Object.values(node).flatMap(all)] : []

  it('asks for the same fields as the code, and for no others', () => {
    const [alone, compared] = schema.anyOf!
    expect(Object.keys(alone!.properties!).toSorted()).toEqual([...Object.keys(report), 'thresholds'].toSorted())
    expect(alone!.required!.toSorted()).toEqual(Object.keys(report).toSorted())
    expect(compared!.required!.toSorted()).toEqual(Object.keys(comparison).toSorted())
    for (const node of [alone!, compared!, schema.$defs!.Connection!]) expect(node.additionalProperties).toBe(false)
    expect(schema.$defs!.Connection!.required!.toSorted()).toEqual(Object.keys(report.connections[0]!).toSorted())
  })

  it('leads to definitions that there are, and says moments by their format alone', () => {
    const nodes = all(schema)
    const refs = nodes.flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref.replace('#/$defs/', '')] : []))
    expect(refs.length).toBeGreaterThan(3)
    for (const name of refs) expect(schema.$defs).toHaveProperty(name)
    const moments = nodes.filter(({ format }) => format === 'date-time')
    expect(moments.length).toBeGreaterThan(3)
    for (const { pattern } of moments) expect(pattern).toBeUndefined()
    expect(JSON.stringify(schema)).not.toContain('readOnly')
  })
})
