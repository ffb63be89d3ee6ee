// One planned session of a load test in a browser: joins, does what was planned and leaves, by the rules of a headless viewer.
import { type Clock, delay, type Timer } from '../../base/clock.ts'
import type { Quality } from '../../model/quality.ts'
import type { Command } from '../../protocol/control.ts'
import type { LoadSession } from '../../protocol/load-result.ts'
import type { LoadCut } from '../load-plane.ts'
import type { RunnableSession } from '../load-runtime.ts'
import type { PlannedAction, PlannedSession } from '../plan.ts'
import type { BrowserSession, SessionOutcome } from './browser-sessions.ts'
import type { BrowserViewers } from './open-browser-viewers.ts'

/** A viewer without a frame after this long has failed. */
const connectLimitMs = 30_000

interface PlannedDeps {
  readonly clock: Clock
  readonly viewers: Pick<BrowserViewers, 'open'>
  /** The begin of the run on the clock. */
  readonly originMs: number
  readonly quality?: Quality
}

export class PlannedBrowserSession implements RunnableSession {
  readonly ports: readonly number[] = []
  readonly #planned: PlannedSession
  readonly #deps: PlannedDeps
  readonly #session: BrowserSession
  readonly #cut = Promise.withResolvers<SessionOutcome>()

  /** To be made when it is to begin. */
  constructor(planned: PlannedSession, deps: PlannedDeps) {
    this.#planned = planned
    this.#deps = deps
    const { viewer, content, beginMs } = planned
    const { originMs, quality } = deps
    const request = { content, loop: true, ...(quality && { quality }) }
    this.#session = deps.viewers.open({ viewer, ...request, beganAtMs: originMs, plannedS: beginMs / 1000 })
  }

  get isWatching(): boolean {
    return this.#session.isWatching
  }

  /** Resolves once the session is over and closed; never rejects. */
  async run(): Promise<void> {
    const actions = this.#planned.actions.map((action) => this.#schedule(action))
    const over = new AbortController()
    const outcome = await Promise.race([
      this.#session.done.then(({ outcome, error }) => ({ outcome, error })),
      this.#cut.promise,
      this.#untilPlanned(over.signal),
      this.#noFrame(over.signal),
    ])
    over.abort()
    for (const action of actions) action.cancel()
    await this.#session.close(outcome)
  }

  cut({ error }: LoadCut): void {
    this.#cut.resolve(
      error
        ? { outcome: 'failed', error: { code: error.code, message: error.message } }
        : { outcome: 'interrupted', error: null },
    )
  }

  /** The page looks by itself. */
  sample(): void {}

  record(): LoadSession {
    return this.#session.soFar()
  }

  /** One whose time is up before it has seen anything goes on waiting: cut short, nobody would know how long it had to. */
  async #untilPlanned(signal: AbortSignal): Promise<SessionOutcome> {
    const { clock, originMs } = this.#deps
    await delayOrNever(clock, originMs + this.#planned.endMs - clock.now(), signal)
    await this.#session.seesFrame
    return { outcome: 'played', error: null }
  }

  async #noFrame(signal: AbortSignal): Promise<SessionOutcome> {
    const { clock } = this.#deps
    await delayOrNever(clock, connectLimitMs, signal)
    if (this.#session.isWatching) return new Promise<never>(() => {})
    const message = `no frame arrived within ${connectLimitMs / 1000} s`
    return { outcome: 'failed', error: { code: 'PEER_FAILED', message } }
  }

  #schedule(action: PlannedAction): Timer {
    const { clock, originMs } = this.#deps
    return clock.after(originMs + action.atMs - clock.now(), () => {
      const command = commandOf(action, this.#session.durationS)
      if (command) this.#session.command(command)
    })
  }
}

/** Undefined for a seek in content of which the duration is not known. */
function commandOf(action: PlannedAction, durationS: number | undefined): Command | undefined {
  if (action.type === 'quality') return { type: 'quality', quality: action.quality }
  if (action.type !== 'seek') return { type: action.type }
  return durationS === undefined ? undefined : { type: 'seek', timeS: action.share * durationS }
}

/** Pending for ever once the signal aborts. */
const delayOrNever = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  delay(clock, Math.max(0, ms), signal).catch(() => new Promise<never>(() => {}))
