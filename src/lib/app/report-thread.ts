// The thread that draws reports, from the side of those who want them: to draw one takes half a second of CPU.
import type { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { spawnWorker } from '../base/spawn-worker.ts'
import { linkWorker, type WorkerLink } from '../base/worker-link.ts'
import type { BenchmarkJob, DashboardJob, ReportJob } from './write-reports.ts'

export type ReportWorkerMethods = {
  report: [ReportJob, string[]]
  dashboard: [DashboardJob, undefined]
  benchmark: [BenchmarkJob, string]
  stop: [undefined, undefined]
}

export interface ReportFolders {
  readonly reportFolder: string
  readonly historyFolder: string
}

export interface ReportThread {
  call<K extends keyof ReportWorkerMethods & string>(
    method: K,
    job: ReportWorkerMethods[K][0],
  ): Promise<ReportWorkerMethods[K][1]>
  stop(): Promise<void>
}

const stopGraceMs = 2000

/** Started with the first job, and again after it has died. */
export function createReportThread(folders: ReportFolders, logger: Logger): ReportThread {
  let link: WorkerLink<ReportWorkerMethods> | undefined

  function start(): WorkerLink<ReportWorkerMethods> {
    const thread = spawnWorker('./report-worker', import.meta.url, folders)
    // What it writes must not keep a process that has ended.
    thread.unref()
    return linkWorker<Record<string, never>, ReportWorkerMethods, Record<string, never>>(
      thread,
      {},
      () => {},
      (error: McpxError) => {
        link = undefined
        logger.error({ error: String(error.cause ?? error) }, 'the thread of reports ended')
      },
    )
  }

  return {
    call(method, job) {
      link ??= start()
      return link.rpc.call(method, job)
    },
    stop: async () => link?.stop(stopGraceMs),
  }
}
