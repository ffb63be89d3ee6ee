// Which packets are lost: each by itself, or in bursts (Gilbert-Elliott with two states, all lost in the bad one).
import { seeded } from '../base/random.ts'

/** The chance that a burst begins with a packet, so that `ratio` of all are lost in bursts of a mean length. Above 1: impossible. */
export const burstStart = (ratio: number, burstLength: number): number => ratio / ((1 - ratio) * burstLength)

/** The shortest mean length of bursts that such a share of losses can have. */
export const leastBurst = (ratio: number): number => Math.max(1, ratio / (1 - ratio))

/** One number is drawn for each packet, whatever the conditions: the same seed gives the same losses. */
export class LossProcess {
  readonly #random: () => number
  #isInBurst = false

  constructor(seed: number) {
    this.#random = seeded(seed)
  }

  isLost(ratio: number, burstLength?: number): boolean {
    const drawn = this.#random()
    if (burstLength === undefined || ratio === 0 || ratio === 1) {
      this.#isInBurst = false
      return drawn < ratio
    }
    this.#isInBurst = drawn < (this.#isInBurst ? 1 - 1 / burstLength : burstStart(ratio, burstLength))
    return this.#isInBurst
  }
}
