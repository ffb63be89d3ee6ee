// The history as the rest sees it: rows go in without waiting, in batches to a thread of its own, bounded; ranges come out.
import { type Clock, every } from '../base/clock.ts'
import { type McpxError, toMcpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { spawnWorker } from '../base/spawn-worker.ts'
import { linkWorker } from '../base/worker-link.ts'
import type { HistoryAnswer, HistoryRange, HistoryTable, ReadHistory } from '../model/history.ts'
import { type ConnectionRow, emptyBatch, type HistoryBatch, type OpenBatch } from './rows.ts'
import type { Retention } from './store.ts'

export type HistoryMethods = {
  /** Samples that had to go for it. */
  write: [HistoryBatch, number]
  read: [{ table: HistoryTable; range: HistoryRange }, HistoryAnswer]
  retain: [{ nowMs: number; retention: Retention }, string[]]
  stop: [undefined, undefined]
}

export interface History {
  /** Takes rows to be written soon. Never waits and never throws: what cannot be written is counted and told. */
  add<K extends keyof HistoryBatch>(table: K, row: HistoryBatch[K][number]): void
  /** Resolves when all that was added before is written, or lost. */
  flush(): Promise<void>
  readonly read: ReadHistory
  /** Rows that were not written, because the disk was full or too slow. */
  readonly lostRows: number
  /** Writes what is left and ends the thread. */
  close(): Promise<void>
}

interface HistoryDeps {
  readonly folder: string
  readonly retention: Retention
  readonly clock: Clock
  readonly logger: Logger
}

/** The last second is all that a process that is killed loses. */
const flushMs = 1000
const retainMs = 3_600_000
/** Rows that wait while the disk is slow. */
const maxWaiting = 50_000
const stopGraceMs = 5000

type Waiting = Omit<OpenBatch, 'connections'> & {
  /** By id: only the last state counts. */
  readonly connections: Map<string, ConnectionRow>
}

const nothing = (): Waiting => ({ ...emptyBatch(), connections: new Map() })

export function createHistory({ folder, retention, clock, logger }: HistoryDeps): History {
  const worker = spawnWorker('history-worker', import.meta.url, { folder })
  const link = linkWorker<Record<string, never>, HistoryMethods, Record<string, never>>(
    worker,
    {},
    () => {},
    (error) => {
      isDead = true
      logger.error({ error: String(error.cause ?? error) }, 'the history is not written any more')
    },
  )
  let isDead = false
  let waiting = nothing()
  let waitingRows = 0
  let writing: Promise<void> | undefined
  let lostRows = 0
  let failingWith: McpxError['code'] | undefined
  let isTrimmed = false

  function add<K extends keyof HistoryBatch>(table: K, row: HistoryBatch[K][number]): void {
    if (isDead || waitingRows >= maxWaiting) {
      lostRows++
      return
    }
    waitingRows++
    if (table === 'connections') waiting.connections.set((row as ConnectionRow).id, row as ConnectionRow)
    else (waiting[table as keyof Omit<Waiting, 'connections'>] as unknown[]).push(row)
  }

  async function write(): Promise<void> {
    const [batch, rows] = [waiting, waitingRows]
    waiting = nothing()
    waitingRows = 0
    if (rows === 0) return
    try {
      const removed = await link.rpc.call('write', { ...batch, connections: [...batch.connections.values()] })
      if (removed > 0 && !isTrimmed)
        logger.warn(
          { maxBytes: retention.maxBytes },
          'today alone is larger than the history may be: its oldest samples go',
        )
      isTrimmed ||= removed > 0
      if (failingWith) logger.info({ lostRows }, 'the history is written again')
      failingWith = undefined
    } catch (thrown) {
      lostRows += rows
      const error = toMcpxError(thrown)
      // Once for each kind of trouble, not once a second.
      if (error.code !== failingWith)
        logger.error({ code: error.code, error: error.message }, 'the history is not written')
      failingWith = error.code
    }
  }

  function flush(): Promise<void> {
    writing = (writing ?? Promise.resolve()).then(write)
    return writing
  }

  async function retain(): Promise<void> {
    try {
      const removed = await link.rpc.call('retain', { nowMs: clock.wallMs(), retention })
      if (removed.length > 0) logger.info({ days: removed }, 'old history removed')
    } catch (error) {
      if (!isDead) logger.warn({ error: String(error) }, 'old history could not be removed')
    }
  }

  let isFlushing = false
  const flushing = every(clock, flushMs, () => {
    if (isFlushing) return
    isFlushing = true
    void flush().finally(() => {
      isFlushing = false
    })
  })
  void retain()
  const retaining = every(clock, retainMs, () => void retain())

  return {
    add,
    flush,
    read: (table, range) => link.rpc.call('read', { table, range }),
    get lostRows() {
      return lostRows
    },
    async close() {
      flushing.cancel()
      retaining.cancel()
      if (!isDead) await flush()
      await link.stop(stopGraceMs)
    },
  }
}
