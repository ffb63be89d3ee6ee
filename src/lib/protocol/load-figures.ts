// The figures of a session of a load test, worked out in one place: distributions, thresholds and comparisons are of the same values.
import type { LoadDistribution, LoadFigure, LoadSession } from './load-result.ts'

/** Undefined: nobody measured it. null: a wait that never ended, which counts as one that lasts for ever. */
export type FigureValue = number | null | undefined

const ratio = (part: number, whole: number): number | undefined => (whole > 0 ? part / whole : undefined)
const percent = (part: number, whole: number) => (whole > 0 ? (100 * part) / whole : undefined)
const orNothing = (value: number | null) => value ?? undefined

/** A wait that is not known although what comes after it came was not measured: browsers do not tell each part. */
const wait = (value: number | null, ...later: readonly (number | null)[]): FigureValue =>
  value === null && later.some((one) => one !== null) ? undefined : value

/** Packets, each once: those that came by a retransmission are among the lost already. */
const sentTo = ({ packets, packetsLost, packetsRecovered }: LoadSession) =>
  packets - (packetsRecovered ?? 0) + packetsLost

const readers: Readonly<Record<LoadFigure, (session: LoadSession) => FigureValue>> = {
  startup: ({ startupMs }) => startupMs,
  connect: ({ connectMs, firstPacketMs, startupMs }) => wait(connectMs, firstPacketMs, startupMs),
  answer: ({ answerMs, connectMs, startupMs }) => wait(answerMs, connectMs, startupMs),
  ice: ({ iceMs, connectMs, startupMs }) => wait(iceMs, connectMs, startupMs),
  dtls: ({ dtlsMs, connectMs, startupMs }) => wait(dtlsMs, connectMs, startupMs),
  packet: ({ firstPacketMs, startupMs }) => wait(firstPacketMs, startupMs),
  bitrate: ({ bytes, watchedS }) => ratio(bytes * 8, watchedS * 1000),
  fps: ({ frames, watchedS }) => ratio(frames, watchedS),
  frozen: ({ frozenS, watchedS }) => percent(frozenS, watchedS),
  loss: (session) => percent(session.packetsLost, sentTo(session)),
  residual: ({ packetsRecovered, ...session }) =>
    packetsRecovered === null
      ? undefined
      : percent(Math.max(0, session.packetsLost - packetsRecovered), sentTo({ ...session, packetsRecovered })),
  rtt: ({ roundTripMs }) => orNothing(roundTripMs),
  jitter: ({ jitterMs }) => orNothing(jitterMs),
  switches: ({ rungs, watchedS }) => (watchedS > 0 ? Math.max(0, rungs.length - 1) : undefined),
}

/** In the unit of the figure. */
export const figureOf = (session: LoadSession, figure: LoadFigure): FigureValue => readers[figure](session)

/** Of the sessions that have it; one that waits for ever has it. */
export const figureValues = (sessions: readonly LoadSession[], figure: LoadFigure): (number | null)[] =>
  sessions.map((session) => figureOf(session, figure)).filter((value) => value !== undefined)

/** By the nearest rank, with those that wait for ever last: a rank that is theirs is null, and so are the mean and the most. */
export function distributionOf(values: readonly (number | null)[]): LoadDistribution | undefined {
  if (values.length === 0) return undefined
  const sorted = Float64Array.from(values, (value) => value ?? Number.POSITIVE_INFINITY).sort()
  const known = (value: number) => (Number.isFinite(value) ? value : null)
  const at = (share: number) => known(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!)
  return {
    count: sorted.length,
    mean: known(sorted.reduce((sum, value) => sum + value, 0) / sorted.length),
    min: known(sorted[0]!),
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: at(0.99),
    max: known(sorted.at(-1)!),
  }
}
