// The transcode worker thread: runs jobs at low priority and hands finished segments straight to the media worker that asked.
import { setPriority } from 'node:os'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import { createLogger } from '../base/logger.ts'
import { createRpc, type RpcPeer, type RpcPort } from '../base/rpc.ts'
import { createBlockReader } from '../content/block-reader.ts'
import type { HostMethods } from '../protocol/media-plane.ts'
import type { TranscodeMethods, TranscodeSettings } from '../protocol/transcode-plane.ts'
import { surviveStrays } from './survive-strays.ts'
import { createTranscodeRuntime } from './transcode-runtime.ts'

/** Yields to the media workers and the control plane, which have deadlines. On Linux, 0 means the calling thread. */
const niceness = 10
setPriority(0, niceness)

const settings = workerData as TranscodeSettings
const port = parentPort
if (!port) throw new Error('transcode-worker runs as a worker thread only')

surviveStrays(createLogger({ level: 'warning' }))

let host: RpcPeer<Pick<HostMethods, 'fetchBlock'>, Record<string, never>>
const blocks = createBlockReader({
  blocksPath: settings.blocksPath,
  memoryCacheBytes: settings.memoryCacheBytes,
  fetchBlock: (cid, signal) => host.call('fetchBlock', { cid }, signal ? { signal } : {}),
})
const runtime = createTranscodeRuntime(settings.encoder, { clock: systemClock, blocks })
host = createRpc<TranscodeMethods, Pick<HostMethods, 'fetchBlock'>, Record<string, never>, Record<string, never>>(
  port as unknown as RpcPort,
  {
    async start({ port: jobPort, ...job }) {
      await runtime.run(job, jobPort as MessagePort)
      return undefined
    },
    stop() {
      runtime.stop()
      blocks.close()
      setImmediate(() => port.close())
      return undefined
    },
  },
  () => {},
)
