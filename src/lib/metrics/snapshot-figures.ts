// Figures that are written for each connection and for all together. Undefined where nobody measured.
import { worseOf } from '../model/figures.ts'
import type { StatsSnapshot } from '../model/stats.ts'
import type { MediaKind } from '../model/track.ts'

export const kinds: readonly MediaKind[] = ['video', 'audio']

/** What a counter has grown by. */
export const grown = (now: number | undefined, before: number | undefined): number =>
  Math.max(0, (now ?? 0) - (before ?? 0))

/** 0-1, of the track that loses most. */
export const lossRatio = (now: StatsSnapshot): number | undefined => worseOf(now, ({ lossRatio }) => lossRatio)

/** Half the round trip and what the viewer says its jitter buffer holds. */
export function mediaLatencyS(now: StatsSnapshot): number | undefined {
  const roundTripS = worseOf(now, ({ roundTripTimeS }) => roundTripTimeS)
  return roundTripS === undefined ? undefined : roundTripS / 2 + (now.viewer?.jitterBufferDelayMs ?? 0) / 1000
}

/** Frames sent a second since the snapshot before; undefined where the clock was set back between them. */
export function framesPerSecond(kind: MediaKind, now: StatsSnapshot, before?: StatsSnapshot): number | undefined {
  const sent = now[kind]
  if (!sent || !before || now.atMs <= before.atMs) return undefined
  return (grown(sent.framesSent, before[kind]?.framesSent) * 1000) / (now.atMs - before.atMs)
}
