import { expect, it } from 'vitest'
import { spawnWorker } from '../../../src/lib/base/spawn-worker.ts'
import { mediaWorkerLimits } from '../../../src/lib/engine/media-plane.ts'

it('starts a worker from the module beside the caller with the limits of a media worker', async () => {
  const base = new URL('../../support/test-io.ts', import.meta.url).href
  const worker = spawnWorker('./echo-limits', base, undefined, mediaWorkerLimits)
  const limits = await new Promise<Record<string, number>>((done, fail) => {
    worker.once('message', done)
    worker.once('error', fail)
  })
  await worker.terminate()
  expect(limits.maxYoungGenerationSizeMb).toBe(mediaWorkerLimits.maxYoungGenerationSizeMb)
  // Only the young generation is bounded here: content and renditions live in the old one.
  expect(limits.maxOldGenerationSizeMb).toBeGreaterThan(500)
})
