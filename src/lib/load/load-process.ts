// The process of some viewers of a load test, which has its own limit of open files.
import { createRpc, type RpcPeer } from '../base/rpc.ts'
import { loadHandlers, tellStrays } from './create-runtime.ts'
import type { LoadWorkerEvents, LoadWorkerMethods } from './load-plane.ts'

if (!process.connected) throw new Error('load-process runs as a child process only')

// The parent ends this process; Ctrl-C in a terminal is for the parent alone.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())

let host: RpcPeer<Record<string, never>, LoadWorkerEvents>
tellStrays(() => host)
const handlers = loadHandlers(
  () => host,
  () => process.exit(),
)
host = createRpc<LoadWorkerMethods, Record<string, never>, LoadWorkerEvents, Record<string, never>>(
  {
    postMessage: (message) => void (process.connected && process.send?.(message as object, () => {})),
    on: (_event, listener) => process.on('message', listener),
  },
  handlers,
  () => {},
)
