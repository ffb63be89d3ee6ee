// All sessions of one browser: what was ordered, what came back, what they count together, and an end for each of them, also where
// the page says nothing any more.
import { type Clock, delay, every } from '../../base/clock.ts'
import { McpxError, toErrorRecord } from '../../base/errors.ts'
import type { StreamRequest } from '../../client/door.ts'
import type { BrowserOrder } from '../../protocol/browser-load.ts'
import type { BrowserRecord } from '../../protocol/browser-records.ts'
import type { Command } from '../../protocol/control.ts'
import type { LoadSession } from '../../protocol/load-result.ts'
import type { BrowserKind } from './find-browser.ts'
import { PageSession } from './page-session.ts'
import type { MediaPath, ServerSide } from './server-side.ts'
import type { Grant } from './tool-door.ts'

export interface BrowserSessionRequest extends StreamRequest {
  readonly viewer: number
  /** The begin of the run, of the clock. */
  readonly beganAtMs: number
  /** From there. Waits are counted from this moment, whenever `open` is called. */
  readonly plannedS: number
}

export interface BrowserSession {
  /** Resolves when it is over, asked or not; never rejects. */
  readonly done: Promise<LoadSession>
  /** Resolves with the first frame; never where none comes. */
  readonly seesFrame: Promise<void>
  readonly isWatching: boolean
  /** Of the content, once that is known. */
  readonly durationS: number | undefined
  /** False where it could not be asked for: there is no connection. */
  command(command: Command): boolean
  /** What was measured so far, as if it were interrupted now. */
  soFar(): LoadSession
  /** Leaves the server. Resolves as `done`, which is this where nothing went wrong before. */
  close(outcome?: SessionOutcome): Promise<LoadSession>
}

export type SessionOutcome = Pick<LoadSession, 'outcome' | 'error'>

/** Since the begin, of all sessions together. */
export interface BrowserCounts extends Readonly<Record<(typeof counted)[number], number>> {
  readonly sessions: number
  /** That see something now. */
  readonly watching: number
  readonly failed: number
}

interface BrowserSessionsOptions {
  readonly kind: BrowserKind
  readonly clock: Clock
  readonly server: Pick<ServerSide, 'offer' | 'leave'>
  /** Lays the way of a session's media; the direct one when absent. */
  readonly openPath?: ((request: BrowserSessionRequest) => MediaPath) | undefined
  order(order: BrowserOrder): void
}

/** The page tells something every second while it has sessions: after so long it hangs. */
const silentMs = 20_000
const lookMs = 1000
/** How long the last record of a session may take. */
const lastRecordMs = 5000

const counted = ['bytes', 'packets', 'packetsLost', 'packetsRecovered', 'frames', 'freezes'] as const

export class BrowserSessions {
  readonly #options: BrowserSessionsOptions
  readonly #open = new Map<number, PageSession>()
  readonly #settled = { bytes: 0, packets: 0, packetsLost: 0, packetsRecovered: 0, frames: 0, freezes: 0, failed: 0 }
  readonly #watch: { cancel(): void }
  #begun = 0
  #heardAtMs: number
  #failure: McpxError | undefined

  constructor(options: BrowserSessionsOptions) {
    this.#options = options
    this.#heardAtMs = options.clock.now()
    this.#watch = every(options.clock, lookMs, () => this.#look())
  }

  open(asked: BrowserSessionRequest): BrowserSession {
    const { kind, clock, order, openPath } = this.#options
    const { viewer, beganAtMs, plannedS, ...request } = asked
    const id = this.#begun++
    const plan = { kind, viewer, content: request.content, plannedS }
    const session = new PageSession({ plan, request, beganAtMs, clock, path: openPath?.(asked) })
    // The page is not waited for while it has nothing to tell.
    if (this.#open.size === 0) this.#heardAtMs = clock.now()
    this.#open.set(id, session)
    void session.done.then(() => this.#settle(id, session))
    if (this.#failure) session.end('failed', toErrorRecord(this.#failure))
    else order({ type: 'open', session: id, plannedAtMs: beganAtMs + plannedS * 1000 })
    return {
      done: session.done,
      seesFrame: session.seesFrame,
      get isWatching() {
        return session.isWatching
      },
      get durationS() {
        return session.durationS
      },
      soFar: () => session.soFar(),
      command(command) {
        if (!session.isConnected) return false
        session.actions++
        order({ type: 'command', session: id, command })
        return true
      },
      close: (outcome = { outcome: 'played', error: null }) => this.#close(id, session, outcome),
    }
  }

  /** Of the page. Of sessions that are over there is nothing left to say. */
  take(records: readonly BrowserRecord[]): void {
    this.#heardAtMs = this.#options.clock.now()
    for (const record of records) this.#open.get(record.session)?.take(record)
  }

  /** Passes an offer of the page on. Throws what the server says. */
  offer(id: number, sdp: string): Promise<Grant> {
    const session = this.#open.get(id)
    if (!session) throw new McpxError('STREAM_NOT_FOUND', 'the session is over')
    return session.answered(async () => {
      const grant = await this.#options.server.offer(session.request, sdp, session.path)
      session.grants.push(grant.id)
      if (session.isOver) this.#release(session)
      return grant
    })
  }

  counts(): BrowserCounts {
    const open = [...this.#open.values()]
    const sums = { ...this.#settled }
    for (const { counts } of open) if (counts) for (const field of counted) sums[field] += counts[field] ?? 0
    return { ...sums, sessions: this.#begun, watching: open.filter(({ isWatching }) => isWatching).length }
  }

  /** Ends all that are open, and all that come, with this. The first failure counts. */
  fail(error: McpxError): void {
    this.#failure ??= error
    for (const session of this.#open.values()) session.end('failed', toErrorRecord(this.#failure))
  }

  /** Ends what is open as interrupted. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#open].map(([id, session]) => this.#close(id, session, { outcome: 'interrupted', error: null })),
    )
    this.#watch.cancel()
  }

  async #close(id: number, session: PageSession, outcome: SessionOutcome): Promise<LoadSession> {
    const { clock, order } = this.#options
    if (session.isOver) return session.done
    session.asked = outcome
    order({ type: 'close', session: id })
    const patience = new AbortController()
    const tooLate = delay(clock, lastRecordMs, patience.signal).then(
      () => session.end(outcome.outcome, outcome.error),
      () => {},
    )
    const result = await session.done
    patience.abort()
    await tooLate
    return result
  }

  #settle(id: number, session: PageSession): void {
    this.#open.delete(id)
    const { counts } = session
    if (counts) for (const field of counted) this.#settled[field] += counts[field] ?? 0
    if (session.outcome === 'failed') this.#settled.failed++
    this.#release(session)
  }

  /** What the page has not given back itself. */
  #release(session: PageSession): void {
    for (const grant of session.grants.splice(0)) void this.#options.server.leave(grant)
    void session.path?.close()
  }

  #look(): void {
    if (this.#open.size === 0 || this.#failure) return
    const silenceMs = this.#options.clock.now() - this.#heardAtMs
    if (silenceMs > silentMs)
      this.fail(new McpxError('BROWSER_FAILED', `the page said nothing for ${Math.round(silenceMs / 1000)} s`))
  }
}
