// The transcode processes as one thing: bounded in number, one job each, started at the first job and ended when they idle, so
// that most servers never pay for them. One that crashes, hangs or takes too much memory takes its own job with it and no other.
import type { Clock, Timer } from '../base/clock.ts'
import { McpxError, toMcpxError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { linkProcess, type ProcessEnd, type ProcessLink } from '../base/process-link.ts'
import type { RpcHandlers } from '../base/rpc.ts'
import { spawnProcess } from '../base/spawn-process.ts'
import type { TaskTracker } from '../base/tasks.ts'
import type { HostMethods, TranscodeRequest, TranscodeUsage } from '../protocol/media-plane.ts'
import type {
  TranscodeEvents,
  TranscodeMethods,
  TranscodeProcessSettings,
  TranscodeSettings,
} from '../protocol/transcode-plane.ts'
import { createWatchdog } from './watchdog.ts'

const stopGraceMs = 3000
/** A process that has not begun to speak may be loading on a machine that is full. */
const startS = 60
/** A picture and its sound are two jobs: so many processes wait for the next viewer or seek while anything runs. */
const spares = 2
/** They start when the job that made them necessary has its first segments. */
const spareDelayMs = 2000
/** What a process says before its guard ends it (worker/transcode-guard.ts). */
const outOfMemory = /took too much memory/

interface TranscodePlane {
  /**
   * Resolves when the job is over, however it ended: that goes over its door. Rejects with TRANSCODE_FAILED when its process
   * ended under it, with TOO_MANY_STREAMS when all are busy. `signal` cancels the job.
   */
  run(request: TranscodeRequest, signal: AbortSignal): Promise<TranscodeUsage>
  stop(): Promise<void>
}

interface Slot {
  readonly link: ProcessLink<TranscodeMethods>
  isBusy: boolean
  /** It has had a job. */
  isUsed: boolean
  isHung: boolean
  idle?: Timer | undefined
}

export interface TranscodePlaneDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly tasks: TaskTracker
  readonly handlers: RpcHandlers<Pick<HostMethods, 'fetchBlock'>>
  readonly spawn?: typeof spawnProcess | undefined
}

export function createTranscodePlane(settings: TranscodeSettings, deps: TranscodePlaneDeps): TranscodePlane {
  const { clock, logger, tasks } = deps
  const slots = new Set<Slot>()
  /** Asked to stop. */
  const leaving = new Set<Slot>()
  let stopped = false
  let nextId = 1
  let spareTimer: Timer | undefined

  function spawn(): Slot {
    const { blocksPath, memoryCacheBytes, encoder, maxRssBytes } = settings
    const own: TranscodeProcessSettings = { blocksPath, memoryCacheBytes, encoder, maxRssBytes }
    const child = (deps.spawn ?? spawnProcess)('../worker/transcode-process', import.meta.url, { settings: own })
    const patience = { ticks: settings.silentS, startTicks: startS }
    const watchdog = createWatchdog(clock, patience, () => {
      slot.isHung = true
      slot.link.kill()
    })
    const link = linkProcess<Pick<HostMethods, 'fetchBlock'>, TranscodeMethods, TranscodeEvents>(child, {
      handlers: deps.handlers,
      onEvent: () => watchdog.heard(),
      onLine: (line) => logger.warn({ pid: child.pid, line }, 'a transcode process said something'),
      onDeath: (end) => lost(slot, end),
    })
    child.once('exit', () => watchdog.stop())
    const slot: Slot = { link, isBusy: false, isUsed: false, isHung: false }
    slots.add(slot)
    return slot
  }

  function lost(slot: Slot, end: ProcessEnd): McpxError {
    slots.delete(slot)
    slot.idle?.cancel()
    if (end.error) {
      logger.error({ error: end.how }, 'a transcode process could not be started')
      return toMcpxError(end.error)
    }
    const why = reasonOf(slot, end)
    logger.error({ pid: slot.link.pid, how: end.how, lastLines: end.lastLines, why }, 'a transcode process died')
    return new McpxError('TRANSCODE_FAILED', why)
  }

  function reasonOf({ isHung }: Slot, { how, lastLines }: ProcessEnd): string {
    if (isHung) return `transcoding hung: nothing came from FFmpeg for ${settings.silentS} s`
    if (lastLines.some((line) => outOfMemory.test(line)))
      return `transcoding took more than ${Math.round(settings.maxRssBytes / 2 ** 20)} MiB of memory`
    return `transcoding crashed (${how})`
  }

  /** A process for a job: one that waits, or a new one. Undefined when all that may be are busy. */
  function take(isFresh: boolean): Slot | undefined {
    const waiting = waitingSlots()
    const fitting = waiting.filter(({ isUsed }) => !(isFresh && isUsed))
    // Those that have worked are warm to the last; the fresh ones are kept for jobs that need one.
    const best = fitting.find(({ isUsed }) => isUsed) ?? fitting[0]
    if (best) return best
    if (slots.size < settings.maxProcesses) return spawn()
    const used = waiting[0]
    if (!used) return undefined
    dismiss(used)
    return spawn()
  }

  function dismiss(slot: Slot): void {
    slot.idle?.cancel()
    slots.delete(slot)
    leaving.add(slot)
    void slot.link.stop(stopGraceMs).finally(() => leaving.delete(slot))
  }
  function rest(slot: Slot): void {
    slot.isBusy = false
    if (stopped || !slots.has(slot)) return
    slot.idle = clock.after(settings.idleMs, () => (isSpare(slot) ? rest(slot) : dismiss(slot)))
  }

  const isWorking = () => [...slots].some(({ isBusy }) => isBusy)
  const waitingSlots = () => [...slots].filter(({ isBusy }) => !isBusy)
  const isSpare = (slot: Slot) => isWorking() && waitingSlots().slice(0, spares).includes(slot)

  function prepare(): void {
    spareTimer ??= clock.after(spareDelayMs, () => {
      spareTimer = undefined
      while (!stopped && isWorking() && waitingSlots().length < spares && slots.size < settings.maxProcesses)
        rest(spawn())
    })
  }

  async function work(slot: Slot, request: TranscodeRequest, signal: AbortSignal): Promise<TranscodeUsage> {
    const id = nextId++
    const { rpc } = slot.link
    const cancel = () => void rpc.call('cancel', { id }).catch(() => {})
    signal.addEventListener('abort', cancel, { once: true })
    try {
      // Without the signal: the process is free when it says so.
      return await rpc.call('run', { id, request })
    } finally {
      signal.removeEventListener('abort', cancel)
    }
  }

  return {
    async run(request, signal) {
      if (stopped) throw new McpxError('INTERRUPTED', 'the server is stopping')
      signal.throwIfAborted()
      const slot = take(request.isFresh)
      if (!slot) throw new McpxError('TOO_MANY_STREAMS', `${slots.size} transcodes are running already`)
      slot.idle?.cancel()
      slot.isBusy = true
      slot.isUsed = true
      prepare()
      try {
        return await tasks.run('transcode', (inner) => work(slot, request, inner), { signal })
      } catch (error) {
        if (!signal.aborted) logger.warn({ source: request.source.id, error: String(error) }, 'transcode job failed')
        throw error
      } finally {
        rest(slot)
      }
    },
    async stop() {
      stopped = true
      spareTimer?.cancel()
      for (const slot of slots) slot.idle?.cancel()
      await Promise.all([...slots, ...leaving].map(({ link }) => link.stop(stopGraceMs)))
      slots.clear()
    },
  }
}
