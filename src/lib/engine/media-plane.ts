// The media workers as one thing: starts them, places streams on them, and survives the death of one.

import type { Clock } from '../base/clock.ts'
import { type McpxError, toErrorRecord } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { RestartPolicy } from '../base/restart-policy.ts'
import type { RpcHandlers } from '../base/rpc.ts'
import { spawnWorker } from '../base/spawn-worker.ts'
import type { TaskRecord } from '../base/tasks.ts'
import { linkWorker, type WorkerLink } from '../base/worker-link.ts'
import type { HostMethods, MediaEvents, MediaMethods, WorkerHealth, WorkerSettings } from '../protocol/media-plane.ts'
import { createWatchdog } from './watchdog.ts'

/** Streams more on a warm worker than on the idlest one before a cold one is taken. */
const warmthBonus = 8
const stopGraceMs = 3000
/** A worker reports its health every 2 s; one that says nothing for so long is stuck, and its streams with it. */
const patience = { ticks: 10, startTicks: 60 }
const restartLimits = { maxInARow: 10 }

/**
 * Every packet leaves a cipher and some buffers behind, and clearing them holds the thread: 25 MB at once took 12 ms (17 at the
 * most), small amounts take 2 ms each. Shorter pauses are bought with more of them: the share of time in collection was 1-2 %
 * before and 3-10 % after, on a busy machine. The rest of the heap keeps Node's own bound.
 */
export const mediaWorkerLimits = { maxYoungGenerationSizeMb: 6 } as const

export interface MediaPlane {
  readonly size: number
  /** The worker for a stream of this content: one that has it open already, unless it is much busier than another. */
  place(sourceId: string): number
  call<K extends keyof MediaMethods>(
    worker: number,
    method: K,
    params: MediaMethods[K][0],
    signal?: AbortSignal,
  ): Promise<MediaMethods[K][1]>
  /** The stream is gone: its place is free. */
  release(worker: number, sourceId: string): void
  health(): readonly WorkerHealth[]
  stop(): Promise<void>
}

interface MediaPlaneDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly spawn?: typeof spawnWorker
  readonly handlers: RpcHandlers<HostMethods>
  readonly onEvent: <K extends keyof MediaEvents & string>(worker: number, event: K, payload: MediaEvents[K]) => void
  /** Every stream on this worker is lost. */
  readonly onWorkerLost: (worker: number, error: McpxError) => void
}

interface Slot {
  link: WorkerLink<MediaMethods>
  readonly restarts: RestartPolicy
  streams: number
  readonly warm: Map<string, number>
  /** What runs on it, by id: of one that dies nobody else tells the end. */
  readonly tasks: Map<string, TaskRecord>
  health?: WorkerHealth | undefined
  /** Why it takes nothing any more. */
  down?: McpxError
}

function noteTask({ tasks }: Slot, task: TaskRecord): void {
  if (task.status === 'running') tasks.set(task.id, task)
  else tasks.delete(task.id)
}

/** Rejects when a worker cannot start, for example with PORT_IN_USE; none is left running then. */
export async function createMediaPlane(settings: readonly WorkerSettings[], deps: MediaPlaneDeps): Promise<MediaPlane> {
  const slots: Slot[] = settings.map((own) => ({
    link: start(own),
    restarts: new RestartPolicy(restartLimits, deps.clock),
    streams: 0,
    warm: new Map(),
    tasks: new Map(),
  }))

  function start(own: WorkerSettings): WorkerLink<MediaMethods> {
    const worker = (deps.spawn ?? spawnWorker)('../worker/media-worker', import.meta.url, own, mediaWorkerLimits)
    const watchdog = createWatchdog(deps.clock, patience, () => {
      deps.logger.error({ worker: own.index }, 'media worker does not answer')
      void worker.terminate()
    })
    worker.once('exit', () => watchdog.stop())
    return linkWorker<HostMethods, MediaMethods, MediaEvents>(
      worker,
      deps.handlers,
      (event, payload) => {
        watchdog.heard()
        const slot = slots[own.index]
        if (event === 'health' && slot) slot.health = payload as WorkerHealth
        if (event === 'task' && slot) noteTask(slot, payload as TaskRecord)
        deps.onEvent(own.index, event, payload)
      },
      (error) => lost(own, error),
    )
  }

  function lost(own: WorkerSettings, error: McpxError): void {
    deps.logger.error(
      { worker: own.index, error: error.message, cause: String(error.cause ?? '') },
      'media worker died',
    )
    const slot = slots[own.index]
    if (!slot) return
    slot.streams = 0
    slot.warm.clear()
    slot.health = undefined
    endTasks(slot, own.index, error)
    if (slot.restarts.mayRestart()) restart(slot, own)
    else slot.down = error
    deps.onWorkerLost(own.index, error)
  }

  function endTasks({ tasks }: Slot, worker: number, error: McpxError): void {
    const how = { status: 'failed', endedAtMs: deps.clock.wallMs(), error: toErrorRecord(error) } as const
    for (const task of tasks.values()) deps.onEvent(worker, 'task', { ...task, ...how })
    tasks.clear()
  }

  /** What is asked of it meanwhile waits in its port. */
  function restart(slot: Slot, own: WorkerSettings): void {
    slot.link = start(own)
    slot.link.rpc.call('start', undefined).catch((error: McpxError) => {
      deps.logger.error({ worker: own.index, error: error.message }, 'media worker does not start again')
      slot.down = error
    })
  }

  function place(sourceId: string): number {
    let best = 0
    let bestLoad = Infinity
    for (const [index, slot] of slots.entries()) {
      const load = slot.streams - (slot.warm.has(sourceId) ? warmthBonus : 0)
      if (!slot.down && load < bestLoad) [best, bestLoad] = [index, load]
    }
    const slot = slots[best]!
    slot.streams++
    slot.warm.set(sourceId, (slot.warm.get(sourceId) ?? 0) + 1)
    return best
  }

  async function stop(): Promise<void> {
    await Promise.all(slots.map((slot) => slot.link.stop(stopGraceMs)))
  }

  try {
    await Promise.all(slots.map((slot) => slot.link.rpc.call('start', undefined)))
  } catch (error) {
    await stop()
    throw error
  }

  return {
    size: slots.length,
    place,
    release(worker, sourceId) {
      const slot = slots[worker]!
      slot.streams = Math.max(0, slot.streams - 1)
      const left = (slot.warm.get(sourceId) ?? 1) - 1
      if (left > 0) slot.warm.set(sourceId, left)
      else slot.warm.delete(sourceId)
    },
    async call(worker, method, params, signal) {
      const { link, down } = slots[worker]!
      if (down) throw down
      return link.rpc.call(method, params, signal ? { signal } : {})
    },
    health: () => slots.flatMap((slot) => slot.health ?? []),
    stop,
  }
}
