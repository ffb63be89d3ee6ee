// Every operation that somebody asked for: when, for which connection, and how it ended.
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { McpxError, toErrorRecord } from '../base/errors.ts'
import type { OperationRecord, OperationStatus } from '../model/monitor.ts'
import { RecentMap } from './bounded.ts'

const keptOperations = 5000

type About = Pick<OperationRecord, 'connectionId' | 'correlationId'> & { readonly details?: OperationRecord['details'] }

export interface OperationLog {
  /**
   * Records `work` under a name of its own id. `about` may be completed by what the work finds out: the connection that it
   * opened.
   */
  run<T>(type: string, about: About, work: (note: (found: About) => void) => Promise<T>): Promise<T>
  /** The last ones, oldest first. */
  list(): readonly OperationRecord[]
  counts(): Readonly<Record<OperationStatus | 'total', number>>
}

export function createOperationLog(clock: Clock, onChange: (record: OperationRecord) => void): OperationLog {
  const kept = new RecentMap<string, OperationRecord>(keptOperations)
  const counts = { total: 0, started: 0, completed: 0, failed: 0, canceled: 0 }

  function put(record: OperationRecord): void {
    kept.set(record.id, record)
    onChange(record)
  }

  function end(record: OperationRecord, status: Exclude<OperationStatus, 'started'>, error?: unknown): void {
    counts.started--
    counts[status]++
    put({
      ...record,
      status,
      endedAtMs: clock.wallMs(),
      ...(error === undefined ? {} : { error: toErrorRecord(error) }),
    })
  }

  return {
    async run(type, about, work) {
      let record: OperationRecord = {
        id: randomUUID(),
        type,
        status: 'started',
        startedAtMs: clock.wallMs(),
        details: {},
        ...about,
      }
      counts.total++
      counts.started++
      put(record)
      try {
        const result = await work((found) => {
          record = { ...record, ...found, details: { ...record.details, ...found.details } }
        })
        end(record, 'completed')
        return result
      } catch (error) {
        const isCanceled = error instanceof McpxError && error.code === 'INTERRUPTED'
        end(record, isCanceled ? 'canceled' : 'failed', error)
        throw error
      }
    },
    list: () => [...kept.values()],
    counts: () => ({ ...counts }),
  }
}
