// The course of a load test in a bounded number of moments: of a long run each stands for more time.
import type { LoadMoment } from '../protocol/load-result.ts'

const maxMoments = 3600
/** The end of a run comes when it comes: a moment so soon after another is no step of its own. */
const leastStepS = 0.5

export class Timeline {
  readonly #max: number
  #moments: LoadMoment[] = []
  /** Of the last moment, which still takes others. */
  #merged = 0
  #perMoment = 1

  constructor(max = maxMoments) {
    this.#max = max
  }

  get moments(): readonly LoadMoment[] {
    return this.#moments
  }

  add(moment: LoadMoment): void {
    const last = this.#moments.at(-1)
    if (last && moment.atS - last.atS < leastStepS) {
      const { atS, sessions, failed, freezes } = moment
      this.#moments[this.#moments.length - 1] = { ...last, atS, sessions, failed, freezes }
      return
    }
    if (this.#merged > 0 && this.#merged < this.#perMoment) {
      this.#moments.push(merge(this.#moments.pop()!, moment, this.#merged))
      this.#merged++
    } else {
      if (this.#moments.length >= this.#max) this.#coarsen()
      this.#moments.push(moment)
      this.#merged = 1
    }
  }

  #coarsen(): void {
    const halved: LoadMoment[] = []
    for (let at = 0; at < this.#moments.length; at += 2) {
      const [first, second] = [this.#moments[at]!, this.#moments[at + 1]]
      halved.push(second ? merge(first, second, 1) : first)
    }
    this.#moments = halved
    this.#perMoment *= 2
  }
}

/** `weight`: how many moments the earlier one stands for, against the later one. */
function merge(earlier: LoadMoment, later: LoadMoment, weight: number): LoadMoment {
  const mean = (a: number, b: number) => (a * weight + b) / (weight + 1)
  const { lossRatio, lagP99Ms } = earlier
  return {
    ...later,
    bitrateKbps: mean(earlier.bitrateKbps, later.bitrateKbps),
    lossRatio:
      lossRatio === null || later.lossRatio === null
        ? (later.lossRatio ?? lossRatio)
        : mean(lossRatio, later.lossRatio),
    lagP99Ms: lagP99Ms === null && later.lagP99Ms === null ? null : Math.max(lagP99Ms ?? 0, later.lagP99Ms ?? 0),
  }
}
