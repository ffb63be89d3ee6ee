// The snapshots of one stream, one after the other: the only place that remembers the one before.
import { type MeasuredSnapshot, measure } from './figures.ts'
import type { StatsSnapshot } from './stats.ts'

/** Of less time a rate says little. */
const leastWindowMs = 500

export class SnapshotRecord {
  #last: StatsSnapshot | undefined
  #earlier: StatsSnapshot | undefined

  /** The next of the record, beside the one before. */
  add(now: StatsSnapshot): MeasuredSnapshot {
    const measured = measure(now, this.#last)
    this.#earlier = this.#last
    this.#last = now
    return measured
  }

  /**
   * What somebody asked for in between, beside the last of the record, or the one before that where the last is hardly past. It
   * takes nothing from the record, and nothing from others who ask.
   */
  ask(now: StatsSnapshot): MeasuredSnapshot {
    const isPast = this.#last !== undefined && now.atMs - this.#last.atMs >= leastWindowMs
    return measure(now, isPast ? this.#last : (this.#earlier ?? this.#last))
  }
}
