// The transcode workers as one thing: bounded in number and jobs, started at the first job, so that most servers never pay for them.
import { McpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { RpcHandlers } from '../base/rpc.ts'
import { spawnWorker } from '../base/spawn-worker.ts'
import type { TaskTracker } from '../base/tasks.ts'
import { linkWorker, type WorkerLink } from '../base/worker-link.ts'
import type { HostMethods, TranscodeJob } from '../protocol/media-plane.ts'
import type { TranscodeMethods, TranscodeSettings } from '../protocol/transcode-plane.ts'

const stopGraceMs = 3000

interface TranscodePlane {
  /** Hands the job to the least busy worker; throws TOO_MANY_STREAMS when all are full. How it ends goes over its port. */
  start(job: TranscodeJob & { port: unknown }): void
  stop(): Promise<void>
}

interface Slot {
  link: WorkerLink<TranscodeMethods>
  jobs: number
}

export function createTranscodePlane(
  settings: TranscodeSettings,
  deps: {
    logger: Logger
    tasks: TaskTracker
    handlers: RpcHandlers<Pick<HostMethods, 'fetchBlock'>>
    spawn?: typeof spawnWorker
  },
): TranscodePlane {
  const slots: Slot[] = []
  let stopped = false

  function spawn(): Slot {
    const worker = (deps.spawn ?? spawnWorker)('../worker/transcode-worker', import.meta.url, settings)
    const slot: Slot = {
      link: linkWorker(
        worker,
        deps.handlers,
        () => {},
        (error) => lost(slot, error),
      ),
      jobs: 0,
    }
    slots.push(slot)
    return slot
  }

  function lost(slot: Slot, error: McpxError): void {
    deps.logger.error({ error: error.message, cause: String(error.cause ?? '') }, 'transcode worker died')
    slots.splice(slots.indexOf(slot), 1)
  }

  function slotFor(): Slot {
    const idlest = slots.toSorted((a, b) => a.jobs - b.jobs)[0]
    if (idlest && (idlest.jobs === 0 || slots.length >= settings.workers)) return idlest
    return spawn()
  }

  return {
    start(job) {
      if (stopped) throw new McpxError('INTERRUPTED', 'the server is stopping')
      const slot = slotFor()
      if (slot.jobs >= settings.maxJobsPerWorker)
        throw new McpxError(
          'TOO_MANY_STREAMS',
          `${slots.reduce((sum, { jobs }) => sum + jobs, 0)} transcodes are running already`,
        )
      slot.jobs++
      deps.tasks
        .run('transcode', (signal) => slot.link.rpc.call('start', job, { transfer: [job.port], signal }))
        .catch((error: Error) =>
          deps.logger.warn({ source: job.source.id, error: error.message }, 'transcode job failed'),
        )
        .finally(() => slot.jobs--)
    },
    async stop() {
      stopped = true
      await Promise.all(slots.map((slot) => slot.link.stop(stopGraceMs)))
    },
  }
}
