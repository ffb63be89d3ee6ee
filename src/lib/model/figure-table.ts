// The figures of a stream, each declared once: what it is called, its unit, what is good and what is bad, where it is read from,
// and the metrics that it is written to. History, API, report, terminal, dashboard and metrics are made from this table.
import type { Rates } from './rates.ts'
import type { StatsSnapshot } from './stats.ts'

/** What a figure is read from. */
export interface Measured {
  readonly now: StatsSnapshot
  readonly rates: Rates
  readonly health?: number | undefined
  readonly videoQuality?: number | undefined
}

/** Units as measured, and the unit and factor of reports. */
export const figureUnits = {
  bps: { report: 'kbps', factor: 1 / 1000 },
  ratio: { report: '%', factor: 100 },
  ms: { report: 'ms', factor: 1 },
  s: { report: 's', factor: 1 },
  fps: { report: 'fps', factor: 1 },
  points: { report: '', factor: 1 },
} as const
export type FigureUnit = keyof typeof figureUnits

export interface FigureSpec {
  readonly title: string
  /** For the head of a column. */
  readonly short: string
  /** The same in a terminal, where columns are narrow. */
  readonly terse: string
  readonly unit: FigureUnit
  /** Undefined where nobody measured it. */
  readonly read: (measured: Measured) => number | undefined
  /** Its name in reports and thresholds. */
  readonly report: string
  /** Which way it gets better; absent where neither does. */
  readonly better?: 'less' | 'more'
  /** Beyond the first bound it is worth a look, beyond the second it is bad, as the scores take points off. */
  readonly limits?: readonly [fair: number, bad: number]
  /** A chart reaches at least so far up; `isFixed`: exactly. */
  readonly chart: { readonly top: number; readonly isFixed?: boolean }
  /** Metrics that are written from it alone: a gauge of each connection, a histogram over all, each with its factor. */
  readonly metrics?: {
    readonly connection?: readonly [name: string, factor: number, labels?: Readonly<Record<string, string>>]
    readonly all?: readonly [name: string, factor: number]
  }
}

export const figureTable = {
  bitrateBps: {
    title: 'Bitrate',
    short: 'Bitrate',
    terse: 'RATE',
    unit: 'bps',
    read: ({ rates }) => rates.bitrateBps,
    report: 'bitrate',
    chart: { top: 200_000 },
    metrics: { connection: ['webrtc_bandwidth_kbps', 1 / 1000, { direction: 'outbound' }] },
  },
  lossRatio: {
    title: 'Packet loss',
    short: 'Loss',
    terse: 'LOSS',
    unit: 'ratio',
    read: ({ rates }) => rates.lossRatio,
    report: 'loss',
    better: 'less',
    limits: [0.02, 0.05],
    chart: { top: 0.02 },
    metrics: {
      connection: ['webrtc_packet_loss_percent', 100, { direction: 'outbound' }],
      all: ['mcpx_packet_loss_ratio', 1],
    },
  },
  roundTripMs: {
    title: 'Round trip',
    short: 'RTT',
    terse: 'RTT',
    unit: 'ms',
    read: ({ rates }) => rates.roundTripMs,
    report: 'rtt',
    better: 'less',
    limits: [200, 300],
    chart: { top: 20 },
  },
  jitterMs: {
    title: 'Jitter',
    short: 'Jitter',
    terse: 'JITTER',
    unit: 'ms',
    read: ({ rates }) => rates.jitterMs,
    report: 'jitter',
    better: 'less',
    limits: [50, 100],
    chart: { top: 10 },
  },
  bufferS: {
    title: 'Buffer',
    short: 'Buffer',
    terse: 'BUF',
    unit: 's',
    read: ({ now }) => now.bufferS,
    report: 'buffer',
    chart: { top: 1 },
    metrics: { all: ['mcpx_buffer_seconds', 1] },
  },
  framesPerSecond: {
    title: 'Frame rate',
    short: 'fps',
    terse: 'FPS',
    unit: 'fps',
    read: ({ rates }) => rates.video.framesPerSecond,
    report: 'fps',
    chart: { top: 10 },
  },
  health: {
    title: 'Stream health',
    short: 'Health',
    terse: 'HLTH',
    unit: 'points',
    read: ({ health }) => health,
    report: 'health',
    better: 'more',
    limits: [80, 50],
    chart: { top: 100, isFixed: true },
    metrics: { connection: ['webrtc_stream_health_score', 1], all: ['mcpx_stream_health_score', 1] },
  },
  videoQuality: {
    title: 'Video quality',
    short: 'Video',
    terse: 'VID',
    unit: 'points',
    read: ({ videoQuality }) => videoQuality,
    report: 'quality',
    better: 'more',
    limits: [80, 50],
    chart: { top: 100, isFixed: true },
    metrics: { connection: ['webrtc_video_quality_score', 1], all: ['mcpx_video_quality_score', 1] },
  },
} as const satisfies Record<string, FigureSpec>

export type SampleFigure = keyof typeof figureTable
/** Each is rolled up by the history, charted by the pages and the terminal. */
export const sampleFigures = Object.keys(figureTable) as SampleFigure[]

/** Null where nobody measured it. */
export type SampleFigures = Readonly<Record<SampleFigure, number | null>>

export const figureSpec = (name: SampleFigure): FigureSpec => figureTable[name]

/** Something for each figure, by name. */
export const eachFigure = <T>(make: (spec: FigureSpec, name: SampleFigure) => T): Record<SampleFigure, T> =>
  Object.fromEntries(sampleFigures.map((name) => [name, make(figureTable[name], name)])) as Record<SampleFigure, T>

type Spec = (typeof figureTable)[SampleFigure]
type WithMetrics = Extract<Spec, { readonly metrics: unknown }>['metrics']

interface FigureMetric<Name extends string> {
  readonly figure: SampleFigure
  readonly metric: Name
  readonly factor: number
  /** Besides that of the connection. */
  readonly labels: Readonly<Record<string, string>>
}

const metricsOf = (of: 'connection' | 'all') =>
  sampleFigures.flatMap((figure) => {
    const [metric, factor = 1, labels = {}] = figureSpec(figure).metrics?.[of] ?? []
    return metric === undefined ? [] : [{ figure, metric, factor, labels }]
  })

export const connectionMetrics = metricsOf('connection') as readonly FigureMetric<
  Extract<WithMetrics, { readonly connection: unknown }>['connection'][0]
>[]
export const totalMetrics = metricsOf('all') as readonly FigureMetric<
  Extract<WithMetrics, { readonly all: unknown }>['all'][0]
>[]

export type ReportName = (typeof figureTable)[SampleFigure]['report']

/** `bitrateBps` → `bitrate_bps`, the column of the history. */
export const columnOf = (field: string): string => field.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)

export function toneOfFigure(
  name: SampleFigure,
  value: number | null | undefined,
): 'good' | 'fair' | 'bad' | undefined {
  const { limits, better } = figureSpec(name)
  if (!limits || value === null || value === undefined) return undefined
  const isBeyond = (bound: number) => (better === 'more' ? value < bound : value > bound)
  return isBeyond(limits[1]) ? 'bad' : isBeyond(limits[0]) ? 'fair' : 'good'
}
