// One worker thread as the control plane sees it: typed calls, its end as one event, and a stop that always ends.
import type { Worker } from 'node:worker_threads'
import { McpxError } from './errors.ts'
import { createRpc, type RpcEvents, type RpcHandlers, type RpcMethods, type RpcPeer, type RpcPort } from './rpc.ts'

export interface WorkerLink<Theirs extends RpcMethods> {
  readonly rpc: RpcPeer<Theirs, Record<string, never>>
  /** Asks the worker to stop and terminates it when it has not within `graceMs`. */
  stop(graceMs: number): Promise<void>
}

export function linkWorker<
  Ours extends RpcMethods,
  Theirs extends RpcMethods & { stop: [undefined, undefined] },
  E extends RpcEvents,
>(
  worker: Worker,
  handlers: RpcHandlers<Ours>,
  onEvent: <K extends keyof E & string>(event: K, payload: E[K]) => void,
  onDeath: (error: McpxError) => void,
): WorkerLink<Theirs> {
  let stopping = false
  const rpc = createRpc<Ours, Theirs, Record<string, never>, E>(worker as unknown as RpcPort, handlers, onEvent)
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let cause: unknown
  worker.on('error', (error) => {
    cause = error
  })
  worker.once('exit', (code) => {
    const error = new McpxError('INTERNAL', `a worker thread ended with code ${code}`, { cause })
    rpc.close(error)
    if (!stopping) onDeath(error)
  })

  async function stop(graceMs: number): Promise<void> {
    stopping = true
    rpc.call('stop', undefined).catch(() => {})
    const timer = setTimeout(() => void worker.terminate(), graceMs)
    await exited
    clearTimeout(timer)
  }

  return { rpc, stop }
}
