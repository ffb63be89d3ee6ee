// Transcode jobs of the real engine without a server, for the bench of transcoding and as a load for others.
import { openAsBlob } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '../../src/lib/base/clock.ts'
import { openMedia } from '../../src/lib/media/open.ts'
import type { Encoder } from '../../src/lib/media/transcode/encoder.ts'
import { audioRecipe, videoRecipes } from '../../src/lib/media/transcode/recipe.ts'
import { runTranscodeJob } from '../../src/lib/media/transcode/run-job.ts'
import type { ByteSource } from '../../src/lib/model/source.ts'
import type { Recipe, TranscodeJob } from '../../src/lib/protocol/media-plane.ts'

/** As the server cuts them. */
export const segmentS = 1

export type Task = readonly [what: string, trackId: number, recipe: Recipe]

/** The tasks of a clip: its picture in each codec that is made, its sound in Opus. */
export async function tasksOf(path: string): Promise<{ video: Task[]; audio: Task[] }> {
  const source = await openClip(path)
  const video = source.tracks.find((track) => track.kind === 'video')
  const audio = source.tracks.find((track) => track.kind === 'audio')
  source.close()
  return {
    video: video
      ? (['h264', 'vp8'] as const).map((codec) => {
          const recipe = videoRecipes(video, [codec]).at(-1)!
          return [`${codec === 'vp8' ? 'VP8' : 'H.264'} ${recipe.width}x${recipe.height}`, video.id, recipe]
        })
      : [],
    audio: audio ? [['Opus', audio.id, audioRecipe(audio)]] : [],
  }
}

async function openClip(path: string) {
  const blob = await openAsBlob(path)
  const source: ByteSource = {
    sizeBytes: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
    close() {},
  }
  return openMedia({ id: path, entry: 'clip', open: () => source }, { clock: systemClock })
}

export interface Made {
  readonly cpuS: number
  readonly wallS: number
  readonly mediaS: number
  readonly firstMs: number
}

/** Runs a job until `longestS` of media are made, to its end, or until the signal aborts. */
export async function transcode(
  encoder: Encoder,
  path: string,
  trackId: number,
  recipe: Recipe,
  longestS: number,
  signal?: AbortSignal,
): Promise<Made> {
  const job: TranscodeJob = { source: { id: path, entry: 'clip', files: {} }, trackId, recipe, segmentS, from: 0 }
  const enough = new AbortController()
  const stop = signal ? AbortSignal.any([enough.signal, signal]) : enough.signal
  const before = process.cpuUsage()
  const startedAt = performance.now()
  let firstMs = Number.NaN
  let mediaS = 0
  const work = runTranscodeJob(job, {
    openSource: () => openClip(path),
    encoder,
    emit(output) {
      if (output.t !== 'segment') return
      if (mediaS === 0) firstMs = performance.now() - startedAt
      mediaS = output.endS
      if (mediaS >= longestS) enough.abort()
    },
    credit: () => setImmediate(undefined),
    signal: stop,
  })
  await work.catch((error) => {
    if (!stop.aborted) throw error
  })
  const { user, system } = process.cpuUsage(before)
  return { cpuS: (user + system) / 1e6, wallS: (performance.now() - startedAt) / 1000, mediaS, firstMs }
}
