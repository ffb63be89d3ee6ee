// Jobs of one transcode worker.
import type { MessagePort } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { toErrorRecord } from '../base/errors.ts'
import type { BlockReader } from '../content/block-reader.ts'
import { openMedia } from '../media/open.ts'
import { createEncoder } from '../media/transcode/create-encoder.ts'
import { serveJob } from '../media/transcode/job-port.ts'
import type { TranscodeJob, TranscodeOutput } from '../protocol/media-plane.ts'
import { filesOf } from './content-shelf.ts'

interface TranscodeRuntime {
  /** Resolves when the job is over: done, failed (the asker has been told) or cancelled. */
  run(job: TranscodeJob, port: MessagePort): Promise<void>
  /** Cancels every job. */
  stop(): void
}

export function createTranscodeRuntime(
  kind: 'node-av' | 'ffmpeg',
  { clock, blocks }: { clock: Clock; blocks: BlockReader },
): TranscodeRuntime {
  const stopping = new AbortController()
  const { signal } = stopping
  const encoder = createEncoder(kind)
  // Each job meets the failure by itself.
  encoder.catch(() => {})

  return {
    async run(job, port) {
      try {
        const openSource = (source: TranscodeJob['source']) => openMedia(filesOf(source, blocks), { clock, signal })
        await serveJob(port, job, { openSource, encoder: await encoder, signal })
      } catch (error) {
        port.postMessage({ t: 'failed', error: toErrorRecord(error) } satisfies TranscodeOutput)
        port.close()
      }
    },
    stop: () => stopping.abort(),
  }
}
