// What a load test measured, as data: what `mcpx test-client --json` says, and what table, page and JUnit are made from. Published as
// JSON Schema (docs/load-result.schema.json); the version stands for the fields.
import { z } from 'zod'
import { loadScenarios } from '../model/load-scenario.ts'

export { type LoadScenario, loadScenarios } from '../model/load-scenario.ts'

export const loadResultVersion = 1

export const viewerKinds = ['mcpx', 'chromium', 'firefox'] as const
export type ViewerKind = (typeof viewerKinds)[number]

interface LoadFigureSpec {
  readonly title: string
  readonly unit: 'ms' | '%' | 'kbps' | 'fps' | ''
  readonly better?: 'less' | 'more'
  /** A session that never came so far counts, as one that waits for ever. */
  readonly isWait?: true
}

/** Figures of a session; each has a distribution over the sessions. Names as in reports where both have it. */
export const loadFigureSpecs = {
  startup: { title: 'Time to the first frame', unit: 'ms', better: 'less', isWait: true },
  connect: { title: 'Time to connected', unit: 'ms', better: 'less', isWait: true },
  answer: { title: 'Offer to answer', unit: 'ms', better: 'less', isWait: true },
  ice: { title: 'ICE', unit: 'ms', better: 'less', isWait: true },
  dtls: { title: 'DTLS', unit: 'ms', better: 'less', isWait: true },
  packet: { title: 'Connected to the first packet', unit: 'ms', better: 'less', isWait: true },
  bitrate: { title: 'Bitrate', unit: 'kbps' },
  fps: { title: 'Frame rate', unit: 'fps' },
  frozen: { title: 'Freeze ratio', unit: '%', better: 'less' },
  loss: { title: 'Packet loss before repair', unit: '%', better: 'less' },
  residual: { title: 'Packet loss after repair', unit: '%', better: 'less' },
  rtt: { title: 'Round trip', unit: 'ms', better: 'less' },
  jitter: { title: 'Jitter', unit: 'ms', better: 'less' },
  switches: { title: 'Quality switches', unit: '', better: 'less' },
} as const satisfies Record<string, LoadFigureSpec>
export type LoadFigure = keyof typeof loadFigureSpecs
export const loadFigures = Object.keys(loadFigureSpecs) as [LoadFigure, ...LoadFigure[]]
export const loadFigureSpec = (figure: LoadFigure): LoadFigureSpec => loadFigureSpecs[figure]

const count = z.int().min(0)
const amount = z.number().min(0)
const instant = z.iso.datetime()

const distribution = z
  .strictObject({
    count,
    mean: z.number().nullable(),
    min: z.number().nullable(),
    p50: z.number().nullable(),
    p90: z.number().nullable(),
    p95: z.number().nullable(),
    p99: z.number().nullable(),
    max: z.number().nullable(),
  })
  .describe('Over the sessions, by the nearest rank. null: one that waited for ever has that rank')
  .meta({ id: 'LoadDistribution' })
export type LoadDistribution = Readonly<z.infer<typeof distribution>>

const error = z.strictObject({ code: z.string(), message: z.string() })

const session = z
  .strictObject({
    viewer: count.describe('From 0; a viewer that comes again has several sessions'),
    kind: z.enum(viewerKinds),
    content: z.string(),
    plannedS: amount.describe('When it was to begin, from the begin of the run. Waits are counted from here'),
    endedS: amount,
    outcome: z.enum(['played', 'failed', 'interrupted']),
    error: error.nullable(),
    startupMs: amount.nullable().describe('null here and below: it never came so far'),
    connectMs: amount.nullable(),
    answerMs: amount.nullable(),
    iceMs: amount.nullable(),
    dtlsMs: amount.nullable(),
    firstPacketMs: amount.nullable(),
    watchedS: amount.describe('From the first frame to the end'),
    frames: count,
    framesDropped: count,
    freezes: count,
    frozenS: amount,
    bytes: count,
    packets: count.describe('All that arrived, those that a retransmission brought too'),
    packetsLost: count.describe('Did not come by themselves, repaired or not'),
    packetsRecovered: count.nullable().describe('null: the viewer does not say, and none of them is in `packets`'),
    roundTripMs: amount.nullable().describe('Mean of the samples'),
    jitterMs: amount.nullable(),
    actions: count.describe('Seeks, pauses and changes of quality that it asked for'),
    rungs: z
      .array(z.strictObject({ atS: amount, quality: z.string() }))
      .readonly()
      .describe('What it was sent, from when; seconds from the begin of the run'),
  })
  .meta({ id: 'LoadSession' })
export type LoadSession = Readonly<z.infer<typeof session>>

const moment = z
  .strictObject({
    atS: amount,
    sessions: count.describe('Begun so far'),
    watching: count.describe('That see something now'),
    failed: count.describe('So far'),
    bitrateKbps: amount.describe('All together, over the step'),
    lossRatio: amount.nullable(),
    freezes: count.describe('So far'),
    lagP99Ms: amount.nullable().describe("The tool's own event loops, the worst, over the step"),
  })
  .meta({ id: 'LoadMoment' })
export type LoadMoment = Readonly<z.infer<typeof moment>>

const verdict = z
  .strictObject({
    threshold: z.string(),
    value: z.number().optional().describe('Absent where nobody measured it, or one waited for ever'),
    passed: z.boolean(),
  })
  .meta({ id: 'LoadVerdict' })

const difference = z
  .strictObject({
    before: z.number().nullable().describe('Median of the baseline'),
    now: z.number().nullable(),
    counts: z.tuple([count, count]).readonly(),
    pValue: z.number().nullable().describe('Mann-Whitney U, two-sided; null with too few sessions'),
    adjustedPValue: z.number().nullable().describe('Corrected for the number of figures (Holm); below 0.01 it counts'),
    verdict: z
      .enum(['better', 'worse', 'different', 'within tolerance', 'no difference shown', 'too few sessions'])
      .describe('worse fails the run'),
  })
  .meta({ id: 'LoadDifference' })
export type LoadDifference = Readonly<z.infer<typeof difference>>

export const loadResult = z
  .strictObject({
    version: z.literal(loadResultVersion),
    startedAt: instant,
    endedAt: instant,
    server: z.string().describe('Its address, without a token'),
    outcome: z.enum(['complete', 'aborted', 'interrupted', 'server-gone']),
    plan: z.strictObject({
      scenario: z.enum(loadScenarios),
      seed: z.int(),
      viewers: count,
      browserViewers: count,
      rampS: amount,
      durationS: amount,
      contents: z.array(z.string()).readonly(),
      quality: z.string().nullable(),
      impairment: z.string().nullable().describe('As it was asked for'),
    }),
    tool: z.strictObject({
      trusted: z.boolean().describe('false: the tool itself was too slow, and what it measured may be its own doing'),
      reasons: z.array(z.string()).readonly(),
      loopLagP99Ms: amount.nullable().describe('The worst of its event loops'),
      loopLagMaxMs: amount.nullable(),
      cpuRatio: amount.describe('Cores used'),
      socketDrops: count
        .nullable()
        .describe('Datagrams that the kernel dropped at its sockets; null where it does not say'),
      workers: count,
    }),
    summary: z.strictObject({
      viewers: count,
      sessions: count,
      connected: count,
      failed: count,
      freezes: count,
      frozenS: amount,
      watchedS: amount,
      switches: count,
      errors: z.array(error.extend({ count })).readonly().describe('The most frequent first'),
    }),
    figures: z.partialRecord(z.enum(loadFigures), distribution).describe('Absent where nobody measured it'),
    timeline: z.array(moment).readonly().describe('Every second; of long runs every few'),
    sessions: z.array(session).readonly(),
    sessionsLeftOut: count.describe('More are counted, but not listed'),
    thresholds: z.array(verdict).readonly(),
    comparison: z
      .strictObject({
        baseline: z.strictObject({ file: z.string(), startedAt: instant, trusted: z.boolean() }),
        test: z.literal('Mann-Whitney U'),
        toleranceRatio: amount.describe('A median that moved by less is no worsening'),
        warnings: z.array(z.string()).readonly().describe('Why the two may not be comparable'),
        figures: z.partialRecord(z.enum(loadFigures), difference).describe('Absent where nobody measured it in either'),
      })
      .optional()
      .describe('Of --compare-baseline'),
  })
  .meta({ id: 'LoadResult' })
export type LoadResult = Readonly<z.infer<typeof loadResult>>

export type LoadComparison = NonNullable<LoadResult['comparison']>

/** As JSON Schema (2020-12), for who reads results elsewhere. */
export const loadResultJsonSchema = (): object =>
  z.toJSONSchema(loadResult, {
    override({ jsonSchema }) {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      delete jsonSchema.readOnly
    },
  })
