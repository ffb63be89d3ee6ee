// Starts a worker thread from a module, from source under Node's type stripping or from the build.
import { basename, extname } from 'node:path'
import { type ResourceLimits, Worker } from 'node:worker_threads'

/** `path` is that of the module seen from `base`, without its ending. */
export function spawnWorker(path: string, base: string, workerData: unknown, resourceLimits?: ResourceLimits): Worker {
  const url = new URL(`${path}${extname(new URL(base).pathname)}`, base)
  return new Worker(url, { workerData, name: basename(path), ...(resourceLimits && { resourceLimits }) })
}
