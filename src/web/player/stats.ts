// What the browser measured about the stream (W3C webrtc-stats), as rates between two looks at getStats().
import { formatCodec } from '../shared/format.ts'

/** The fields used, of any entry of an RTCStatsReport. */
export type StatsEntry = { readonly id: string; readonly type: string; readonly [field: string]: unknown }

/** One look at getStats(): counters as they are. */
export interface Sample {
  readonly atMs: number
  readonly bytesReceived: number
  readonly packetsReceived: number
  readonly packetsLost: number
  readonly hasVideo: boolean
  readonly hasAudio: boolean
  readonly framesReceived: number
  readonly framesDecoded: number
  readonly framesDropped: number
  readonly freezeCount: number
  readonly totalFreezesDurationS: number
  readonly pauseCount: number
  readonly totalPausesDurationS: number
  /** From the first frame to the last. */
  readonly totalInterFrameDelayS?: number
  readonly concealedSamples: number
  readonly totalSamplesReceived: number
  readonly jitterBufferDelayS: number
  readonly jitterBufferEmitted: number
  readonly width?: number
  readonly height?: number
  readonly videoCodec?: string
  readonly audioCodec?: string
  readonly videoJitterS?: number
  readonly audioJitterS?: number
  /** Came again; where a browser says so, they are in `packetsReceived` too. */
  readonly packetsRecovered?: number
  readonly roundTripTimeS?: number
  /** Of all round trips on the present path, and how many there were. */
  readonly totalRoundTripTimeS?: number
  readonly roundTrips?: number
  readonly localCandidate?: string
  readonly remoteCandidate?: string
}

/** What the overlay shows. Undefined: not known (yet). */
export interface Reading {
  readonly bitrateBps?: number
  readonly framesPerSecond?: number
  readonly width?: number
  readonly height?: number
  readonly codecs: string
  readonly packetsLost: number
  /** 0-1, since the last look. */
  readonly lossRatio?: number
  readonly jitterMs?: number
  readonly roundTripMs?: number
  readonly framesDropped: number
  readonly framesDecoded: number
  readonly jitterBufferMs?: number
  readonly path?: string
}

const number = (entry: StatsEntry | undefined, field: string): number | undefined =>
  typeof entry?.[field] === 'number' ? entry[field] : undefined
const count = (entry: StatsEntry | undefined, field: string): number => number(entry, field) ?? 0
const text = (entry: StatsEntry | undefined, field: string): string | undefined =>
  typeof entry?.[field] === 'string' ? entry[field] : undefined

function recovered(...entries: readonly (StatsEntry | undefined)[]): number | undefined {
  const known = entries.map((entry) => number(entry, 'retransmittedPacketsReceived')).filter((one) => one !== undefined)
  return known.length > 0 ? known.reduce((sum, one) => sum + one) : undefined
}

/** Takes what matters out of a report. */
export function takeSample(entries: Iterable<StatsEntry>, atMs: number): Sample {
  const byId = new Map<string, StatsEntry>()
  for (const entry of entries) byId.set(entry.id, entry)
  const all = [...byId.values()]
  const inbound = (kind: string) => all.find((entry) => entry.type === 'inbound-rtp' && entry.kind === kind)
  const video = inbound('video')
  const audio = inbound('audio')
  const transport = all.find((entry) => entry.type === 'transport')
  const pair =
    byId.get(text(transport, 'selectedCandidatePairId') ?? '') ??
    all.find((entry) => entry.type === 'candidate-pair' && (entry.selected === true || entry.nominated === true))
  const codecOf = (entry: StatsEntry | undefined) =>
    text(byId.get(text(entry, 'codecId') ?? ''), 'mimeType')?.replace(/^\w+\//, '')
  const candidateOf = (field: string) => {
    const candidate = byId.get(text(pair, field) ?? '')
    const words = [text(candidate, 'candidateType'), text(candidate, 'protocol')?.toUpperCase()]
    return candidate ? words.filter(Boolean).join(' ') : undefined
  }
  const main = video && count(video, 'framesDecoded') > 0 ? video : (audio ?? video)
  return {
    atMs,
    bytesReceived: count(video, 'bytesReceived') + count(audio, 'bytesReceived'),
    packetsReceived: count(video, 'packetsReceived') + count(audio, 'packetsReceived'),
    packetsLost: count(video, 'packetsLost') + count(audio, 'packetsLost'),
    hasVideo: count(video, 'packetsReceived') > 0,
    hasAudio: count(audio, 'packetsReceived') > 0,
    framesReceived: count(video, 'framesReceived'),
    framesDecoded: count(video, 'framesDecoded'),
    framesDropped: count(video, 'framesDropped'),
    freezeCount: count(video, 'freezeCount'),
    totalFreezesDurationS: count(video, 'totalFreezesDuration'),
    pauseCount: count(video, 'pauseCount'),
    totalPausesDurationS: count(video, 'totalPausesDuration'),
    concealedSamples: count(audio, 'concealedSamples'),
    totalSamplesReceived: count(audio, 'totalSamplesReceived'),
    jitterBufferDelayS: count(main, 'jitterBufferDelay'),
    jitterBufferEmitted: count(main, 'jitterBufferEmittedCount'),
    ...defined({
      totalInterFrameDelayS: number(video, 'totalInterFrameDelay'),
      packetsRecovered: recovered(video, audio),
      width: number(video, 'frameWidth'),
      height: number(video, 'frameHeight'),
      videoCodec: codecOf(video),
      audioCodec: codecOf(audio),
      videoJitterS: number(video, 'jitter'),
      audioJitterS: number(audio, 'jitter'),
      roundTripTimeS: number(pair, 'currentRoundTripTime'),
      totalRoundTripTimeS: number(pair, 'totalRoundTripTime'),
      roundTrips: number(pair, 'responsesReceived'),
      localCandidate: candidateOf('localCandidateId'),
      remoteCandidate: candidateOf('remoteCandidateId'),
    }),
  }
}

const counters = ['bytesReceived', 'packetsReceived', 'framesDecoded'] as const

/** Rates between two samples; without an earlier one, or after the counters began anew, only what needs none. */
export function readingOf(now: Sample, before: Sample | undefined): Reading {
  const isContinuous = before && now.atMs > before.atMs && counters.every((counter) => now[counter] >= before[counter])
  const earlier = isContinuous ? before : undefined
  const jitterS = now.videoJitterS ?? now.audioJitterS
  const paths = [now.localCandidate, now.remoteCandidate].filter(Boolean)
  return {
    codecs: [now.videoCodec, now.audioCodec].flatMap((codec) => (codec ? [formatCodec(codec)] : [])).join(' + '),
    packetsLost: Math.max(0, now.packetsLost),
    framesDropped: now.framesDropped,
    framesDecoded: now.framesDecoded,
    ...defined({
      width: now.width,
      height: now.height,
      jitterMs: jitterS === undefined ? undefined : jitterS * 1000,
      roundTripMs: now.roundTripTimeS === undefined ? undefined : now.roundTripTimeS * 1000,
      path: paths.length > 0 ? paths.join(' ↔ ') : undefined,
      ...(earlier ? ratesBetween(now, earlier) : {}),
    }),
  }
}

function ratesBetween(now: Sample, before: Sample): Partial<Reading> {
  const elapsedS = (now.atMs - before.atMs) / 1000
  const lost = Math.max(0, now.packetsLost - before.packetsLost)
  const expected = now.packetsReceived - before.packetsReceived + lost
  const emitted = now.jitterBufferEmitted - before.jitterBufferEmitted
  const delayS = now.jitterBufferDelayS - before.jitterBufferDelayS
  return {
    bitrateBps: ((now.bytesReceived - before.bytesReceived) * 8) / elapsedS,
    framesPerSecond: (now.framesDecoded - before.framesDecoded) / elapsedS,
    ...(expected > 0 ? { lossRatio: lost / expected } : {}),
    // Of the sound before the first frame, and of the picture from then on.
    ...(emitted > 0 && delayS >= 0 ? { jitterBufferMs: (delayS / emitted) * 1000 } : {}),
  }
}

/** The record without its undefined fields. */
function defined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as never
}
