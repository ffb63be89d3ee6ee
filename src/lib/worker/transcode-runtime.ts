// Jobs of one transcode process. Free of processes, so that they can run anywhere.
import type { Clock } from '../base/clock.ts'
import { toErrorRecord } from '../base/errors.ts'
import type { BlockReader } from '../content/block-reader.ts'
import { openMedia } from '../media/open.ts'
import { createEncoder } from '../media/transcode/create-encoder.ts'
import { type JobPort, serveJob } from '../media/transcode/job-port.ts'
import type { TranscodeInput, TranscodeJob, TranscodeOutput } from '../protocol/media-plane.ts'
import { filesOf } from './content-shelf.ts'

interface TranscodeRuntime {
  /** Resolves when the job is over: done, failed (the asker has been told) or cancelled. */
  run(job: TranscodeJob, port: JobPort<TranscodeOutput, TranscodeInput>, signal: AbortSignal): Promise<void>
}

export function createTranscodeRuntime(
  kind: 'node-av' | 'ffmpeg',
  { clock, blocks, maxRssBytes }: { clock: Clock; blocks: BlockReader; maxRssBytes: number },
): TranscodeRuntime {
  const encoder = createEncoder(kind, { maxRssBytes })
  // Each job meets the failure by itself.
  encoder.catch(() => {})

  return {
    async run(job, port, signal) {
      try {
        const openSource = (source: TranscodeJob['source']) => openMedia(filesOf(source, blocks), { clock, signal })
        await serveJob(port, job, { openSource, encoder: await encoder, signal })
      } catch (error) {
        port.postMessage({ t: 'failed', error: toErrorRecord(error) }, [])
        port.close()
      }
    },
  }
}
