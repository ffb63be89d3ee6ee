import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { checkSampleTable, type SampleTable } from '../../../src/lib/media/isobmff-guard.ts'
import { openMedia } from '../../../src/lib/media/open.ts'
import { type ClipName, clipBytes, hasFfmpeg, memoryFiles } from '../../support/clips.ts'

const billion = 1_000_000_000

describe('the bounds of a sample table', () => {
  const table: SampleTable = {
    sampleTimingEntries: [{ count: 3 }],
    sampleCompositionTimeOffsets: [{ count: 3 }],
    sampleSizes: [10, 20, 30],
    chunkOffsets: [0, 100],
    sampleToChunk: [
      { startChunkIndex: 0, samplesPerChunk: 2 },
      { startChunkIndex: 1, samplesPerChunk: 1 },
    ],
  }

  it('hold for a table that is in order', () => {
    expect(() => checkSampleTable(table)).not.toThrow()
    expect(() => checkSampleTable({ ...table, sampleSizes: [10] })).not.toThrow()
  })

  it('leave a long run of samples alone that nobody makes one by one', () => {
    const pcm = {
      ...table,
      sampleSizes: [2],
      sampleCompositionTimeOffsets: [],
      sampleTimingEntries: [{ count: billion }],
    }
    expect(() => checkSampleTable(pcm)).not.toThrow()
  })

  it.each<[what: string, change: Partial<SampleTable>]>([
    ['samples by time', { sampleTimingEntries: [{ count: billion }] }],
    ['composition offsets', { sampleCompositionTimeOffsets: [{ count: billion }] }],
    ['samples in a chunk', { sampleToChunk: [{ startChunkIndex: 0, samplesPerChunk: billion }] }],
    ['chunks', { sampleToChunk: [{ startChunkIndex: billion, samplesPerChunk: 1 }] }],
    ['samples of one size', { sampleSizes: [1], sampleTimingEntries: [{ count: billion }] }],
  ])('refuse a billion %s', (_what, change) => {
    expect(() => checkSampleTable({ ...table, ...change })).toThrow(/the sample table has a .* number 1000000000/)
  })
})

describe.skipIf(!hasFfmpeg)('a file that claims a billion samples', () => {
  /** The four bytes `offset` after each box of that name become a billion. */
  function claim(bytes: Uint8Array, box: string, offset: number): Uint8Array {
    const patched = Buffer.from(bytes)
    for (let at = patched.indexOf(box); at >= 0; at = patched.indexOf(box, at + 1))
      patched.writeUInt32BE(billion, at + offset)
    return patched
  }

  it.each<[clip: ClipName, box: string, offset: number]>([
    ['h264.mp4', 'stsc', 16],
    ['h264-b-frames.mp4', 'stts', 12],
    ['h264-b-frames.mp4', 'ctts', 12],
  ])('%s is refused at once: %s', async (clip, box, offset) => {
    const startedAt = performance.now()
    const bytes = claim(await clipBytes(clip), box, offset)
    await expect(openMedia(memoryFiles({ [clip]: bytes }), { clock: systemClock })).rejects.toMatchObject({
      code: 'MEDIA_CORRUPT',
      message: expect.stringContaining('the sample table has'),
    })
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })
})
