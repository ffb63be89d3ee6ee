// The peer of the transcode processes: the same jobs in a thread of this process, over a message port.
import { setPriority } from 'node:os'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../src/lib/base/clock.ts'
import { createBlockReader } from '../../src/lib/content/block-reader.ts'
import type { TranscodeJob } from '../../src/lib/protocol/media-plane.ts'
import type { TranscodeProcessSettings } from '../../src/lib/protocol/transcode-plane.ts'
import { createTranscodeRuntime } from '../../src/lib/worker/transcode-runtime.ts'
import { portOf } from './message-port.ts'

// As the process does: here 0 means the calling thread (Linux).
setPriority(0, 10)
const settings = workerData as TranscodeProcessSettings
const blocks = createBlockReader({ ...settings, fetchBlock: () => Promise.reject(new Error('all blocks are here')) })
const runtime = createTranscodeRuntime(settings.encoder, { ...settings, clock: systemClock, blocks })
const never = new AbortController().signal

parentPort!.on('message', async (asked: { job: TranscodeJob; port: MessagePort } | 'enough') => {
  // Closed, not terminated: an encoder that comes back into a thread that is being torn down aborts the whole process.
  if (asked === 'enough') return parentPort!.close()
  await runtime.run(asked.job, portOf(asked.port), never)
  parentPort!.postMessage('over')
})
