// The media worker thread: the runtime of the media plane behind a message port.
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { createLogger } from '../base/logger.ts'
import { createRpc, type RpcHandlers, type RpcPeer, type RpcPort } from '../base/rpc.ts'
import type { HostMethods, MediaEvents, MediaMethods, WorkerSettings } from '../protocol/media-plane.ts'
import { createPeerFactory } from '../webrtc/peer-factory.ts'
import { createMediaRuntime } from './media-runtime.ts'
import { surviveStrays } from './survive-strays.ts'

const settings = workerData as WorkerSettings
const port = parentPort
if (!port) throw new Error('media-worker runs as a worker thread only')

const { logLevel: level, logFormat: format, logFolder: folder } = settings
const logger = createLogger({ level, format, folder, file: 'monitor' }).child({ worker: settings.index })
surviveStrays(logger)

// The host is known only once the handlers are, and the handlers need the host: hence the late binding.
let host: RpcPeer<HostMethods, MediaEvents>
const runtime = await createMediaRuntime(settings, {
  clock: systemClock,
  logger,
  random: Math.random,
  createPeers: createPeerFactory,
  host: {
    call: (method, params, options) => host.call(method, params, options),
    emit: (event, payload) => host.emit(event, payload),
    close: () => host.close(),
  },
}).catch(toMcpxError)

const stop = async () => {
  if (!(runtime instanceof McpxError)) await runtime.stop()
  // After the answer has left. DTLS handshakes leave timers behind, up to 5 s, that would keep the thread.
  setImmediate(() => process.exit())
  return undefined
}
const unable = (error: McpxError) => ({
  start() {
    throw error
  },
})
const handlers = runtime instanceof McpxError ? unable(runtime) : runtime.handlers
const yieldToMedia = runtime instanceof McpxError ? () => {} : runtime.yieldToMedia
const calls: RpcPort = {
  postMessage: (message, transfer) => port.postMessage(message, transfer),
  on: (event, listener) =>
    port.on(event, (message) => {
      yieldToMedia()
      listener(message)
    }),
}
host = createRpc<MediaMethods, HostMethods, MediaEvents, Record<string, never>>(
  calls,
  { ...handlers, stop } as RpcHandlers<MediaMethods>,
  () => {},
)
