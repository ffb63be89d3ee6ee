// A job's port over a message port.
import type { MessagePort } from 'node:worker_threads'
import type { JobPort } from '../../src/lib/media/transcode/job-port.ts'

export const portOf = <Out, In>(port: MessagePort): JobPort<Out, In> => ({
  postMessage: (message, transfer) => port.postMessage(message, transfer),
  onMessage: (listener) => void port.on('message', listener),
  onClose: (listener) => void port.on('close', listener),
  close: () => port.close(),
})
