// What happened between two snapshots. Everything that is a rate, a share or a percentile comes from here, so that whoever asks
// gets what everybody gets: a snapshot only counts.
import { countsSince, quantileOf } from './histogram.ts'
import { type OutboundStats, type StatsSnapshot, type TimedReport, viewerPacingEdgesMs } from './stats.ts'
import type { MediaKind } from './track.ts'
import type { ViewerReport } from './viewer-report.ts'

/** Of one kind. */
interface KindRates {
  /** 0-1, of all that the viewer expected; of its last report alone where none came between. */
  readonly lossRatio?: number
  readonly framesPerSecond?: number
}

/** Absent where nobody measured it, where there is nothing before, and where the clock was set back between the two. */
export interface Rates {
  readonly video: KindRates
  readonly audio: KindRates
  /** Media of both kinds. */
  readonly bitrateBps?: number
  /** The worse of both kinds. */
  readonly lossRatio?: number
  readonly roundTripMs?: number
  readonly jitterMs?: number
  /** Half the round trip and what the viewer says its jitter buffer holds. */
  readonly mediaLatencyMs?: number
  readonly pacingErrorP99Ms?: number
  /** Times the playhead waited for content, with the one that lasts. */
  readonly underruns: number
  /** 0-1, of the time between the reports of the viewer. */
  readonly frozenRatio?: number
  /** 0-1, of the frames that came between the reports of the viewer. */
  readonly droppedRatio?: number
}

export const mediaKinds: readonly MediaKind[] = ['video', 'audio']

/** The worse of picture and sound where both say; undefined where neither does. */
export function worseOf<T>(both: Partial<Record<MediaKind, T>>, read: (one: T) => number | undefined) {
  const known = mediaKinds.flatMap((kind) => {
    const one = both[kind]
    return one === undefined ? [] : (read(one) ?? [])
  })
  return known.length > 0 ? Math.max(...known) : undefined
}

/** What a counter has grown by; 0 where it began anew. */
export const grown = (now: number | undefined, before: number | undefined): number =>
  Math.max(0, (now ?? 0) - (before ?? 0))

export function ratesOf(now: StatsSnapshot, before: StatsSnapshot | undefined): Rates {
  const elapsedS = before ? (now.atMs - before.atMs) / 1000 : 0
  const isTimed = before !== undefined && elapsedS > 0
  const perSecond = (count: (one: StatsSnapshot) => number) =>
    isTimed ? grown(count(now), count(before)) / elapsedS : undefined
  const kindRates = (kind: MediaKind): KindRates =>
    defined({
      lossRatio: lossSince(now[kind], before?.[kind]),
      framesPerSecond: now[kind] && before?.[kind] ? perSecond((one) => one[kind]?.framesSent ?? 0) : undefined,
    })
  const [video, audio] = [kindRates('video'), kindRates('audio')]
  const bytes = perSecond((one) => (one.video?.bytesSent ?? 0) + (one.audio?.bytesSent ?? 0))
  const roundTripMs = inMs(worseOf(now, (sent) => sent.roundTripTimeS))
  const pacing = now.pacingErrors && countsSince(now.pacingErrors, before?.pacingErrors)
  return {
    video,
    audio,
    underruns: Math.max(now.isStalled ? 1 : 0, grown(now.underruns, before?.underruns)),
    ...defined({
      bitrateBps: bytes === undefined ? undefined : bytes * 8,
      lossRatio: worseOf({ video, audio }, (one) => one.lossRatio),
      roundTripMs,
      jitterMs: inMs(worseOf(now, (sent) => sent.jitterS)),
      mediaLatencyMs: roundTripMs === undefined ? undefined : roundTripMs / 2 + (now.viewer?.jitterBufferDelayMs ?? 0),
      pacingErrorP99Ms: pacing && quantileOf(pacing, viewerPacingEdgesMs, 0.99),
      ...seenBetween(now.viewer, earlierReport(now, before)),
    }),
  }
}

const inMs = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000)

/** Counters of two reports tell of all packets in between; the fraction of one report of those since the report before it. */
function lossSince(now: OutboundStats | undefined, before: OutboundStats | undefined): number | undefined {
  if (now?.packetsLost === undefined || now.highestSequence === undefined) return now?.fractionLost
  if (before?.packetsLost === undefined || before.highestSequence === undefined) return now.fractionLost
  const expected = now.highestSequence - before.highestSequence
  // No report came between, or the viewer began anew.
  if (expected <= 0) return now.fractionLost
  return Math.min(1, Math.max(0, (now.packetsLost - before.packetsLost) / expected))
}

/** The report that the newest is held against: the newest of the snapshot before, or where that is the same, the one before it. */
function earlierReport({ viewer, viewerBefore }: StatsSnapshot, before: StatsSnapshot | undefined) {
  const other = before?.viewer
  return viewer && other && other.atMs < viewer.atMs ? other : viewerBefore
}

/** Absent in the first report, and where a counter went back: the viewer began anew. */
function seenBetween(now: TimedReport | undefined, before: TimedReport | undefined) {
  if (!now || !before || now.atMs <= before.atMs) return {}
  const since = (field: keyof ViewerReport): number | undefined => {
    const [later, earlier] = [now[field], before[field]]
    return later === undefined || earlier === undefined || later < earlier ? undefined : later - earlier
  }
  const [frozenS, dropped, decoded] = [since('totalFreezesDurationS'), since('framesDropped'), since('framesDecoded')]
  const elapsedS = (now.atMs - before.atMs) / 1000
  return {
    // Reports that were held up on the way come closer together than they were made.
    frozenRatio: frozenS === undefined ? undefined : Math.min(1, frozenS / elapsedS),
    droppedRatio: dropped === undefined || decoded === undefined ? undefined : share(dropped, dropped + decoded),
  }
}

const share = (part: number, whole: number): number => (whole > 0 ? part / whole : 0)

/** The record without its undefined fields. */
function defined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never
}
