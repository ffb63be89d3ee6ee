// The figures of a stream at one moment, once for every surface: history, API, dashboard, terminal and report read the same ones.
import type { StatsSnapshot } from './stats.ts'

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

/** The worse of picture and sound where both say; `before` is the snapshot before, for the rates. */
export function figuresOf(now: StatsSnapshot, before: StatsSnapshot | undefined): SampleFigures {
  const sent = [now.video, now.audio].filter((one) => one !== undefined)
  const worst = (values: readonly (number | undefined)[]): number | null => {
    const known = values.filter((value) => value !== undefined)
    return known.length > 0 ? Math.max(...known) : null
  }
  const inMs = (seconds: number | null) => (seconds === null ? null : seconds * 1000)
  const [later, earlier] = [now.video, before?.video]
  const elapsedS = before ? (now.atMs - before.atMs) / 1000 : 0
  return {
    bitrateBps: before ? now.bitrateBps : null,
    lossRatio: worst(sent.map(({ lossRatio }) => lossRatio)),
    roundTripMs: inMs(worst(sent.map(({ roundTripTimeS }) => roundTripTimeS))),
    jitterMs: inMs(worst(sent.map(({ jitterS }) => jitterS))),
    bufferS: now.bufferS,
    framesPerSecond:
      later && earlier && elapsedS > 0 ? Math.max(0, later.framesSent - earlier.framesSent) / elapsedS : null,
    health: now.health.value ?? null,
    videoQuality: now.videoQuality.value ?? null,
  }
}
