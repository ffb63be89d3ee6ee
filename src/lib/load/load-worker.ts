// The thread of some viewers of a load test.
import { parentPort } from 'node:worker_threads'
import { createRpc, type RpcPeer, type RpcPort } from '../base/rpc.ts'
import { loadHandlers, tellStrays } from './create-runtime.ts'
import type { LoadWorkerEvents, LoadWorkerMethods } from './load-plane.ts'

const port = parentPort
if (!port) throw new Error('load-worker runs as a worker thread only')

// The host is known only once the handlers are, and the handlers need the host: hence the late binding.
let host: RpcPeer<Record<string, never>, LoadWorkerEvents>
tellStrays(() => host)
const handlers = loadHandlers(
  () => host,
  () => process.exit(),
)
host = createRpc<LoadWorkerMethods, Record<string, never>, LoadWorkerEvents, Record<string, never>>(
  port as unknown as RpcPort,
  handlers,
  () => {},
)
