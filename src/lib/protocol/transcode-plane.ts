// The border between the control plane and the transcode processes. What they bring to the media workers: media-plane.ts.
import type { TranscodeRequest, TranscodeUsage } from './media-plane.ts'

/** What a process must know when it starts. */
export interface TranscodeProcessSettings {
  readonly blocksPath: string
  readonly memoryCacheBytes: number
  readonly encoder: 'node-av' | 'ffmpeg'
  /** Resident memory of one process at the most, and of an ffmpeg that it starts. */
  readonly maxRssBytes: number
}

export interface TranscodeSettings extends TranscodeProcessSettings {
  /** Processes at once; each has one job at a time. */
  readonly maxProcesses: number
  /** A process that says nothing for so many seconds hangs. */
  readonly silentS: number
  /** A process without a job ends after so long. */
  readonly idleMs: number
}

/** What the plane asks of one of its processes. `run` resolves when the job is over, however it ended. */
export type TranscodeMethods = {
  run: [{ readonly id: number; readonly request: TranscodeRequest }, TranscodeUsage]
  cancel: [{ readonly id: number }, undefined]
  stop: [undefined, undefined]
}

/** What a process tells, unasked, every second. */
export type TranscodeEvents = { alive: undefined }
