// The samples of each connection that the page has seen, with those of the history before them: what the charts draw.

import { columnOf } from '../../lib/protocol/figures.ts'
import type { LiveConnection, LiveSample } from '../../lib/protocol/live.ts'
import { type FigureId, figureIds } from './figures.ts'

/** Of a connection that is not looked at, and of the one that is. */
const keptSamples = 150
const mostSamples = 3_600

export interface SampleKeeper {
  /** Takes the newest sample of each; those of connections that are gone are dropped. */
  note(connections: readonly LiveConnection[], selected: string | undefined): void
  /** Puts older ones before what is there. */
  fill(id: string, older: readonly LiveSample[]): void
  /** Oldest first. The same array as long as nothing came. */
  of(id: string): readonly LiveSample[]
}

export function createSampleKeeper(): SampleKeeper {
  let kept = new Map<string, readonly LiveSample[]>()
  return {
    note(connections, selected) {
      const next = new Map<string, readonly LiveSample[]>()
      for (const { id, sample } of connections) {
        const before = kept.get(id) ?? []
        const isNew = sample && sample.atMs > (before.at(-1)?.atMs ?? 0)
        const limit = id === selected ? mostSamples : keptSamples
        next.set(id, isNew ? [...before, sample].slice(-limit) : before)
      }
      kept = next
    },
    fill(id, older) {
      const now = kept.get(id)
      if (!now) return
      const firstMs = now[0]?.atMs ?? Number.POSITIVE_INFINITY
      kept.set(id, [...older.filter(({ atMs }) => atMs < firstMs), ...now].slice(-mostSamples))
    },
    of: (id) => kept.get(id) ?? none,
  }
}

const none: readonly LiveSample[] = []

/** Rows of `GET /api/v0/history/samples`, whatever they hold. */
export function samplesOfHistory(rows: unknown): LiveSample[] {
  if (!Array.isArray(rows)) return []
  return rows.flatMap((row: Record<string, unknown> | null) => {
    if (typeof row?.at_ms !== 'number') return []
    const values = figureIds.map((id) => [id, typeof row[columnOf(id)] === 'number' ? row[columnOf(id)] : null])
    return [{ atMs: row.at_ms, ...(Object.fromEntries(values) as Omit<LiveSample, 'atMs'>) }]
  })
}

/** What uPlot draws: seconds, and the values; a hole where nobody measured, or nothing came for long. */
export function columnsOf(
  samples: readonly LiveSample[],
  { figure, fromMs, holeMs }: { readonly figure: FigureId; readonly fromMs: number; readonly holeMs: number },
): [number[], (number | null)[]] {
  const times: number[] = []
  const values: (number | null)[] = []
  let beforeMs: number | undefined
  for (const sample of samples) {
    if (sample.atMs < fromMs) continue
    if (beforeMs !== undefined && sample.atMs - beforeMs > holeMs) {
      times.push((beforeMs + 1) / 1000)
      values.push(null)
    }
    times.push(sample.atMs / 1000)
    values.push(sample[figure])
    beforeMs = sample.atMs
  }
  return [times, values]
}
