// When a viewer came how far. Times of `performance.now()` in, milliseconds out.
import type { BrowserRecord } from '../../lib/protocol/browser-records.ts'

/** `answered`: the answer was taken. */
export type Step = (typeof steps)[number]
/** Each leads to the next. */
const steps = ['answered', 'ice', 'connected', 'packet', 'frame'] as const

type WaitFields = Pick<BrowserRecord, 'startupMs' | 'connectMs' | 'iceMs' | 'dtlsMs' | 'firstPacketMs'>

export class Waits {
  readonly #plannedAtMs: number
  readonly #at: Partial<Record<Step, number>> = {}

  constructor(plannedAtMs: number) {
    this.#plannedAtMs = plannedAtMs
  }

  /** The first time counts. */
  reached(step: Step, nowMs: number): void {
    this.#at[step] ??= nowMs
  }

  /** A new attempt: only what was waited for altogether goes on. */
  again(): void {
    for (const step of ['answered', 'ice', 'connected', 'packet'] as const) delete this.#at[step]
  }

  since(nowMs: number): number {
    return Math.max(0, nowMs - this.#plannedAtMs)
  }

  get fields(): WaitFields {
    const { answered, ice, connected, packet, frame } = inOrder(this.#at)
    const between = (from: number | undefined, to: number | undefined) =>
      from === undefined || to === undefined ? null : Math.max(0, to - from)
    return {
      startupMs: between(this.#plannedAtMs, frame),
      connectMs: between(this.#plannedAtMs, connected),
      iceMs: between(answered, ice),
      dtlsMs: between(ice, connected),
      firstPacketMs: between(connected, packet),
    }
  }
}

/** A page that is busy hears of a step late, also after the one that it led to: it came no later than that. */
function inOrder(at: Partial<Record<Step, number>>): Partial<Record<Step, number>> {
  const found: Partial<Record<Step, number>> = {}
  let next = Number.POSITIVE_INFINITY
  for (const step of steps.toReversed()) {
    const known = at[step]
    if (known === undefined) continue
    next = Math.min(next, known)
    found[step] = next
  }
  return found
}
