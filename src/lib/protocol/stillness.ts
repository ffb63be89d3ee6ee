// When a picture that stands still is what the viewer asked for: it paused, it went elsewhere, or all has been shown. Nothing
// else that happens to a stream is an excuse. Times in, times out; every viewer counts its freezes by this.
import { type Command, rtpDistance, type ServerNote } from './control.ts'

/** How long a seek may take before the picture counts as frozen. */
const seekPatienceMs = 4000
/** How long the first frame may take to be shown after `play`, and after the server said that it goes on. */
const startPatienceMs = 1000
/** A viewer that says more than this in one gap is believed the last of it. */
const maxIntervals = 64

/** From `fromMs` up to `untilMs`, which is infinite while nothing limits it. */
interface Interval {
  readonly fromMs: number
  untilMs: number
}

export class Stillness {
  readonly #intervals: Interval[] = []
  /** Where the server goes on: a frame from there on ends the stillness. */
  #goesOnAt: number | undefined
  #isPaused = false

  /** What the viewer asks for, as it asks. */
  command(command: Command, nowMs: number): void {
    switch (command.type) {
      case 'pause':
        this.#isPaused = true
        this.#rest(nowMs, Number.POSITIVE_INFINITY)
        break
      case 'play':
        this.#isPaused = false
        this.#limit(nowMs + startPatienceMs)
        break
      case 'seek':
        this.#goElsewhere(nowMs)
    }
  }

  /** What the server says, which is how a viewer hears of what others asked for. */
  note(note: ServerNote, nowMs: number): void {
    if (note.type !== 'epoch') return
    const { rate, rtpTimestamp, cause } = note.epoch
    this.#isPaused = note.paused
    if (rate === 1) {
      this.#goesOnAt = rtpTimestamp
      this.#limit(nowMs + startPatienceMs)
    } else if (note.paused || cause === 'end') this.#rest(nowMs, Number.POSITIVE_INFINITY)
    else if (cause === 'seek') this.#goElsewhere(nowMs)
  }

  /** A frame is on the screen; `rtpTimestamp` where that is known. */
  shown(nowMs: number, rtpTimestamp?: number): void {
    if (this.#goesOnAt === undefined) return
    if (rtpTimestamp !== undefined && rtpDistance(rtpTimestamp, this.#goesOnAt) < 0) return
    this.#limit(nowMs)
    this.#goesOnAt = undefined
  }

  /** How much of the time between the two stillness was asked for. */
  between(fromMs: number, toMs: number): number {
    let sum = 0
    for (const { fromMs: from, untilMs } of this.#intervals)
      sum += Math.max(0, Math.min(toMs, untilMs) - Math.max(fromMs, from))
    return sum
  }

  /** In how many pieces that is. */
  timesBetween(fromMs: number, toMs: number): number {
    return this.#intervals.filter(({ fromMs: from, untilMs }) => from < toMs && untilMs > fromMs).length
  }

  #goElsewhere(nowMs: number): void {
    this.#rest(nowMs, this.#isPaused ? Number.POSITIVE_INFINITY : nowMs + seekPatienceMs)
  }

  /** Goes on with the stillness there is, or begins one. */
  #rest(nowMs: number, untilMs: number): void {
    this.#goesOnAt = undefined
    const last = this.#intervals.at(-1)
    if (last && last.untilMs >= nowMs) last.untilMs = untilMs
    else this.#intervals.push({ fromMs: nowMs, untilMs })
    if (this.#intervals.length > maxIntervals) this.#intervals.shift()
  }

  #limit(untilMs: number): void {
    const last = this.#intervals.at(-1)
    if (last) last.untilMs = Math.min(last.untilMs, untilMs)
  }
}
