// What is over goes into a file of its own, for tools that read JSON: each connection and each operation, a bounded number.
import { join } from 'node:path'
import { type BoundedFolder, type FolderLimits, fileStamp, openBoundedFolder } from '../base/bounded-folder.ts'
import type { Clock } from '../base/clock.ts'
import { calmJson } from '../base/json-text.ts'
import { createTroubleLog } from '../base/log-trouble.ts'
import type { Logger } from '../base/logger.ts'
import type { MonitoredConnection, OperationRecord } from '../model/monitor.ts'
import { shownStats } from '../model/shown-stats.ts'
import { iso, operationItem, statsItem } from './items.ts'
import type { Monitor } from './monitor.ts'

/** Of each of the two folders. */
export const recordLimits: FolderLimits = { maxEntries: 10_000, maxBytes: 256 * 2 ** 20, maxAgeMs: 30 * 86_400_000 }
/** Records that wait for a slow disk. */
const maxWaiting = 1000
const keys = /^\d{8}_\d{6}_/

interface RecordFilesDeps {
  readonly monitor: Pick<Monitor, 'events'>
  /** Gets `connections/` and `operations/`. */
  readonly folder: string
  readonly clock: Pick<Clock, 'wallMs'>
  readonly logger: Logger
  readonly limits?: FolderLimits
}

/** Finds and trims what earlier runs left; nobody who is recorded ever waits. `close` resolves when all is written. */
export function keepRecordFiles({ monitor, folder, clock, logger, limits = recordLimits }: RecordFilesDeps): {
  close(): Promise<void>
} {
  const trouble = createTroubleLog(logger.child({ folder }), {
    failed: 'records of connections and operations are not written',
    worked: 'records of connections and operations are written again',
  })
  const open = (name: string) => openBoundedFolder({ folder: join(folder, name), keys, limits, clock })
  const folders = { connections: open('connections'), operations: open('operations') }
  let waiting = 0
  let lost = 0
  let last: Promise<void> = Promise.resolve()

  function write(into: Promise<BoundedFolder>, atMs: number, names: readonly string[], item: () => object): void {
    if (waiting >= maxWaiting) {
      lost++
      return
    }
    waiting++
    const key = [fileStamp(atMs), ...names.map(safeName)].join('_')
    last = last.then(async () => {
      try {
        await (await into).write(key, { '.json': `${calmJson(JSON.stringify(item(), null, 2))}\n` })
        trouble.worked()
      } catch (error) {
        trouble.failed(error)
      } finally {
        waiting--
        if (waiting === 0 && lost > 0) {
          logger.warn({ lost }, 'records of connections and operations were lost: the disk is too slow')
          lost = 0
        }
      }
    })
  }

  const ends = [
    monitor.events.on('connection', (found) => {
      const { id, state, closedAtMs } = found.stream
      if (state === 'closed')
        write(folders.connections, closedAtMs ?? found.updatedAtMs, [id], () => connectionRecord(found))
    }),
    monitor.events.on('operation', (record) => {
      if (record.status !== 'started')
        write(folders.operations, record.endedAtMs ?? record.startedAtMs, [record.type, record.id], () =>
          operationRecord(record),
        )
    }),
  ]
  return {
    close() {
      for (const end of ends) end()
      return last
    },
  }
}

/** Fields of a record file; a change of their meaning is a new version. */
const version = 1

export function connectionRecord(found: MonitoredConnection) {
  const { stream, snapshot } = found
  // Tasks are still being told to end: a list of them would say that they run.
  const { async_tasks: _, ...item } = statsItem(found, iso)
  return {
    version,
    content: stream.content,
    quality: stream.quality,
    peer: stream.peer ?? null,
    connected_at: iso(stream.connectedAtMs),
    closed_at: iso(stream.closedAtMs),
    close_reason: stream.closeReason ?? null,
    error: stream.error ? { code: stream.error.code, error: stream.error.message } : null,
    ...item,
    stats: snapshot ? shownStats(snapshot) : null,
  }
}

const operationRecord = (record: OperationRecord) => ({ version, ...operationItem(record) })

/** No path, no dot, nothing that a shell or a file system takes for something else. */
export const safeName = (name: string): string => name.replaceAll(/[^\w-]+/g, '-').slice(0, 80) || '-'
