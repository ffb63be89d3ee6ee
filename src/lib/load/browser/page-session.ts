// One session in a browser, as the tool keeps it: what was planned, the last that the page said, and how it ended.
import type { Clock } from '../../base/clock.ts'
import { type ErrorRecord, toErrorRecord } from '../../base/errors.ts'
import { plainText } from '../../base/plain-text.ts'
import type { StreamRequest } from '../../client/door.ts'
import type { BrowserRecord } from '../../protocol/browser-records.ts'
import type { LoadSession } from '../../protocol/load-result.ts'
import { loadSessionOf, type SessionPlan } from './load-session.ts'
import type { MediaPath } from './server-side.ts'

/** What a session counts so far. */
export type SessionCounts = Pick<
  LoadSession,
  'bytes' | 'packets' | 'packetsLost' | 'packetsRecovered' | 'frames' | 'freezes'
>

export interface PageSessionOptions {
  readonly plan: SessionPlan
  readonly request: StreamRequest
  /** The begin of the run, of the clock. */
  readonly beganAtMs: number
  readonly clock: Clock
  readonly path?: MediaPath | undefined
}

export class PageSession {
  readonly request: StreamRequest
  readonly done: Promise<LoadSession>
  /** Never rejects. */
  readonly seesFrame: Promise<void>
  /** What the server has granted to it. */
  readonly grants: number[] = []
  readonly path: MediaPath | undefined
  actions = 0
  /** How it ends where nothing goes wrong. */
  asked: Pick<LoadSession, 'outcome' | 'error'> = { outcome: 'played', error: null }
  readonly #options: PageSessionOptions
  readonly #sawFrame: () => void
  readonly #resolve: (session: LoadSession) => void
  #record: BrowserRecord | undefined
  #result: LoadSession | undefined
  #answerMs: number | null = null
  #refusal: ErrorRecord | undefined

  constructor(options: PageSessionOptions) {
    const { promise, resolve } = Promise.withResolvers<LoadSession>()
    this.request = options.request
    this.path = options.path
    this.done = promise
    const frame = Promise.withResolvers<void>()
    this.seesFrame = frame.promise
    this.#sawFrame = frame.resolve
    this.#options = options
    this.#resolve = resolve
  }

  get isOver(): boolean {
    return this.#result !== undefined
  }

  get outcome(): LoadSession['outcome'] | undefined {
    return this.#result?.outcome
  }

  /** It sees something now. */
  get isWatching(): boolean {
    return !this.isOver && this.#record !== undefined && this.#record.startupMs !== null
  }

  get isConnected(): boolean {
    return !this.isOver && this.#record !== undefined && this.#record.connectMs !== null
  }

  get durationS(): number | undefined {
    return this.#record?.durationS ?? undefined
  }

  get counts(): SessionCounts | undefined {
    return this.#result ?? this.#record
  }

  /** What it would be if it ended now. */
  soFar(): LoadSession {
    return this.#result ?? this.#resultOf('interrupted', null)
  }

  /** Passes an offer on, and measures how long the answer took. */
  async answered<T>(ask: () => Promise<T>): Promise<T> {
    const startedAtMs = this.#options.clock.now()
    try {
      const answer = await ask()
      this.#answerMs = this.#options.clock.now() - startedAtMs
      return answer
    } catch (error) {
      this.#refusal = toErrorRecord(error)
      throw error
    }
  }

  take(record: BrowserRecord): void {
    if (this.isOver || record.sequence <= (this.#record?.sequence ?? -1)) return
    this.#record = record
    if (record.startupMs !== null) this.#sawFrame()
    if (!record.isOver) return
    // The page knows only that the server said no.
    const error = record.error && (this.#refusal ?? record.error)
    if (error) this.end('failed', error)
    else this.end(this.asked.outcome, this.asked.error)
  }

  /** The first end counts. */
  end(outcome: LoadSession['outcome'], error: LoadSession['error']): void {
    if (this.#result) return
    this.#result = this.#resultOf(outcome, error && { code: plainText(error.code), message: plainText(error.message) })
    this.#resolve(this.#result)
  }

  #resultOf(outcome: LoadSession['outcome'], error: LoadSession['error']): LoadSession {
    const { plan, beganAtMs, clock } = this.#options
    const endedS = Math.max(0, (clock.now() - beganAtMs) / 1000)
    return loadSessionOf(plan, this.#record, {
      endedS,
      outcome,
      error,
      answerMs: this.#answerMs,
      actions: this.actions,
    })
  }
}
