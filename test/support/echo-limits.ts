// A worker that tells which limits it was started with.
import { parentPort, resourceLimits } from 'node:worker_threads'

parentPort?.postMessage(resourceLimits)
