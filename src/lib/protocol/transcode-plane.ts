// The border between the control plane and the transcode workers.
import type { TranscodeJob } from './media-plane.ts'

export interface TranscodeSettings {
  readonly workers: number
  readonly maxJobsPerWorker: number
  readonly blocksPath: string
  readonly memoryCacheBytes: number
  readonly encoder: 'node-av' | 'ffmpeg'
}

/** What the plane asks of one of its workers. `start` resolves when the job is over, however it ended. */
export type TranscodeMethods = {
  start: [TranscodeJob & { port: unknown }, undefined]
  stop: [undefined, undefined]
}
