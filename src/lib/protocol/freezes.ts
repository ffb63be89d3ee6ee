// Freezes as W3C webrtc-stats defines them, of the time in which the viewer wanted a picture that moves. A freeze counts
// while it lasts, as long as it has lasted so far. Time in, numbers out.
import type { Stillness } from './stillness.ts'

/** Frames whose mean interval is what a gap is held against. */
const meanOver = 30

/** Whether a gap after frames this far apart is a freeze. */
export const isFreeze = (gapMs: number, meanMs: number): boolean => gapMs >= Math.max(3 * meanMs, meanMs + 150)

/** What lasts may be over without having been seen: a frame is waited for, decoded and held back a little before it is shown. */
const unsureMs = 300

/** Whether a gap that has not ended is one beyond doubt. */
export const isFreezing = (gapMs: number, meanMs: number): boolean => isFreeze(gapMs - unsureMs, meanMs)

export interface Freezes {
  readonly freezeCount: number
  readonly totalFreezesDurationS: number
}

/** Counters never go back, also where a freeze that lasted turns out a little shorter than it was told. */
export const noLess = (told: Freezes, count: number, totalMs: number): Freezes => ({
  freezeCount: Math.max(told.freezeCount, count),
  totalFreezesDurationS: Math.max(told.totalFreezesDurationS, totalMs / 1000),
})

export const noFreezes: Freezes = { freezeCount: 0, totalFreezesDurationS: 0 }

/** Counts from the times of the frames. */
export class FreezeCounter {
  readonly #stillness: Pick<Stillness, 'between'>
  readonly #gapsMs: number[] = []
  #lastAtMs: number | undefined
  #count = 0
  #totalMs = 0
  #told = noFreezes

  constructor(stillness: Pick<Stillness, 'between'>) {
    this.#stillness = stillness
  }

  /** A frame is shown. */
  add(nowMs: number): void {
    if (this.#lastAtMs !== undefined) this.#close(nowMs, this.#lastAtMs)
    this.#lastAtMs = nowMs
  }

  /** All until now, with the one that lasts. */
  at(nowMs: number): Freezes {
    const lastsMs = this.#lastAtMs === undefined ? 0 : this.#frozenMs(this.#lastAtMs, nowMs, isFreezing)
    this.#told = noLess(this.#told, this.#count + (lastsMs > 0 ? 1 : 0), this.#totalMs + lastsMs)
    return this.#told
  }

  #close(nowMs: number, lastAtMs: number): void {
    const frozenMs = this.#frozenMs(lastAtMs, nowMs, isFreeze)
    if (frozenMs > 0) this.#count++
    this.#totalMs += frozenMs
    // What the viewer asked for says nothing of how far apart frames are.
    if (this.#stillness.between(lastAtMs, nowMs) > 0) return
    this.#gapsMs.push(nowMs - lastAtMs)
    if (this.#gapsMs.length > meanOver) this.#gapsMs.shift()
  }

  /** 0 where the gap is no freeze. */
  #frozenMs(fromMs: number, toMs: number, isOne: typeof isFreeze): number {
    if (this.#gapsMs.length === 0) return 0
    const gapMs = toMs - fromMs - this.#stillness.between(fromMs, toMs)
    const meanMs = this.#gapsMs.reduce((sum, gap) => sum + gap, 0) / this.#gapsMs.length
    return isOne(gapMs, meanMs) ? gapMs : 0
  }
}
