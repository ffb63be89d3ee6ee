// How often a peer may break a rule before it costs the peer its connection. Now and then a packet is damaged or comes late.

const allowed = 20
const forgivenPerS = 1

export class Strikes {
  #count = 0
  #at = Number.NEGATIVE_INFINITY

  /** Counts one; true once they are too many for the time they came in. */
  add(nowMs: number): boolean {
    const forgiven = ((nowMs - this.#at) / 1000) * forgivenPerS
    this.#count = Math.max(0, this.#count - forgiven) + 1
    this.#at = nowMs
    return this.#count > allowed
  }
}
