// Events, operations and tasks as lines, the newest first. Pure.
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
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')

const took = (startedAtMs: number, endedAtMs: number | undefined): string =>
  fitTo(endedAtMs === undefined ? '' : `${Math.round(endedAtMs - startedAtMs)} ms`, 9, 'right')

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
      return newest(state.operations).map(({ startedAtMs, endedAtMs, status, type, connectionId, error, details }) => ({
        text:
          `${clockTime(startedAtMs)}  ${shortId(connectionId)}  ${fitTo(type, 18)} ${fitTo(status, 9)} ` +
          `${took(startedAtMs, endedAtMs)}  ${error ? `${error.code}: ${error.message}` : detailsText(details)}`,
        ...(status === 'failed' && { tone: 'bad' as const }),
      }))
    case 'tasks':
      return newest(state.tasks).map(({ createdAtMs, endedAtMs, owner, name, status, error }) => ({
        text:
          `${clockTime(createdAtMs)}  ${shortId(owner)}  ${fitTo(name, 18)} ${fitTo(status, 9)} ` +
          `${took(createdAtMs, endedAtMs)}  ${error ? `${error.code}: ${error.message}` : ''}`,
        ...(status === 'failed' && { tone: 'bad' as const }),
      }))
  }
}
