// How well a stream goes, measured for a while at both of its ends: a sample every half second, the delay of every frame.
import { type Clock, every, type Timer } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import type { BenchmarkEvent, BenchmarkRun, BenchmarkSample } from '../model/benchmark.ts'
import type { MeasuredSnapshot } from '../model/figures.ts'
import { clockRateOf } from '../model/track.ts'
import { rtpDistance } from '../protocol/control.ts'
import type { SenderClock } from './recording-timeline.ts'
import { type Over, untilOver } from './until.ts'
import type { Viewer, ViewerSnapshot } from './viewer.ts'

const sampleMs = 500
/** An hour of video: more are not kept. */
const maxLatencies = 108_000

export interface MeasureOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Counted from the first frame. */
  readonly durationS: number
  readonly connectTimeoutS?: number
  /** What the server knows of the stream. */
  stats(): Promise<MeasuredSnapshot>
  /** CPU seconds that the serving process has used; absent where it is another one. */
  cpuS?(): number
}

/** What only who opened the stream knows. */
export type Opened = Pick<BenchmarkRun, 'connectionId' | 'content' | 'candidates'>

/** Resolves when the time is over, or the stream; throws what ended it otherwise. The viewer is not closed. */
export async function measure(viewer: Viewer, opened: Opened, options: MeasureOptions): Promise<BenchmarkRun> {
  const { clock, signal } = options
  const startedAtMs = clock.wallMs()
  const beganMs = clock.now()
  const events: BenchmarkEvent[] = []
  const note = (event: string) => events.push({ event, timeMs: clock.now() - beganMs })
  const latency = followLatency(viewer, clock)
  const sampler = createSampler(viewer, options, () => clock.now() - beganMs)
  note('opened')
  let sampling: Timer | undefined
  try {
    const end = await untilOver(viewer, {
      ...options,
      onFirstFrame() {
        note('first_frame')
        sampling = every(clock, sampleMs, () => void sampler.take())
      },
    })
    signal.throwIfAborted()
    if (!sampling) throw new McpxError('PEER_FAILED', `the stream was over before anything arrived (${reasonOf(end)})`)
    if (end.reason !== 'duration') note(end.reason)
    const durationMs = clock.now() - beganMs
    return { ...opened, ...sampler.result(), startedAtMs, durationMs, events, latenciesMs: latency.sorted() }
  } finally {
    sampling?.cancel()
    latency.stop()
  }
}

const reasonOf = (end: Over): string => ('detail' in end && end.detail) || end.reason

/** Sender reports tie the frames' timestamps to the sender's clock, which here is the viewer's too. */
function followLatency(viewer: Viewer, clock: Clock) {
  const latenciesMs: number[] = []
  let report: SenderClock | undefined
  const ends = [
    viewer.events.on('report', (next) => {
      if (next.kind === 'video' || report?.kind !== 'video') report = next
    }),
    viewer.events.on('frame', ({ kind, timestamp }) => {
      if (kind !== report?.kind || latenciesMs.length >= maxLatencies) return
      const dueMs = report.wallMs + (rtpDistance(timestamp, report.rtpTimestamp) * 1000) / clockRateOf(kind)
      latenciesMs.push(Math.max(0, clock.wallMs() - dueMs))
    }),
  ]
  return {
    sorted: () => latenciesMs.toSorted((a, b) => a - b),
    stop() {
      for (const end of ends) end()
    },
  }
}

function createSampler(viewer: Viewer, { stats, cpuS }: MeasureOptions, sinceMs: () => number) {
  const samples: BenchmarkSample[] = []
  let before: { readonly seen: ViewerSnapshot; readonly cpuS: number } | undefined
  let last: MeasuredSnapshot | undefined

  function sizeOf({ rung }: MeasuredSnapshot) {
    const { media } = viewer
    const track = media?.tracks.find(({ kind }) => kind === 'video')
    const { width, height } = (rung === undefined ? undefined : media?.rungs[rung]) ?? track ?? {}
    return { width: width ?? null, height: height ?? null }
  }

  return {
    async take(): Promise<void> {
      const timeMs = sinceMs()
      const seen = viewer.snapshot(before?.seen)
      const now = { seen, cpuS: cpuS?.() ?? 0 }
      const elapsedS = before ? seen.ageS - before.seen.ageS : 0
      const frames = seen.framesReceived - (before?.seen.framesReceived ?? 0)
      const cpu = now.cpuS - (before?.cpuS ?? 0)
      before = now
      // The stream may end between two samples.
      const snapshot = await stats().catch(() => undefined)
      if (!snapshot) return
      last = snapshot
      const { roundTripMs, jitterMs, health, videoQuality } = snapshot.figures
      samples.push({
        timeMs,
        roundTripMs,
        jitterMs,
        lossRatio: seen.packetsReceived > 0 ? seen.lossRatio : null,
        bitrateBps: seen.bitrateBps,
        framesPerSecond: elapsedS > 0 && snapshot.video ? frames / elapsedS : null,
        ...sizeOf(snapshot),
        cpuRatio: cpuS && elapsedS > 0 ? cpu / elapsedS : null,
        videoQuality,
        health,
      })
    },
    result() {
      const seen = viewer.snapshot()
      const codecOf = (kind: string) => viewer.sent.find((track) => track.kind === kind)?.codec ?? null
      return {
        samples,
        iceGatheringMs: last?.iceGatheringMs ?? null,
        iceConnectMs: last?.iceConnectMs ?? null,
        dtlsConnectMs: last?.dtlsConnectMs ?? null,
        firstFrameMs: seen.firstFrameMs ?? null,
        packetsReceived: seen.packetsReceived,
        packetsLost: seen.packetsLost,
        bytesReceived: seen.bytesReceived,
        framesReceived: seen.framesReceived,
        keyFramesReceived: seen.keyFramesReceived,
        freezeCount: seen.freezeCount,
        freezeMs: seen.totalFreezesDurationS * 1000,
        videoCodec: codecOf('video'),
        audioCodec: codecOf('audio'),
      }
    },
  }
}
