// Transcode: CPU seconds a second of media, for each codec that is made, and the time to the first segment.

import { createEncoder } from '../src/lib/media/transcode/create-encoder.ts'
import { detectEncoder } from '../src/lib/media/transcode/detect-encoder.ts'
import type { BenchContext } from './support/bench.ts'
import { webClip } from './support/clips.ts'
import { type Made, segmentS, tasksOf, transcode } from './support/transcoding.ts'

export const title = 'Transcode'

export async function run(context: BenchContext): Promise<void> {
  const name = await detectEncoder()
  if (name === 'none') {
    context.say('there is no encoder here: nothing to measure')
    return
  }
  const encoder = await createEncoder(name)
  const path = webClip()
  const { audio, video } = await tasksOf(path)
  for (const [what, trackId, recipe] of [...video, ...audio]) {
    const runs: Made[] = []
    for (let round = 0; round < context.pick(3, 1, 1); round++)
      runs.push(await transcode(encoder, path, trackId, recipe, context.pick(Number.POSITIVE_INFINITY, 8, 2)))
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
