// A recorded stretch as a tape: wound on to a moment it gives the state of that moment. Reads ahead in pieces, keeps little.
import type { HistoryRow, ReadHistory } from '../model/history.ts'
import type { LifecycleEvent, OperationRecord } from '../model/monitor.ts'
import { type LiveConnection, type LiveState, liveLimits, liveVersion } from '../protocol/live.ts'
import {
  afterEvent,
  afterOperation,
  connectionAt,
  newPlayed,
  type Played,
  summaryAt,
  toEvent,
  toOperation,
} from './replay-rows.ts'

export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

export interface Tape {
  /** Winds on to a moment, which must not be before the last one, and gives the state then. */
  to(atMs: number): Promise<LiveState>
  /** When something happens next; the end of the stretch where nothing does. */
  next(): Promise<number>
}

/** What is read at once. Where nothing happened the pieces grow. */
const pieceMs = 60_000
const longestPieceMs = 600_000
/** A connection of which nothing was heard for so long, and no end, was cut off with its server. */
const forgottenMs = 60_000
/** Rows about the time before the stretch, of one connection. */
const earlierRows = 1000

interface Moment {
  readonly atMs: number
  readonly table: 'connections' | 'samples' | 'events' | 'operations'
  readonly row: HistoryRow
}

const timeColumns = {
  samples: 'at_ms',
  events: 'at_ms',
  operations: 'started_at_ms',
  connections: 'created_at_ms',
} as const

export function createTape(read: ReadHistory, { fromMs, toMs }: Stretch): Tape {
  const played = new Map<string, Played & { readonly heardMs: number }>()
  let queue: Moment[] = []
  let readToMs = fromMs
  let lengthMs = pieceMs
  let events: LifecycleEvent[] = []
  let eventCount = 0
  let operations: OperationRecord[] = []

  /** Reads one piece further. */
  async function readOn(): Promise<void> {
    const range = { fromMs: readToMs, toMs: Math.min(toMs, readToMs + lengthMs) }
    readToMs = range.toMs
    const tables = ['connections', 'samples', 'events', 'operations'] as const
    const answers = await Promise.all(tables.map(async (table) => ({ table, ...(await read(table, range)) })))
    const found = answers.flatMap(({ table, rows }) =>
      rows.map((row): Moment => ({ table, row, atMs: Math.max(range.fromMs, Number(row[timeColumns[table]])) })),
    )
    const order = (a: Moment, b: Moment) => a.atMs - b.atMs || tables.indexOf(a.table) - tables.indexOf(b.table)
    queue = [...queue, ...found.sort(order)]
    lengthMs = found.some(({ table }) => table !== 'connections') ? pieceMs : Math.min(longestPieceMs, lengthMs * 2)
  }

  async function play({ table, row, atMs }: Moment): Promise<void> {
    if (table === 'connections') return meet(row, atMs)
    if (table === 'samples') return change(String(row.connection), atMs, (one) => ({ ...one, sample: row }))
    if (table === 'events') {
      const event = toEvent(row)
      events = [...events, event].slice(-liveLimits.events)
      eventCount++
      return change(event.connectionId, atMs, (one) => afterEvent(one, event))
    }
    const operation = toOperation(row)
    operations = [...operations, operation].slice(-liveLimits.operations)
    if (operation.connectionId) change(operation.connectionId, atMs, (one) => afterOperation(one, operation))
  }

  /** A row of the connections comes with every piece; of one that is older than the stretch the past is looked up. */
  async function meet(row: HistoryRow, atMs: number): Promise<void> {
    const id = String(row.id)
    const known = played.get(id)
    if (known) return void played.set(id, { ...known, row })
    let now = newPlayed(row)
    const createdAtMs = Number(row.created_at_ms)
    if (createdAtMs < fromMs) {
      const earlier = { fromMs: createdAtMs, toMs: fromMs, connection: id, limit: earlierRows }
      for (const one of (await read('events', earlier)).rows) now = afterEvent(now, toEvent(one))
      for (const one of (await read('operations', earlier)).rows) now = afterOperation(now, toOperation(one))
    }
    // It was asked for before it was there.
    for (const one of operations) if (one.connectionId === id) now = afterOperation(now, one)
    played.set(id, { ...now, heardMs: atMs })
  }

  function change(id: string, atMs: number, to: (one: Played) => Played): void {
    const known = played.get(id)
    if (known) played.set(id, { ...to(known), heardMs: atMs })
  }

  function connectionsAt(atMs: number): LiveConnection[] {
    const all = [...played].map(([id, one]) => ({ id, heardMs: one.heardMs, shown: connectionAt(one, atMs) }))
    const open = all.filter(({ shown, heardMs }) => shown.state !== 'closed' && heardMs >= atMs - forgottenMs)
    const closed = all
      .filter(({ shown }) => shown.state === 'closed')
      .sort((a, b) => b.shown.closedAtMs! - a.shown.closedAtMs!)
      .slice(0, liveLimits.closed)
    const kept = new Set([...open, ...closed].map(({ id }) => id))
    for (const id of played.keys()) if (!kept.has(id)) played.delete(id)
    return [...open.sort((a, b) => b.shown.createdAtMs - a.shown.createdAtMs), ...closed].map(({ shown }) => shown)
  }

  return {
    async to(atMs) {
      while (readToMs <= atMs && readToMs < toMs) await readOn()
      const due = queue.findIndex((moment) => moment.atMs > atMs)
      const [now, later] = due < 0 ? [queue, []] : [queue.slice(0, due), queue.slice(due)]
      queue = later
      for (const moment of now) await play(moment)
      const connections = connectionsAt(atMs)
      return {
        type: 'state',
        version: liveVersion,
        server: { version: '', nodeId: '', startedAtMs: fromMs, pollIntervalS: 0 },
        atMs,
        summary: summaryAt(connections, { fromMs, atMs, events: eventCount, operations }),
        connections,
        operations,
        tasks: [],
        events,
        workers: [],
      }
    },
    async next() {
      while (!queue.some(isNews) && readToMs < toMs) await readOn()
      return queue.find(isNews)?.atMs ?? toMs
    },
  }
}

/** Rows of connections come again with every piece: only the first is news. */
const isNews = ({ table, row, atMs }: Moment): boolean => table !== 'connections' || Number(row.created_at_ms) >= atMs
