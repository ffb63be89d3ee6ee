// The thread of reports: to draw one takes half a second of CPU, for which no viewer may wait.
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { createRpc, type RpcPort } from '../base/rpc.ts'
import type { ReportFolders, ReportWorkerMethods } from './report-thread.ts'
import { createReportWriter } from './write-reports.ts'

/** Nobody waits for a report. On Linux, 0 means the calling thread. */
const niceness = 10
setPriority(0, niceness)

const port = parentPort
if (!port) throw new Error('report-worker runs as a worker thread only')

const writer = createReportWriter(workerData as ReportFolders)
createRpc<ReportWorkerMethods, Record<string, never>, Record<string, never>, Record<string, never>>(
  port as unknown as RpcPort,
  {
    report: (job) => writer.report(job),
    async dashboard(job) {
      await writer.dashboard(job)
      return undefined
    },
    benchmark: (job) => writer.benchmark(job),
    stop() {
      setImmediate(() => process.exit())
      return undefined
    },
  },
  () => {},
)
