// Events, operations and tasks as lines, the newest first. Pure.
import { wordsOf } from '../base/plain-text.ts'
import type { LiveState } from '../protocol/live.ts'
import { clockTime, unknown } from './format.ts'
import { fitTo } from './text.ts'
import type { Pane } from './ui.ts'
import type { Said } from './view.ts'

export const paneTitles: Readonly<Record<Pane, string>> = {
  chart: 'Chart',
  events: 'Events',
  operations: 'Operations',
  tasks: 'Tasks',
}

type ListPane = Exclude<Pane, 'chart'>

const shortId = (id: string | undefined): string => fitTo(id?.slice(0, 8) ?? unknown, 8)
const detailsText = (details: Readonly<Record<string, unknown>>): string =>
  Object.entries(details)
    .map(([name, value]) => `${name}=${wordsOf(value)}`)
    .join(' ')

const took = (startedAtMs: number, endedAtMs: number | undefined): string =>
  fitTo(endedAtMs === undefined ? '' : `${Math.round(endedAtMs - startedAtMs)} ms`, 8, 'right')

interface Work {
  readonly startedAtMs: number
  readonly endedAtMs?: number
  readonly of: string | undefined
  readonly name: string
  readonly status: string
  readonly error?: { readonly code: string; readonly message: string }
  readonly about?: string
}

/** What went wrong says more than that something did, and what it was about more than that all went well. */
function workLine({ startedAtMs, endedAtMs, of, name, status, error, about }: Work): Said {
  const outcome = error ? `${error.code}: ${error.message}` : (status === 'completed' && about) || status
  return {
    text: `${clockTime(startedAtMs)}  ${shortId(of)}  ${fitTo(name, 21)} ${took(startedAtMs, endedAtMs)}  ${outcome}`,
    ...(status === 'failed' && { tone: 'bad' as const }),
  }
}

/** The last of them as lines, each with a tone where it is bad. */
export function listLines(state: LiveState, pane: ListPane, limit: number): Said[] {
  const newest = <T>(all: readonly T[]): T[] => all.slice(-Math.max(0, limit)).toReversed()
  if (limit <= 0) return []
  switch (pane) {
    case 'events':
      return newest(state.events).map(({ atMs, connectionId, type, details }) => ({
        text: `${clockTime(atMs)}  ${shortId(connectionId)}  ${fitTo(type, 23)}  ${detailsText(details)}`,
        ...(type === 'error' && { tone: 'bad' as const }),
      }))
    case 'operations':
      return newest(state.operations).map(({ type, connectionId, details, ...one }) =>
        workLine({ ...one, of: connectionId, name: type, about: detailsText(details) }),
      )
    case 'tasks':
      return newest(state.tasks).map(({ createdAtMs, owner, ...one }) =>
        workLine({ ...one, startedAtMs: createdAtMs, of: owner }),
      )
  }
}
