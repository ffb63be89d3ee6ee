// Whether what has died is started again: not for ever, because what ended it would end the next one too.
import type { Clock } from './clock.ts'

interface RestartLimits {
  /** Starts again, in a row. */
  readonly maxInARow: number
  /** One that lived so long was well: what comes after it is no longer in a row. Default one minute. */
  readonly healthyMs?: number
}

export class RestartPolicy {
  readonly #clock: Pick<Clock, 'now'>
  readonly #maxInARow: number
  readonly #healthyMs: number
  #startedAtMs: number
  #inARow = 0

  /** To be made at the first start. */
  constructor({ maxInARow, healthyMs = 60_000 }: RestartLimits, clock: Pick<Clock, 'now'>) {
    this.#clock = clock
    this.#maxInARow = maxInARow
    this.#healthyMs = healthyMs
    this.#startedAtMs = clock.now()
  }

  /** It has died; true when the caller is to start it again now. */
  mayRestart(): boolean {
    const nowMs = this.#clock.now()
    if (nowMs - this.#startedAtMs >= this.#healthyMs) this.#inARow = 0
    this.#startedAtMs = nowMs
    return this.#inARow++ < this.#maxInARow
  }
}
