import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../../src/lib/base/errors.ts'
import {
  createMatroskaReader,
  matroskaCluster,
  matroskaHeader,
} from '../../../../src/lib/media/transcode/matroska-pipe.ts'
import type { Track } from '../../../../src/lib/model/track.ts'

const track: Track = { id: 1, kind: 'video', codec: 'vp8', codecString: 'vp8', width: 320, height: 180 }

describe('Matroska over a pipe', () => {
  const frame = fc.record({
    ms: fc.integer({ min: 0, max: 10_000_000 }),
    isKey: fc.boolean(),
    data: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  })

  it('reads back every frame that it wrote, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 10 }), fc.integer({ min: 1, max: 97 }), (frames, step) => {
        const clusters = frames.map((one) => matroskaCluster(one, one.ms / 1000))
        const bytes = Buffer.concat([matroskaHeader(track), ...clusters])
        const reader = createMatroskaReader()
        const blocks = []
        for (let at = 0; at < bytes.length; at += step) blocks.push(...reader.push(bytes.subarray(at, at + step)))
        expect(blocks).toEqual(frames.map(({ ms, isKey, data }) => ({ timeS: ms / 1000, isKey, data })))
      }),
    )
  })

  it('refuses nonsense with an error of the catalogue, and never hangs on it', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (pieces) => {
        const reader = createMatroskaReader()
        try {
          for (const piece of pieces) reader.push(piece)
        } catch (error) {
          expect(error).toBeInstanceOf(McpxError)
        }
      }),
    )
  })

  it('says which codec it has no name for', () => {
    const call = () => matroskaHeader({ ...track, codec: 'prores' })
    expect(call).toThrow(
      expect.objectContaining({ code: 'CODEC_UNSUPPORTED', message: expect.stringContaining('prores') }),
    )
  })
})
