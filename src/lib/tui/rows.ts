// Which connections are shown, in which order, and which part of them fits. All pure.
import type { LiveConnection } from '../protocol/live.ts'
import { type ColumnName, columns, stateText } from './columns.ts'

export interface Sort {
  readonly column: ColumnName
  readonly isReversed: boolean
}

/** Every word must occur somewhere, in whatever case. */
export function filterRows(rows: readonly LiveConnection[], filter: string): readonly LiveConnection[] {
  const words = filter.toLowerCase().split(' ').filter(Boolean)
  if (words.length === 0) return rows
  return rows.filter((one) => {
    const text = [one.id, one.content, stateText(one), one.quality, one.sentQuality, one.peer, ...one.codecs]
      .join(' ')
      .toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** Figures from the largest on, words from a on, and the other way round when reversed; what is not known is last. */
export function sortRows(rows: readonly LiveConnection[], sort: Sort | undefined): readonly LiveConnection[] {
  if (!sort) return rows
  const { sortBy } = columns[sort.column]
  const sign = sort.isReversed ? -1 : 1
  return rows
    .map((row) => ({ row, key: sortBy(row) }))
    .sort((a, b) => compareKnown(a.key, b.key) ?? sign * compare(a.key!, b.key!))
    .map(({ row }) => row)
}

type Key = number | string | null | undefined

/** Undefined where both are known. */
function compareKnown(a: Key, b: Key): number | undefined {
  const [noA, noB] = [a ?? undefined, b ?? undefined].map((key) => key === undefined)
  return noA || noB ? Number(noA) - Number(noB) : undefined
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}

/** The first of `size` rows out of `count` that are shown, so that `selected` is among them and little moves. */
export function windowStart(before: number, selected: number, count: number, size: number): number {
  const last = Math.max(0, count - size)
  const start = Math.min(Math.max(before, selected - size + 1), Math.max(0, selected))
  return Math.max(0, Math.min(start, last))
}
