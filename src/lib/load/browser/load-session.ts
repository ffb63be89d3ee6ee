// From what a page measured of a session to the session of the result.
import type { BrowserRecord } from '../../protocol/browser-records.ts'
import type { LoadSession } from '../../protocol/load-result.ts'
import { unseen } from '../unseen.ts'
import type { BrowserKind } from './find-browser.ts'

/** What the tool knows of a session, whether or not the page ever said a word. */
export interface SessionPlan {
  readonly kind: BrowserKind
  readonly viewer: number
  readonly content: string
  /** From the begin of the run, as `endedS`. */
  readonly plannedS: number
}

export interface SessionEnd {
  readonly endedS: number
  readonly outcome: LoadSession['outcome']
  readonly error: LoadSession['error']
  /** Offer to answer; null where there was none. */
  readonly answerMs: number | null
  readonly actions: number
}

/** `record`: the last that came of it; undefined where none did. */
export function loadSessionOf(plan: SessionPlan, record: BrowserRecord | undefined, end: SessionEnd): LoadSession {
  const {
    session: _session,
    sequence: _sequence,
    isOver: _isOver,
    error: _error,
    ...seen
  } = record ?? {
    ...unseen,
    durationS: null,
    session: 0,
    sequence: 0,
    atMs: 0,
    isOver: true,
    error: null,
  }
  const { atMs, rungs, durationS: _durationS, ...measured } = seen
  // What the page did not live to tell is not known: it is what it saw until its last word.
  const watchedMs = measured.startupMs === null ? 0 : Math.max(0, atMs - measured.startupMs)
  return {
    ...plan,
    ...measured,
    ...end,
    watchedS: watchedMs / 1000,
    rungs: rungs.map((rung) => ({ atS: plan.plannedS + rung.atMs / 1000, quality: rung.quality })),
  }
}
