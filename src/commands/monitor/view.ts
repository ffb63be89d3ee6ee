// What `mcpx monitor` prints where it has no screen: tables without lines, and words on the link.
import Table from 'cli-table3'
import { plain } from '../../lib/base/plain-text.ts'
import type { WatchLink } from '../../lib/model/link.ts'
import type { LiveMessage, LiveState } from '../../lib/protocol/live.ts'
import { snapshotOf, type TableText } from '../../lib/tui/index.ts'

/** What a message says of one connection, named by its id or the beginning of it. */
export function onlyConnection<M extends LiveMessage>(message: M, id: string): M {
  const isOwn = (other: string | undefined) => other?.startsWith(id) ?? false
  return {
    ...message,
    connections: message.connections.filter((one) => isOwn(one.id)),
    events: message.events.filter((one) => isOwn(one.connectionId)),
    operations: message.operations.filter((one) => isOwn(one.connectionId)),
    tasks: message.tasks.filter((one) => isOwn(one.owner)),
  }
}

/** A line for stderr. */
export function linkLine(link: WatchLink): string {
  switch (link.kind) {
    case 'gone':
      return plain`the server is gone (${link.reason}); asking again\n`
    case 'polling':
      return `the server gives no WebSocket: asking every ${link.everyMs / 1000} s\n`
    case 'live':
      return 'watching the server\n'
    case 'replay':
      return link.isOver ? 'the end of what was recorded\n' : `playing what was recorded, ×${link.speed}\n`
    case 'connecting':
      return ''
  }
}

/** `state` as it came: what a terminal must not see is taken out. */
export function snapshotText(state: LiveState, name: string): string {
  const { head, connections, scores, lists } = snapshotOf(state, name)
  const parts = [
    head,
    connections.rows.length > 0 ? tableText(connections) : 'no connections',
    ...(scores.rows.length > 0 ? [tableText(scores)] : []),
    ...lists.filter(({ lines }) => lines.length > 0).map(({ title, lines }) => `${title}\n${lines.join('\n')}`),
  ]
  return `${parts.join('\n\n')}\n`
}

const noLines = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
)

function tableText({ head, rows }: TableText): string {
  const table = new Table({
    head: [...head],
    chars: { ...noLines, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const row of rows) table.push([...row])
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
