// A million samples, one by one: what a report needs of them is summed up while they pass, and none is kept but its figures.
import { columnOf, figureTable, figureUnits, sampleFigures } from '../model/figure-table.ts'
import type { HistoryRow } from '../model/history.ts'
import type { ScoreCode } from '../model/score.ts'
import { codesIn } from '../model/score-record.ts'
import { scoreWords, timesText } from '../model/score-words.ts'
import type { ReportFigure } from '../protocol/report.ts'
import { type Distribution, distributionOf } from './statistics.ts'

/** Column of the history, and the factor to the unit of the report. */
const sources = sampleFigures.map((name) => {
  const { report, unit } = figureTable[name]
  return { report, column: columnOf(name), factor: figureUnits[unit].factor }
})
const figures = sources.map(({ report }) => report)

/** What a connection counts from its beginning; only samples have it. */
const counters = ['freeze_count', 'freeze_s', 'underruns'] as const
type Counter = (typeof counters)[number]

/** What to ask of the table: a sample has each figure, a minute or an hour its mean. */
export const sampleColumns = (table: 'samples' | 'minutes' | 'hours'): readonly string[] => [
  'at_ms',
  'connection',
  'reasons',
  ...sources.map(({ column }) => (table === 'samples' ? column : `${column}_mean`)),
  ...counters,
]
const firstFigure = 3
const firstCounter = firstFigure + figures.length

/** The figures of one row, in the units of the report; those that nobody measured are left out. */
export const figuresOfRow = (row: HistoryRow): Partial<Record<ReportFigure, number>> =>
  Object.fromEntries(
    sources.flatMap(({ report, column, factor }) => {
      const value = row[column]
      return typeof value === 'number' ? [[report, value * factor]] : []
    }),
  )

const usualSteps = 120
const maxReasons = 5

type Means = Partial<Record<ReportFigure, number>>

export interface SampleSums {
  /** Values in the order of `sampleColumns`. */
  add(values: readonly unknown[]): void
  distribution(figure: ReportFigure): Distribution | undefined
  /** Means over equal steps of the period. */
  series(): readonly (Means & { readonly atMs: number; readonly viewers: number })[]
  /** `untilMs`: when it was measured last; absent where it never was in this period. `grown`: from the first sample to the last. */
  connection(id: string): {
    readonly means: Means
    readonly reasons: readonly string[]
    readonly untilMs?: number
    readonly grown: Partial<Record<Counter, number>>
  }
  /** The mean of each connection that has the figure. */
  meansOf(figure: ReportFigure): readonly number[]
}

/** `steps` are the points of the charts; `rowMs` is the time that a row stands for. */
export function createSampleSums(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  steps = usualSteps,
  rowMs = 0,
): SampleSums {
  const stepMs = Math.max(1000, (toMs - fromMs) / steps)
  const values = figures.map(() => new Values())
  const connections = new Map<
    string,
    Sums & { readonly reasons: Map<ScoreCode, number>; readonly counted: Counted; untilMs: number }
  >()
  const bySteps = new Map<number, Sums & { readonly viewers: Set<string> }>()

  function add(row: readonly unknown[]): void {
    const [atMs, connection, reasons] = row as [number, string, string | null | undefined]
    const ofConnection = use(connections, connection, () => ({
      ...newSums(),
      reasons: new Map(),
      counted: new Map(),
      untilMs: 0,
    }))
    const ofStep = use(bySteps, Math.floor((atMs - fromMs) / stepMs), () => ({ ...newSums(), viewers: new Set() }))
    ofStep.viewers.add(connection)
    ofConnection.untilMs = Math.max(ofConnection.untilMs, atMs + rowMs)
    for (let at = 0; at < figures.length; at++) {
      const raw = row[firstFigure + at]
      if (typeof raw !== 'number') continue
      const value = raw * sources[at]!.factor
      values[at]!.add(value)
      ofConnection.sums[at]! += value
      ofConnection.counts[at]! += 1
      ofStep.sums[at]! += value
      ofStep.counts[at]! += 1
    }
    for (const [at, counter] of counters.entries()) {
      const value = row[firstCounter + at]
      if (typeof value === 'number')
        ofConnection.counted.set(counter, { first: ofConnection.counted.get(counter)?.first ?? value, last: value })
    }
    if (reasons) countReasons(ofConnection.reasons, reasons)
  }

  return {
    add,
    distribution: (figure) => distributionOf(values[figures.indexOf(figure as 'rtt')]?.list() ?? []),
    series: () =>
      [...bySteps]
        .sort(([a], [b]) => a - b)
        .map(([step, one]) => ({ atMs: fromMs + step * stepMs, viewers: one.viewers.size, ...meansOf(one) })),
    connection(id) {
      const found = connections.get(id)
      if (!found) return { means: {}, reasons: [], grown: {} }
      const grown = Object.fromEntries(
        [...found.counted].map(([counter, { first, last }]) => [counter, Math.max(0, last - first)]),
      )
      return { means: meansOf(found), reasons: frequent(found.reasons), untilMs: found.untilMs, grown }
    },
    meansOf: (figure) => [...connections.values()].flatMap((one) => meansOf(one)[figure] ?? []),
  }
}

type Counted = Map<Counter, { readonly first: number; readonly last: number }>

interface Sums {
  readonly sums: Float64Array
  readonly counts: Uint32Array
}

const newSums = (): Sums => ({ sums: new Float64Array(figures.length), counts: new Uint32Array(figures.length) })

const meansOf = ({ sums, counts }: Sums): Means =>
  Object.fromEntries(figures.flatMap((figure, at) => (counts[at]! > 0 ? [[figure, sums[at]! / counts[at]!]] : [])))

function use<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let found = map.get(key)
  if (found === undefined) {
    found = make()
    map.set(key, found)
  }
  return found
}

/** In how many samples something was wrong, however much, in one score or in both. */
function countReasons(counts: Map<ScoreCode, number>, text: string): void {
  for (const code of codesIn(text)) counts.set(code, (counts.get(code) ?? 0) + 1)
}

const frequent = (counts: ReadonlyMap<ScoreCode, number>): string[] =>
  [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, maxReasons)
    .map(([code, count]) => `${scoreWords[code].what} (${timesText(count)})`)

/** Numbers in one growing piece of memory, eight bytes each. */
class Values {
  #list = new Float64Array(1024)
  #count = 0

  add(value: number): void {
    if (this.#count === this.#list.length) {
      const longer = new Float64Array(this.#list.length * 2)
      longer.set(this.#list)
      this.#list = longer
    }
    this.#list[this.#count++] = value
  }

  list(): Float64Array {
    return this.#list.subarray(0, this.#count)
  }
}
