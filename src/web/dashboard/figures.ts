// The figures of a stream as the dashboard writes and draws them.
import type { LiveSample } from '../../lib/protocol/live.ts'
import { formatBitrate } from '../shared/format.ts'

export type FigureId = Exclude<keyof LiveSample, 'atMs'>
/** How a value is coloured; `unknown` is never shown as fine. */
export type Tone = 'good' | 'fair' | 'bad' | 'unknown'

interface Figure {
  readonly label: string
  /** For the head of a column. */
  readonly short: string
  readonly format: (value: number) => string
  /** The chart reaches at least so far up; `isFixed`: exactly. */
  readonly top: number
  readonly isFixed?: boolean
  /** From here on (at or above) it is fair, then bad, as the scores take points off. */
  readonly limits?: readonly [fair: number, bad: number]
}

const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`
const whole = (value: number) => value.toFixed(0)

export const figures: Readonly<Record<FigureId, Figure>> = {
  bitrateBps: { label: 'Bitrate', short: 'Bitrate', format: formatBitrate, top: 200_000 },
  lossRatio: {
    label: 'Packet loss',
    short: 'Loss',
    format: (value) => `${(value * 100).toFixed(1)} %`,
    top: 0.02,
    limits: [0.02, 0.05],
  },
  roundTripMs: { label: 'Round trip', short: 'RTT', format: milliseconds, top: 20, limits: [200, 300] },
  jitterMs: { label: 'Jitter', short: 'Jitter', format: milliseconds, top: 10, limits: [50, 100] },
  bufferS: { label: 'Buffer', short: 'Buffer', format: (value) => `${value.toFixed(1)} s`, top: 1 },
  framesPerSecond: { label: 'Frames per second', short: 'fps', format: (value) => value.toFixed(1), top: 10 },
  health: { label: 'Stream health', short: 'Health', format: whole, top: 100, isFixed: true },
  videoQuality: { label: 'Video quality', short: 'Video', format: whole, top: 100, isFixed: true },
}

export const figureIds = Object.keys(figures) as FigureId[]

export const unknownText = 'unknown'

export function formatFigure(id: FigureId, value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : figures[id].format(value)
}

export function toneOfScore(value: number | undefined): Tone {
  if (value === undefined) return 'unknown'
  return value >= 80 ? 'good' : value >= 50 ? 'fair' : 'bad'
}

/** Undefined where nothing is wrong, or nothing is known. */
export function alarmOf(id: FigureId, value: number | null | undefined): 'fair' | 'bad' | undefined {
  const { limits } = figures[id]
  if (!limits || value === null || value === undefined) return undefined
  return value >= limits[1] ? 'bad' : value >= limits[0] ? 'fair' : undefined
}
