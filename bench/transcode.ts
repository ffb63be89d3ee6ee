// Transcode: CPU seconds a second of media, for each codec that is made, and the time to the first segment.
import { openAsBlob } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '../src/lib/base/clock.ts'
import { detectEncoder } from '../src/lib/engine/detect-encoder.ts'
import { openMedia } from '../src/lib/media/open.ts'
import { createEncoder } from '../src/lib/media/transcode/create-encoder.ts'
import type { Encoder } from '../src/lib/media/transcode/encoder.ts'
import { audioRecipe, videoRecipes } from '../src/lib/media/transcode/recipe.ts'
import { runTranscodeJob } from '../src/lib/media/transcode/run-job.ts'
import type { ByteSource } from '../src/lib/model/source.ts'
import type { Recipe, TranscodeJob } from '../src/lib/protocol/media-plane.ts'
import type { BenchContext } from './support/bench.ts'
import { webClip } from './support/clips.ts'

export const title = 'Transcode'

const segmentS = 2

export async function run(context: BenchContext): Promise<void> {
  const name = await detectEncoder()
  if (name === 'none') {
    context.say('there is no encoder here: nothing to measure')
    return
  }
  const encoder = await createEncoder(name)
  const path = webClip()
  const { audio, video } = await recipesOf(path)
  for (const [what, trackId, recipe] of [...video, ...audio]) {
    const runs: Made[] = []
    for (let round = 0; round < context.pick(3, 1, 1); round++)
      runs.push(await make(encoder, path, trackId, recipe, context.pick(Number.POSITIVE_INFINITY, 8, 2)))
    context.report({
      figure: `${what}, CPU seconds a media second`,
      unit: 's',
      samples: runs.map((made) => made.cpuS / made.mediaS),
      beside: `${name}; wall ${(runs[0]!.wallS / runs[0]!.mediaS).toFixed(2)} s a media second`,
    })
    context.report({
      figure: `${what}, time to the first segment of ${segmentS} s`,
      unit: 'ms',
      samples: runs.map((made) => made.firstMs),
    })
  }
}

type Task = readonly [what: string, trackId: number, recipe: Recipe]

async function recipesOf(path: string): Promise<{ video: Task[]; audio: Task[] }> {
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

interface Made {
  readonly cpuS: number
  readonly wallS: number
  readonly mediaS: number
  readonly firstMs: number
}

async function make(encoder: Encoder, path: string, trackId: number, recipe: Recipe, longestS: number): Promise<Made> {
  const job: TranscodeJob = { source: { id: path, entry: 'clip', files: {} }, trackId, recipe, segmentS, from: 0 }
  const enough = new AbortController()
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
    signal: enough.signal,
  })
  await work.catch((error) => {
    if (!enough.signal.aborted) throw error
  })
  const { user, system } = process.cpuUsage(before)
  return { cpuS: (user + system) / 1e6, wallS: (performance.now() - startedAt) / 1000, mediaS, firstMs }
}
