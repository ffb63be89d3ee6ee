// How one stream went, measured at both of its ends. Null where nobody measured it.
import type { Quality } from './quality.ts'

export const benchmarkFormats = ['json', 'html', 'csv'] as const
export type BenchmarkFormat = (typeof benchmarkFormats)[number]

export interface BenchmarkRequest {
  readonly content: string
  readonly durationS: number
  readonly format: BenchmarkFormat
  readonly quality?: Quality
  /** In the folder of reports; `benchmarks` when absent. */
  readonly folder?: string
  /** Who asked. */
  readonly owner: string
  readonly signal: AbortSignal
  /** Called with the id of the stream that is measured. */
  onOpen?(id: string): void
}

export interface BenchmarkAnswer {
  /** Of the connection. */
  readonly id: string
  /** Of the file, below the folder of reports. */
  readonly path: string
  /** By the origin's names. */
  readonly summary: Readonly<Record<string, unknown>>
}

/** Throws INVALID_REQUEST for the folder, RATE_LIMITED, PEER_FAILED, and what opening a stream throws. */
export type RunBenchmark = (request: BenchmarkRequest) => Promise<BenchmarkAnswer>

export interface BenchmarkSample {
  /** Since the benchmark began. */
  readonly timeMs: number
  readonly roundTripMs: number | null
  readonly jitterMs: number | null
  /** 0-1, over the time since the sample before. */
  readonly lossRatio: number | null
  readonly bitrateBps: number
  readonly framesPerSecond: number | null
  readonly width: number | null
  readonly height: number | null
  /** Of the process that serves, viewer included; 1 is a whole core. */
  readonly cpuRatio: number | null
  /** 0-100. */
  readonly videoQuality: number | null
  /** 0-100. */
  readonly health: number | null
}

export interface BenchmarkEvent {
  readonly event: string
  /** Since the benchmark began. */
  readonly timeMs: number
}

export interface BenchmarkRun {
  readonly connectionId: string
  readonly content: string
  readonly startedAtMs: number
  readonly durationMs: number
  readonly iceGatheringMs: number | null
  readonly iceConnectMs: number | null
  readonly dtlsConnectMs: number | null
  readonly firstFrameMs: number | null
  readonly packetsReceived: number
  readonly packetsLost: number
  readonly bytesReceived: number
  readonly framesReceived: number
  readonly keyFramesReceived: number
  readonly freezeCount: number
  readonly freezeMs: number
  readonly videoCodec: string | null
  readonly audioCodec: string | null
  /** Of the server, by type: host, srflx, relay. */
  readonly candidates: Readonly<Record<string, number>>
  readonly samples: readonly BenchmarkSample[]
  /** From the instant at which a frame was due at the server to its last packet at the viewer; sorted. */
  readonly latenciesMs: readonly number[]
  readonly events: readonly BenchmarkEvent[]
}
