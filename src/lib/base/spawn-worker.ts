// Starts a worker thread from a module beside the caller, from source under Node's type stripping or from the build.
import { extname } from 'node:path'
import { type ResourceLimits, Worker } from 'node:worker_threads'

/** `name` is the module's file name without its ending. */
export function spawnWorker(name: string, base: string, workerData: unknown, resourceLimits?: ResourceLimits): Worker {
  const url = new URL(`./${name}${extname(new URL(base).pathname)}`, base)
  return new Worker(url, { workerData, name, ...(resourceLimits && { resourceLimits }) })
}
