// One moment as tables, for a pipe, a file or a terminal that nobody looks at.
import { plainText, plainTexts } from '../base/plain-text.ts'
import type { LiveState } from '../protocol/live.ts'
import { columnNames, columns } from './columns.ts'
import { listLines, paneTitles } from './lists.ts'
import { cutMiddle } from './text.ts'
import { countsText, scoreText, serverText } from './view.ts'

export interface TableText {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

interface Snapshot {
  readonly head: string
  readonly connections: TableText
  readonly scores: TableText
  /** Title and lines, the newest first. */
  readonly lists: readonly { readonly title: string; readonly lines: readonly string[] }[]
}

const contentWidth = 40
const listLength = 10

/** `given` as it came: what others wrote in it is made harmless. */
export function snapshotOf(given: LiveState, name: string): Snapshot {
  const state = plainTexts(given)
  const { connections, atMs } = state
  const cell = (column: (typeof columnNames)[number], one: LiveState['connections'][number]) =>
    column === 'content' ? cutMiddle(one.content, contentWidth) : columns[column].text(one, atMs)
  return {
    head: `${plainText(name)}  ${serverText(state)}\n${countsText(state)}`,
    connections: {
      head: columnNames.map((column) => columns[column].title),
      rows: connections.map((one) => columnNames.map((column) => cell(column, one))),
    },
    scores: {
      head: ['ID', 'HEALTH', 'VIDEO QUALITY'],
      rows: connections
        .filter(({ health }) => health !== undefined)
        .map((one) => [one.id.slice(0, 8), scoreText(one.health), scoreText(one.videoQuality)]),
    },
    lists: (['events', 'operations', 'tasks'] as const).map((pane) => ({
      title: paneTitles[pane],
      lines: listLines(state, pane, listLength).map(({ text }) => text.trimEnd()),
    })),
  }
}
