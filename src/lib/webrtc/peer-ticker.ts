// A few timers for what many receiving peers do every 20 ms: a timer for each costs more than most of what it is for. They are not
// all called at once: that would be a burst for the server, and a stall here.
import { type Clock, every, type Timer } from '../base/clock.ts'

const tickMs = 20
const maxSlots = 5
/** So far apart slots are begun. */
const apartMs = tickMs / maxSlots

interface Slot {
  readonly runs: Set<() => void>
  readonly timer: Timer
  calledAtMs: number
}

class PeerTicker {
  readonly #clock: Clock
  readonly #slots = new Set<Slot>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(run: () => void): Timer {
    const slot = this.#slotFor()
    slot.runs.add(run)
    return {
      cancel: () => {
        slot.runs.delete(run)
        if (slot.runs.size > 0) return
        slot.timer.cancel()
        this.#slots.delete(slot)
      },
    }
  }

  #slotFor(): Slot {
    const nowMs = this.#clock.now()
    const isFree = [...this.#slots].every(({ calledAtMs }) => nowMs - calledAtMs >= apartMs)
    if (this.#slots.size < maxSlots && isFree) return this.#open(nowMs)
    return [...this.#slots].reduce((least, slot) => (slot.runs.size < least.runs.size ? slot : least))
  }

  #open(nowMs: number): Slot {
    const slot: Slot = { runs: new Set(), timer: every(this.#clock, tickMs, () => this.#call(slot)), calledAtMs: nowMs }
    this.#slots.add(slot)
    return slot
  }

  #call(slot: Slot): void {
    slot.calledAtMs = this.#clock.now()
    for (const run of slot.runs) run()
  }
}

const tickers = new WeakMap<Clock, PeerTicker>()

/** Calls `run` every 20 ms until it is cancelled; peers on the same clock share timers. */
export function everyTick(clock: Clock, run: () => void): Timer {
  const ticker = tickers.get(clock) ?? new PeerTicker(clock)
  tickers.set(clock, ticker)
  return ticker.add(run)
}
