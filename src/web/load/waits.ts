// When a viewer came how far. Times of `performance.now()` in, milliseconds out.
import type { BrowserRecord } from '../../lib/protocol/browser-records.ts'

/** `answered`: the answer was taken. */
export type Step = 'answered' | 'ice' | 'connected' | 'packet' | 'frame'

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
    const { answered, ice, connected, packet, frame } = this.#at
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
