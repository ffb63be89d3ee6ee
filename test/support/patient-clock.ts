// Real time for what is short, and time that tests move for what is long: waits of a second and more pass only when told.
import { type Clock, systemClock } from '../../src/lib/base/clock.ts'
import { FakeClock } from './fake-clock.ts'

export class PatientClock implements Clock {
  readonly #long = new FakeClock()
  now = () => systemClock.now()
  wallMs = () => systemClock.wallMs()

  after: Clock['after'] = (delayMs, run, options) =>
    delayMs >= 1000 ? this.#long.after(delayMs, run) : systemClock.after(delayMs, run, options)

  /** Lets this much of the long waits pass. */
  pass(ms: number): void {
    this.#long.advance(ms)
  }
}
