// Freezes by what the browser counted between two looks, less the time in which the viewer wanted the picture to stand still, and
// with the one that lasts, which the browser counts when it is over. The browser counts in a tab that is hidden too.
import { type Freezes, isFreezing, noFreezes, noLess } from '../../lib/protocol/freezes.ts'
import type { Stillness } from '../../lib/protocol/stillness.ts'
import type { Sample } from './stats.ts'

type Look = Pick<
  Sample,
  | 'atMs'
  | 'framesDecoded'
  | 'freezeCount'
  | 'totalFreezesDurationS'
  | 'pauseCount'
  | 'totalPausesDurationS'
  | 'totalInterFrameDelayS'
>

/** What is left of a pause beside the stillness that was asked for is no freeze while it is shorter. */
const shortestFreezeMs = 150
/** Until more is known. */
const usualFrameIntervalMs = 33

const nothing = { framesDecoded: 0, standstills: 0, stoodMs: 0, frameAtMs: 0, delayMs: 0 }

/** For one peer connection. */
export class FreezeLedger {
  readonly #stillness: Pick<Stillness, 'between' | 'timesBetween'>
  #last = nothing
  #firstFrameAtMs = Number.POSITIVE_INFINITY
  #frameIntervalMs = usualFrameIntervalMs
  #count = 0
  #totalMs = 0
  #told = noFreezes

  constructor(stillness: Pick<Stillness, 'between' | 'timesBetween'>) {
    this.#stillness = stillness
  }

  /** All until this look. */
  add(look: Look): Freezes {
    if (look.framesDecoded === 0) return this.#told
    if (look.framesDecoded < this.#last.framesDecoded) this.#beginAnew()
    const now = this.#stateOf(look)
    this.#close(now)
    this.#last = now
    const lastsMs = this.#lastingMs(now.frameAtMs, look.atMs)
    this.#told = noLess(this.#told, this.#count + (lastsMs > 0 ? 1 : 0), this.#totalMs + lastsMs)
    return this.#told
  }

  #beginAnew(): void {
    this.#last = nothing
    this.#firstFrameAtMs = Number.POSITIVE_INFINITY
  }

  /** A gap in which nothing at all came for five seconds is a "pause" to the browser: it cannot know that nobody wanted one. */
  #stateOf(look: Look): typeof nothing {
    const delayMs = (look.totalInterFrameDelayS ?? 0) * 1000
    return {
      framesDecoded: look.framesDecoded,
      standstills: look.freezeCount + look.pauseCount,
      stoodMs: (look.totalFreezesDurationS + look.totalPausesDurationS) * 1000,
      frameAtMs: this.#frameAtMs(look, delayMs),
      delayMs,
    }
  }

  /** The last frame came by all intervals between frames after the first one, which came at the least before any look. */
  #frameAtMs({ atMs, framesDecoded, totalInterFrameDelayS }: Look, delayMs: number): number {
    if (totalInterFrameDelayS === undefined)
      return framesDecoded > this.#last.framesDecoded ? atMs : this.#last.frameAtMs
    this.#firstFrameAtMs = Math.min(this.#firstFrameAtMs, atMs - delayMs)
    return this.#firstFrameAtMs + delayMs
  }

  /** What was over by the last frame: every gap that the browser has counted since lies between the last frames of two looks. */
  #close(now: typeof nothing): void {
    const { standstills, stoodMs, frameAtMs, framesDecoded, delayMs } = this.#last
    const times = now.standstills - standstills
    const frames = now.framesDecoded - framesDecoded
    if (times <= 0) {
      const isPlain = frames > 0 && this.#stillness.between(frameAtMs, now.frameAtMs) === 0
      if (isPlain && now.delayMs > delayMs) this.#frameIntervalMs = (now.delayMs - delayMs) / frames
      return
    }
    const frozenMs = now.stoodMs - stoodMs - this.#stillness.between(frameAtMs, now.frameAtMs)
    if (frozenMs < shortestFreezeMs) return
    this.#totalMs += frozenMs
    this.#count += Math.max(1, times - this.#stillness.timesBetween(frameAtMs, now.frameAtMs))
  }

  #lastingMs(frameAtMs: number, nowMs: number): number {
    const gapMs = nowMs - frameAtMs - this.#stillness.between(frameAtMs, nowMs)
    return isFreezing(gapMs, this.#frameIntervalMs) ? gapMs : 0
  }
}
