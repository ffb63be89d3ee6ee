import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { CountedHistogram } from '../../../src/lib/metrics/counted-histogram.ts'
import { BucketCounts } from '../../../src/lib/model/histogram.ts'

const settings = { name: 'size_bytes', help: 'Sizes', buckets: [1, 10, 100] }
const lines = async (histogram: CountedHistogram | Histogram): Promise<string[]> => {
  const registry = new Registry()
  registry.registerMetric(histogram as unknown as Histogram)
  return (await registry.metrics()).trim().split('\n').sort()
}

it('says the same as the one of prom-client, whether values come one by one or counted', async () => {
  const values = fc.array(
    fc.record({ kind: fc.constantFrom('video', 'audio'), value: fc.integer({ min: 0, max: 200 }) }),
    {
      minLength: 1,
    },
  )
  await fc.assert(
    fc.asyncProperty(values, async (observed) => {
      const [single, counted] = [new CountedHistogram(settings), new CountedHistogram(settings)]
      const theirs = new Histogram({ ...settings, labelNames: ['kind'], registers: [] })
      const counts = { video: new BucketCounts(settings.buckets), audio: new BucketCounts(settings.buckets) }
      for (const { kind, value } of observed) {
        single.observe({ kind }, value)
        theirs.observe({ kind }, value)
        counts[kind as 'video'].record(value)
      }
      for (const kind of ['video', 'audio'] as const)
        if (counts[kind].read().count > 0) counted.add({ kind }, counts[kind].read())
      expect(await lines(single)).toEqual(await lines(theirs))
      expect(await lines(counted)).toEqual(await lines(theirs))
    }),
    { seed: 4, numRuns: 50 },
  )
})

it('forgets the series of a label value', async () => {
  const histogram = new CountedHistogram(settings)
  histogram.observe({ id: 'a' }, 5)
  histogram.observe({ id: 'b' }, 5)
  histogram.forget('id', 'a')
  const said = (await lines(histogram)).join('\n')
  expect(said).toContain('id="b"')
  expect(said).not.toContain('id="a"')
})
