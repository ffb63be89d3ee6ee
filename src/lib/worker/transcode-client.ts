// Starts transcode jobs from a media worker: the segments come over a port of the job, straight from the worker that makes them.
import { MessageChannel } from 'node:worker_threads'
import type { RpcPeer } from '../base/rpc.ts'
import { askJob, type RunningJob } from '../media/transcode/job-port.ts'
import type { HostMethods, MediaEvents, TranscodeJob } from '../protocol/media-plane.ts'

export type StartJob = (job: TranscodeJob, options: { signal: AbortSignal }) => RunningJob

export function createJobStarter(host: RpcPeer<HostMethods, MediaEvents>): StartJob {
  return (job, { signal }) => {
    const { port1, port2 } = new MessageChannel()
    const refused = new AbortController()
    host
      .call('transcode', { ...job, port: port2 }, { transfer: [port2] })
      .catch((error: unknown) => refused.abort(error))
    return askJob(port1, AbortSignal.any([signal, refused.signal]))
  }
}
