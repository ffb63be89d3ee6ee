// The figures of a stream at one moment, once for every surface: history, API, dashboard, terminal and report read the same ones.
import type { OutboundStats, StatsSnapshot } from './stats.ts'

/** Each is rolled up by the history, charted by the pages and the terminal. */
export const sampleFigures = [
  'bitrateBps',
  'lossRatio',
  'roundTripMs',
  'jitterMs',
  'bufferS',
  'framesPerSecond',
  'health',
  'videoQuality',
] as const
export type SampleFigure = (typeof sampleFigures)[number]

/** Null where nobody measured it. */
export type SampleFigures = Readonly<Record<SampleFigure, number | null>>

/** The worse of picture and sound where both say; undefined where neither does. */
export function worseOf(now: StatsSnapshot, read: (sent: OutboundStats) => number | undefined): number | undefined {
  const known = [now.video, now.audio].flatMap((sent) => (sent && read(sent)) ?? [])
  return known.length > 0 ? Math.max(...known) : undefined
}

/** `before` is the snapshot before, for the rates. */
export function figuresOf(now: StatsSnapshot, before: StatsSnapshot | undefined): SampleFigures {
  const inMs = (seconds: number | undefined) => (seconds === undefined ? null : seconds * 1000)
  const [later, earlier] = [now.video, before?.video]
  const elapsedS = before ? (now.atMs - before.atMs) / 1000 : 0
  return {
    bitrateBps: before ? now.bitrateBps : null,
    lossRatio: worseOf(now, ({ lossRatio }) => lossRatio) ?? null,
    roundTripMs: inMs(worseOf(now, ({ roundTripTimeS }) => roundTripTimeS)),
    jitterMs: inMs(worseOf(now, ({ jitterS }) => jitterS)),
    bufferS: now.bufferS,
    framesPerSecond:
      later && earlier && elapsedS > 0 ? Math.max(0, later.framesSent - earlier.framesSent) / elapsedS : null,
    health: now.health.value ?? null,
    videoQuality: now.videoQuality.value ?? null,
  }
}
