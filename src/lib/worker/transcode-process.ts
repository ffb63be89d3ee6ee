// The transcode process: runs one job at a time at low priority and brings finished segments straight to the media worker that
// asked. What goes wrong in FFmpeg's native code ends this process and nothing else.
import { writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { every, systemClock } from '../base/clock.ts'
import { McpxError } from '../base/errors.ts'
import { enterDoor } from '../base/local-door.ts'
import { createLogger } from '../base/logger.ts'
import { createRpc, type RpcPeer, type RpcPort } from '../base/rpc.ts'
import { killProcess } from '../base/spawn-process.ts'
import { createBlockReader } from '../content/block-reader.ts'
import { makerPort } from '../media/transcode/job-wire.ts'
import type { HostMethods, TranscodeRequest, TranscodeUsage } from '../protocol/media-plane.ts'
import type { TranscodeEvents, TranscodeMethods, TranscodeProcessSettings } from '../protocol/transcode-plane.ts'
import { surviveStrays } from './survive-strays.ts'
import { startGuard } from './transcode-guard.ts'
import { createTranscodeRuntime } from './transcode-runtime.ts'

/** Yields to the media workers and the control plane, which have deadlines. */
const niceness = 10
const aliveMs = 1000

type Host = Pick<HostMethods, 'fetchBlock'>

const settings = JSON.parse(process.argv[2] ?? '') as TranscodeProcessSettings
if (!process.connected) throw new Error('transcode-process runs as a child process only')

setPriority(0, niceness)
preferToBeEnded()
startGuard({ parentPid: process.ppid, maxRssBytes: settings.maxRssBytes })
// The parent ends this process; Ctrl-C in a terminal is for the parent alone.
process.on('SIGINT', () => {})
process.on('disconnect', () => killProcess(process.pid))
surviveStrays(createLogger({ level: 'warning', format: 'json' }))

let host: RpcPeer<Host, TranscodeEvents>
const blocks = createBlockReader({
  blocksPath: settings.blocksPath,
  memoryCacheBytes: settings.memoryCacheBytes,
  fetchBlock: (cid, signal) => host.call('fetchBlock', { cid }, signal ? { signal } : {}),
})
const runtime = createTranscodeRuntime(settings.encoder, { ...settings, clock: systemClock, blocks })
const running = new Map<number, AbortController>()

async function run(id: number, request: TranscodeRequest): Promise<TranscodeUsage> {
  const { door, ...job } = request
  const controller = new AbortController()
  running.set(id, controller)
  const before = process.cpuUsage()
  try {
    const socket = await enterDoor(door)
    await runtime.run(job, makerPort(socket), controller.signal)
  } finally {
    running.delete(id)
  }
  const { user, system } = process.cpuUsage(before)
  return { cpuUs: user + system }
}

const port: RpcPort = {
  postMessage: (message) => void process.send!(message),
  on: (_event, listener) => process.on('message', listener),
}
host = createRpc<TranscodeMethods, Host, TranscodeEvents, Record<string, never>>(
  port,
  {
    run: ({ id, request }) => run(id, request),
    cancel({ id }) {
      running.get(id)?.abort(new McpxError('INTERRUPTED', 'the job was cancelled'))
      return undefined
    },
    stop() {
      for (const controller of running.values())
        controller.abort(new McpxError('INTERRUPTED', 'the server is stopping'))
      blocks.close()
      // After the answer has left.
      setImmediate(() => process.exit())
      return undefined
    },
  },
  () => {},
)
host.emit('alive', undefined)
every(systemClock, aliveMs, () => host.emit('alive', undefined))

/** Where the memory of the machine runs out, the kernel (Linux) takes this process and not the server. */
function preferToBeEnded(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '500')
  } catch {
    // Another system, or not allowed.
  }
}
