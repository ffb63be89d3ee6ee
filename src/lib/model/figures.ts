// A snapshot beside the one before: figures and scores, once for every surface. History, API, dashboard, terminal, report and
// decisions read the same ones.
import { eachFigure, type SampleFigures } from './figure-table.ts'
import { type Rates, ratesOf } from './rates.ts'
import { type Score, streamHealth, videoQuality } from './score.ts'
import type { OutboundStats, StatsSnapshot, TimedReport } from './stats.ts'

export interface MeasuredOutbound extends OutboundStats {
  /** 0-1, of all that the viewer expected since the snapshot before. */
  readonly lossRatio?: number
  /** Sent since the snapshot before. */
  readonly framesPerSecond?: number
}

/** A report of the viewer, and what changed since an earlier one. */
export interface ViewerView extends TimedReport {
  /** 0-1, of the time. */
  readonly frozenRatio?: number
  /** 0-1, of the frames that came. */
  readonly droppedRatio?: number
}

/** What was counted until a moment, and what that means beside the snapshot before. */
export interface MeasuredSnapshot extends Omit<StatsSnapshot, 'video' | 'audio' | 'viewer'> {
  readonly video?: MeasuredOutbound
  readonly audio?: MeasuredOutbound
  readonly viewer?: ViewerView
  /** Mean over the time since the snapshot before; 0 without one. */
  readonly bitrateBps: number
  /** How late the pacer sent, of the packets since the snapshot before. */
  readonly pacingErrorP99Ms?: number
  /** How well the stream gets through. */
  readonly health: Score
  /** What the viewer sees of it. */
  readonly videoQuality: Score
  readonly figures: SampleFigures
  readonly mediaLatencyMs?: number
  /** The snapshot before: counters have grown from there. */
  readonly before?: StatsSnapshot
}

export function measure(now: StatsSnapshot, before: StatsSnapshot | undefined): MeasuredSnapshot {
  const rates = ratesOf(now, before)
  const scores = scoresOf(now, rates)
  const { video, audio, viewer } = now
  const { frozenRatio, droppedRatio, pacingErrorP99Ms, mediaLatencyMs } = rates
  return {
    ...now,
    ...(video && { video: { ...video, ...rates.video } }),
    ...(audio && { audio: { ...audio, ...rates.audio } }),
    ...(viewer && {
      viewer: {
        ...viewer,
        ...(frozenRatio !== undefined && { frozenRatio }),
        ...(droppedRatio !== undefined && { droppedRatio }),
      },
    }),
    bitrateBps: rates.bitrateBps ?? 0,
    ...(pacingErrorP99Ms !== undefined && { pacingErrorP99Ms }),
    ...(mediaLatencyMs !== undefined && { mediaLatencyMs }),
    ...scores,
    figures: figuresFrom(now, rates, scores),
    ...(before && { before }),
  }
}

/** The figures alone. `before` is the snapshot before, for the rates. */
export function figuresOf(now: StatsSnapshot, before: StatsSnapshot | undefined): SampleFigures {
  const rates = ratesOf(now, before)
  return figuresFrom(now, rates, scoresOf(now, rates))
}

interface Scores {
  readonly health: Score
  readonly videoQuality: Score
}

const figuresFrom = (now: StatsSnapshot, rates: Rates, scores: Scores): SampleFigures =>
  eachFigure(
    ({ read }) => read({ now, rates, health: scores.health.value, videoQuality: scores.videoQuality.value }) ?? null,
  )

function scoresOf(now: StatsSnapshot, rates: Rates): Scores {
  const { lossRatio, roundTripMs, jitterMs, underruns, frozenRatio, droppedRatio } = rates
  const { pictureHeight, isReporting } = now
  const input = {
    underruns,
    ...(lossRatio !== undefined && { lossRatio }),
    ...(roundTripMs !== undefined && { roundTripTimeMs: roundTripMs }),
    ...(jitterMs !== undefined && { jitterMs }),
    ...(isReporting && frozenRatio !== undefined && { frozenRatio }),
    ...(isReporting && droppedRatio !== undefined && { droppedRatio }),
    ...(pictureHeight !== undefined && { pictureHeight }),
  }
  return { health: streamHealth(input), videoQuality: videoQuality(input) }
}
