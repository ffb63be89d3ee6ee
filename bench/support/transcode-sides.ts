// The same transcode jobs in processes, as the server runs them, and in a thread, as a peer. What it costs is all that runs for
// it: the process or thread, and the one that asks.
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { MessageChannel, Worker } from 'node:worker_threads'
import { systemClock } from '../../src/lib/base/clock.ts'
import { silentLogger } from '../../src/lib/base/logger.ts'
import { createTaskTracker } from '../../src/lib/base/tasks.ts'
import { openContent } from '../../src/lib/content/open-store.ts'
import { createTranscodePlane } from '../../src/lib/engine/transcode-plane.ts'
import { askJob, type RunningJob } from '../../src/lib/media/transcode/job-port.ts'
import type { SourceRef, TranscodeJob, TranscodeRequest, TranscodeUsage } from '../../src/lib/protocol/media-plane.ts'
import type { TranscodeSettings } from '../../src/lib/protocol/transcode-plane.ts'
import { createJobStarter } from '../../src/lib/worker/transcode-client.ts'
import { portOf } from './message-port.ts'

export interface Side {
  /** Runs a job until `longestS` of media are made. */
  run(job: TranscodeJob, longestS: number): Promise<{ cpuS: number; mediaS: number; firstMs: number }>
  close(): Promise<void>
}

/** A clip in a store of its own. */
export async function storeClip(path: string) {
  const content = await openContent(
    {
      repoPath: '',
      isolation: true,
      gateways: [],
      offline: true,
      fetchTimeoutMs: 10_000,
      memoryCacheBytes: 0,
      diskCacheBytes: 2 ** 32,
    },
    { clock: systemClock, logger: silentLogger },
  )
  const { cid } = await content.store.add([{ path: basename(path), content: createReadStream(path) }])
  const source: SourceRef = await content.store.sourceRef(cid)
  return { source, blocksPath: content.blocksPath, close: () => content.close() }
}

export const settingsFor = (blocksPath: string, encoder: 'node-av' | 'ffmpeg'): TranscodeSettings => ({
  maxProcesses: 1,
  silentS: 60,
  idleMs: 600_000,
  maxRssBytes: 2 ** 31,
  memoryCacheBytes: 4 * 2 ** 20,
  blocksPath,
  encoder,
})

/** Takes segments as a rendition does: four ahead. */
async function read(running: RunningJob, startedAt: number, longestS: number, stop: AbortController) {
  let firstMs = Number.NaN
  let mediaS = 0
  running.grant(4)
  try {
    for await (const { endS } of running.segments) {
      if (mediaS === 0) firstMs = performance.now() - startedAt
      mediaS = endS
      if (mediaS >= longestS) break
      running.grant(1)
    }
  } finally {
    stop.abort(new Error('enough'))
  }
  return { firstMs, mediaS }
}

export function processSide(settings: TranscodeSettings): Side {
  const plane = createTranscodePlane(settings, {
    clock: systemClock,
    logger: silentLogger,
    tasks: createTaskTracker(),
    handlers: { fetchBlock: () => Promise.reject(new Error('all blocks are here')) },
  })
  let over: Promise<TranscodeUsage> | undefined
  const call = (_method: string, request: TranscodeRequest, { signal }: { signal: AbortSignal }) => {
    over = plane.run(request, signal)
    return over
  }
  const startJob = createJobStarter({ host: { call } as never, clock: systemClock, logger: silentLogger })
  return {
    async run(job, longestS) {
      const stop = new AbortController()
      const before = process.cpuUsage()
      const startedAt = performance.now()
      const made = await read(startJob(job, { signal: stop.signal }), startedAt, longestS, stop)
      const { cpuUs } = await over!
      const { user, system } = process.cpuUsage(before)
      return { ...made, cpuS: (user + system + cpuUs) / 1e6 }
    },
    close: () => plane.stop(),
  }
}

export function threadSide(settings: TranscodeSettings): Side {
  const worker = new Worker(new URL('./transcode-thread.ts', import.meta.url), { workerData: settings })
  return {
    async run(job, longestS) {
      const stop = new AbortController()
      const { port1, port2 } = new MessageChannel()
      const before = process.cpuUsage()
      const startedAt = performance.now()
      const over = once(worker, 'message')
      worker.postMessage({ job, port: port2 }, [port2])
      const made = await read(askJob(portOf(port1), stop.signal), startedAt, longestS, stop)
      await over
      const { user, system } = process.cpuUsage(before)
      return { ...made, cpuS: (user + system) / 1e6 }
    },
    async close() {
      const ended = once(worker, 'exit')
      worker.postMessage('enough')
      await ended
    },
  }
}
