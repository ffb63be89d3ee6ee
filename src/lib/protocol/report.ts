// The report as data: what `mcpx report --format json` says, and what every other form is drawn from. Published as JSON Schema
// (docs/report.schema.json); the version stands for the fields.
import { z } from 'zod'
import {
  type FigureUnit,
  figureSpec,
  figureTable,
  figureUnits,
  type ReportName,
  sampleFigures,
} from '../model/figure-table.ts'

export const reportVersion = 1
export const comparisonVersion = 1

export type ReportFigure = 'startup' | ReportName

interface ReportSpec {
  readonly title: string
  readonly unit: (typeof figureUnits)[FigureUnit]['report']
  readonly better?: 'less' | 'more'
}

const ofTable = sampleFigures.map((name) => {
  const { title, unit, report, better } = figureSpec(name)
  return [report, { title, unit: figureUnits[unit].report, ...(better && { better }) }]
})

/** The figures that are reported: what the viewer says once, and those of the table. */
export const reportSpecs = {
  startup: { title: 'Time to the first frame', unit: 'ms', better: 'less' },
  ...Object.fromEntries(ofTable),
} as Readonly<Record<ReportFigure, ReportSpec>>

/** Those with a value at every moment. */
export const chartedFigures = sampleFigures.map((name) => figureTable[name].report)
export const reportUnit = (figure: ReportFigure): ReportSpec['unit'] => reportSpecs[figure].unit

const count = z.int().min(0)
const instant = z.iso.datetime()
export const reportFigures = Object.keys(reportSpecs) as [ReportFigure, ...ReportFigure[]]
const inUnits = Object.entries(reportSpecs)
  .map(([figure, { unit }]) => `${figure} in ${unit || 'points, 0 to 100'}`)
  .join(', ')

const distribution = z
  .strictObject({
    count,
    mean: z.number(),
    min: z.number(),
    p50: z.number(),
    p90: z.number(),
    p95: z.number(),
    p99: z.number(),
    max: z.number(),
  })
  .describe('Percentiles are the nearest rank: values that were measured')
  .meta({ id: 'Distribution' })

const connection = z
  .strictObject({
    id: z.string(),
    content: z.string().describe('CID, and the path in it'),
    startedAt: instant,
    endedAt: instant.nullable(),
    codecs: z.string().describe('Comma separated'),
    startupMs: z.number().nullable().describe('From the request to the first frame, as the viewer said'),
    healthMean: z.number().nullable(),
    qualityMean: z.number().nullable(),
    freezes: count.nullable().describe('As the viewer said; null where it said nothing'),
    frozenS: z.number().nullable(),
    underruns: count,
    closeReason: z.string().nullable(),
    error: z.string().nullable(),
    reasons: z.array(z.string()).readonly().describe('Why the scores were what they were, the most frequent first'),
  })
  .meta({ id: 'Connection' })
export type ReportConnection = Readonly<z.infer<typeof connection>>

const happened = { at: instant, connection: z.string() }

const numberOfEach = Object.fromEntries(reportFigures.map((figure) => [figure, z.number().optional()])) as Record<
  ReportFigure,
  z.ZodOptional<z.ZodNumber>
>

const report = z
  .strictObject({
    version: z.literal(reportVersion),
    generatedAt: instant,
    from: instant,
    to: instant,
    summary: z.strictObject({
      connections: count,
      failed: count,
      reporting: count.describe('Viewers that said what they saw'),
      watchedS: z.number(),
      freezes: count,
      frozenS: z.number(),
      operations: count,
      failedOperations: count,
    }),
    figures: z
      .partialRecord(z.enum(reportFigures), distribution)
      .describe(`${inUnits}. Absent where nobody measured it`),
    series: z
      .array(z.strictObject({ at: instant, viewers: count, ...numberOfEach }))
      .readonly()
      .describe('Means over equal steps of the period; absent where nobody measured'),
    connections: z.array(connection).readonly().describe('The worst first, by the mean of their health'),
    qualitySwitches: z
      .array(
        z.strictObject({
          ...happened,
          from: z.string(),
          to: z.string(),
          why: z.string().nullable().describe('viewer: it asked itself. request: somebody asked the server'),
          known: z.strictObject(numberOfEach).describe('What was measured last before'),
        }),
      )
      .readonly(),
    errors: z.array(z.strictObject({ ...happened, code: z.string(), message: z.string() })).readonly(),
    damaged: z.array(z.string()).readonly().describe('Days of history that could not be read'),
  })
  .meta({ id: 'Report' })
export type Report = Readonly<z.infer<typeof report>>

const difference = z
  .strictObject({
    a: z.number().nullable().describe('Mean over the connections of the first period'),
    b: z.number().nullable(),
    difference: z.number().nullable().describe('b less a, in the unit of the figure'),
    low: z
      .number()
      .nullable()
      .describe('From here to high it lies with 95 % confidence; null with too few connections'),
    high: z.number().nullable(),
    counts: z.tuple([count, count]).readonly().describe('Connections that have the figure'),
    verdict: z.enum(['better', 'worse', 'different', 'no difference shown', 'too few connections']),
  })
  .meta({ id: 'Difference' })
export type Difference = Readonly<z.infer<typeof difference>>

const comparison = z.strictObject({
  version: z.literal(comparisonVersion),
  a: report,
  b: report,
  differences: z.partialRecord(z.enum(reportFigures), difference).describe('Absent where nobody measured it in either'),
})
export type Comparison = Readonly<z.infer<typeof comparison>>

const verdict = z
  .strictObject({
    threshold: z.string(),
    value: z.number().optional().describe('Absent where nobody measured it: then it has failed'),
    passed: z.boolean(),
  })
  .meta({ id: 'Verdict' })
export type Verdict = Readonly<z.infer<typeof verdict>>

const withThresholds = { thresholds: z.array(verdict).readonly().optional().describe('Of --threshold') }

/** What `mcpx report --format json` writes; the second of the two with --compare. */
export const reportOutput = z.union([report.extend(withThresholds), comparison.extend(withThresholds)])

/** As JSON Schema (2020-12), for who reads reports elsewhere. */
export const reportJsonSchema = (): object =>
  z.toJSONSchema(reportOutput, {
    override({ jsonSchema }) {
      // The format says it; readOnly is meant for forms.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      delete jsonSchema.readOnly
    },
  })
