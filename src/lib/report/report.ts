// The report as data: what JSON says, and what every other form is drawn from. A version stands for its fields.
import type { Distribution } from './statistics.ts'

export const reportVersion = 1

/** The figures that are reported, with their units. */
export const reportFigures = {
  startup: 'ms',
  bitrate: 'kbps',
  loss: '%',
  rtt: 'ms',
  jitter: 'ms',
  buffer: 's',
  fps: 'fps',
  health: '',
  quality: '',
} as const
export type ReportFigure = keyof typeof reportFigures

/** Which way a figure gets better; of those that are not here neither is. */
export const betterWhen: Partial<Record<ReportFigure, 'less' | 'more'>> = {
  startup: 'less',
  loss: 'less',
  rtt: 'less',
  jitter: 'less',
  health: 'more',
  quality: 'more',
}

export interface ReportConnection {
  readonly id: string
  readonly content: string
  readonly startedAt: string
  readonly endedAt: string | null
  readonly codecs: string
  readonly startupMs: number | null
  readonly healthMean: number | null
  readonly qualityMean: number | null
  /** As the viewer said; null where it said nothing. */
  readonly freezes: number | null
  readonly frozenS: number | null
  readonly underruns: number
  readonly closeReason: string | null
  readonly error: string | null
  /** Why the scores were what they were, the most frequent first. */
  readonly reasons: readonly string[]
}

export interface Report {
  readonly version: typeof reportVersion
  readonly generatedAt: string
  readonly from: string
  readonly to: string
  readonly summary: {
    readonly connections: number
    readonly failed: number
    /** Viewers that said what they saw. */
    readonly reporting: number
    readonly watchedS: number
    readonly freezes: number
    readonly frozenS: number
    readonly operations: number
    readonly failedOperations: number
  }
  /** Absent where nobody measured it. */
  readonly figures: Partial<Record<ReportFigure, Distribution>>
  /** Means over equal steps of the period; null where there was nothing. */
  readonly series: readonly (Partial<Record<ReportFigure, number>> & {
    readonly at: string
    readonly viewers: number
  })[]
  /** The worst first, by the mean of their health. */
  readonly connections: readonly ReportConnection[]
  readonly qualitySwitches: readonly {
    readonly at: string
    readonly connection: string
    readonly from: string
    readonly to: string
  }[]
  readonly errors: readonly {
    readonly at: string
    readonly connection: string
    readonly code: string
    readonly message: string
  }[]
  /** Days of history that could not be read. */
  readonly damaged: readonly string[]
}
