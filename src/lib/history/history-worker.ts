// The history's thread: SQLite is synchronous, and nobody else may wait for a disk.
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { McpxError } from '../base/errors.ts'
import { createRpc, type RpcPort } from '../base/rpc.ts'
import type { HistoryMethods } from './history.ts'
import { openHistoryStore } from './store.ts'

/** Media and control have deadlines; this has none. On Linux, 0 means the calling thread. */
const niceness = 5
setPriority(0, niceness)

const port = parentPort
if (!port) throw new Error('history-worker runs as a worker thread only')

const store = openHistoryStore((workerData as { folder: string }).folder)
createRpc<HistoryMethods, Record<string, never>, Record<string, never>, Record<string, never>>(
  port as unknown as RpcPort,
  {
    write: (batch) => store.write(batch),
    read: ({ table, range }) => store.read(table, range),
    readJson({ table, range, maxRows }) {
      const { rows, damaged } = store.read(table, { ...range, limit: maxRows + 1 })
      if (rows.length > maxRows)
        throw new McpxError('MESSAGE_TOO_LARGE', `more than ${maxRows} rows of ${table} in that time`, {
          hint: 'Ask for a shorter time, or for minutes or hours in place of samples.',
        })
      return Buffer.from(JSON.stringify({ success: true, rows, damaged }))
    },
    retain: ({ nowMs, retention }) => store.retain(nowMs, retention),
    stop() {
      store.close()
      setImmediate(() => port.close())
      return undefined
    },
  },
  () => {},
)
