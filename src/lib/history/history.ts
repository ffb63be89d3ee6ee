// The history as the rest sees it: rows go in without waiting, in batches to a thread of its own, bounded; ranges come out.
import { type Clock, every } from '../base/clock.ts'
import { type McpxError, toMcpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { RestartPolicy } from '../base/restart-policy.ts'
import { spawnWorker } from '../base/spawn-worker.ts'
import { linkWorker, type WorkerLink } from '../base/worker-link.ts'
import type { HistoryAnswer, HistoryRange, HistoryTable, ReadHistory, ReadHistoryJson } from '../model/history.ts'
import { type ConnectionRow, emptyBatch, type HistoryBatch, type OpenBatch } from './rows.ts'
import type { Retention, Written } from './store.ts'

export type HistoryMethods = {
  write: [HistoryBatch, Written]
  read: [{ table: HistoryTable; range: HistoryRange }, HistoryAnswer]
  readJson: [{ table: HistoryTable; range: HistoryRange; maxRows: number }, Uint8Array]
  retain: [{ nowMs: number; retention: Retention }, string[]]
  stop: [undefined, undefined]
}

export interface History {
  /** Takes rows to be written soon. Never waits and never throws: what cannot be written is counted and told. */
  add<K extends keyof HistoryBatch>(table: K, row: HistoryBatch[K][number]): void
  /** Resolves when all that was added before is written, or lost. */
  flush(): Promise<void>
  /** With all that was added before. */
  readonly read: ReadHistory
  readonly readJson: ReadHistoryJson
  /** Rows that were lost: the file cannot be used, or more waited for the disk than may wait. */
  readonly lostRows: number
  /** What keeps it from being written now, and what was set aside; empty while all is well. */
  problems(): string[]
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
const restartLimits = { maxInARow: 5 }

type Waiting = Omit<OpenBatch, 'connections'> & {
  /** By id: only the last state counts. */
  readonly connections: Map<string, ConnectionRow>
}

const nothing = (): Waiting => ({ ...emptyBatch(), connections: new Map() })

export function createHistory({ folder, retention, clock, logger }: HistoryDeps): History {
  let isDead = false
  const restarts = new RestartPolicy(restartLimits, clock)
  let link = start()
  let waiting = nothing()
  let waitingRows = 0
  let writing: Promise<void> | undefined
  let lostRows = 0
  let failingWith: McpxError['code'] | undefined
  let isTrimmed = false
  const damagedFiles = new Set<string>()

  function start(): WorkerLink<HistoryMethods> {
    return linkWorker<Record<string, never>, HistoryMethods, Record<string, never>>(
      spawnWorker('./history-worker', import.meta.url, { folder }),
      {},
      () => {},
      (error) => {
        isDead = !restarts.mayRestart()
        const what = isDead
          ? 'the history is not written any more'
          : 'the thread of the history ended, and is started again'
        logger.error({ error: String(error.cause ?? error) }, what)
        if (!isDead) link = start()
      },
    )
  }

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
      const { removed, setAside } = await link.rpc.call('write', {
        ...batch,
        connections: [...batch.connections.values()],
      })
      for (const file of setAside) {
        damagedFiles.add(file)
        logger.error({ folder, file }, 'a day of the history was damaged: it is set aside, and begun anew')
      }
      if (removed > 0 && !isTrimmed)
        logger.warn(
          { maxBytes: retention.maxBytes },
          'today alone is larger than the history may be: its oldest samples go',
        )
      isTrimmed ||= removed > 0
      if (failingWith) logger.info({ lostRows }, 'the history is written again')
      failingWith = undefined
    } catch (thrown) {
      const error = toMcpxError(thrown)
      if (error.code !== 'DISK_FULL' || !giveBack(batch, rows)) lostRows += rows
      // Once for each kind of trouble, not once a second.
      if (error.code !== failingWith)
        logger.error({ code: error.code, error: error.message }, 'the history is not written')
      failingWith = error.code
    }
  }

  /** It waits for space, as long as there is room to wait; false when there is none. */
  function giveBack(batch: Waiting, rows: number): boolean {
    if (waitingRows + rows > maxWaiting) return false
    const later = waiting
    const { connections, ...tables } = batch
    for (const [table, before] of Object.entries(tables) as [keyof typeof tables, unknown[]][])
      waiting = { ...waiting, [table]: [...before, ...later[table]] }
    waiting = { ...waiting, connections: new Map([...connections, ...later.connections]) }
    waitingRows += rows
    return true
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
    async read(table, range) {
      await flush()
      return link.rpc.call('read', { table, range })
    },
    async readJson(table, range, maxRows) {
      await flush()
      return link.rpc.call('readJson', { table, range, maxRows })
    },
    get lostRows() {
      return lostRows
    },
    problems() {
      const stopped = isDead ? 'ENDED' : failingWith
      return [
        ...(stopped ? [`the history is not written (${stopped}), and ${lostRows} rows are lost`] : []),
        ...[...damagedFiles].map((file) => `a day of the history was damaged, and is now ${file}`),
      ]
    },
    async close() {
      flushing.cancel()
      retaining.cancel()
      if (!isDead) await flush()
      await link.stop(stopGraceMs)
    },
  }
}
