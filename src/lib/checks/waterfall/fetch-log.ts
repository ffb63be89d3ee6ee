// What became of the search for a block, as steps: found, dial, first block, verified.
import type { Clock } from '../../base/clock.ts'
import type { FetchTrace } from '../../content/fetch-trace.ts'
import type { WaterfallStep, WaterfallStepName } from '../../protocol/waterfall.ts'

interface Asked {
  readonly source: string
  readonly askedMs: number
  isDialling?: true
  dialledMs?: number
  answeredMs?: number
  bytes?: number
  verifiedMs?: number
  isRight?: boolean
  failure?: string
}

export class FetchLog implements FetchTrace {
  readonly #clock: Pick<Clock, 'now'>
  readonly #asked: Asked[] = []

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  ask(source: string) {
    const now = () => this.#clock.now()
    const asked: Asked = { source, askedMs: now() }
    this.#asked.push(asked)
    return {
      dialling() {
        asked.isDialling = true
      },
      dialled() {
        asked.dialledMs ??= now()
      },
      answered(bytes: number | undefined) {
        asked.answeredMs = now()
        if (bytes !== undefined) asked.bytes = bytes
      },
      failed(error: unknown) {
        asked.failure = error instanceof Error ? error.message : String(error)
      },
      verified(isRight: boolean) {
        asked.verifiedMs = now()
        asked.isRight = isRight
      },
    }
  }

  get isEmpty(): boolean {
    return this.#asked.length === 0
  }

  /** The one whose block was taken; otherwise the one that came furthest. */
  get #best(): Asked | undefined {
    const distance = ({ isRight, verifiedMs, answeredMs, dialledMs }: Asked) =>
      isRight ? 4 : verifiedMs !== undefined ? 3 : answeredMs !== undefined ? 2 : dialledMs !== undefined ? 1 : 0
    return this.#asked.toSorted((a, b) => distance(b) - distance(a))[0]
  }

  /** Of a search that began then; one that failed ends with the step that it failed in, which has no `ms` beyond the end. */
  steps(
    beganMs: number,
    endedMs: number,
  ): { readonly steps: WaterfallStep[]; readonly failedStep?: WaterfallStepName } {
    const best = this.#best
    if (!best) return { steps: [], failedStep: 'found' }
    const others = this.#asked
      .filter((one) => one !== best)
      .map(({ source, failure }) => `${source}: ${failure ?? 'no'}`)
    const at = (step: WaterfallStepName, fromMs: number, toMs: number, detail: string): WaterfallStep => ({
      step,
      where: 'server',
      status: 'done',
      startMs: fromMs - beganMs,
      ms: Math.max(0, toMs - fromMs),
      detail,
    })
    const found = at('found', beganMs, best.askedMs, [`asked ${best.source}`, ...others].join('; '))
    const dialledMs = best.dialledMs ?? best.askedMs
    const wasOpen = best.dialledMs === undefined
    const dial = at('dial', best.askedMs, dialledMs, wasOpen ? 'a connection was open already' : best.source)
    if (best.bytes === undefined && best.answeredMs !== undefined) return { steps: [], failedStep: 'found' }
    if (best.bytes === undefined) {
      // Nothing was heard: of one that was never reached, and of one that is silent.
      return best.isDialling && best.dialledMs === undefined
        ? { steps: [found], failedStep: 'dial' }
        : { steps: [found, dial], failedStep: 'first-block' }
    }
    const answeredMs = best.answeredMs ?? endedMs
    const block = at('first-block', dialledMs, answeredMs, `${best.bytes} bytes from ${best.source}`)
    if (!best.isRight) return { steps: [found, dial, block], failedStep: 'verified' }
    const verified = at('verified', answeredMs, endedMs, 'the bytes are those of the hash, and kept')
    return { steps: [found, dial, block, verified] }
  }
}
