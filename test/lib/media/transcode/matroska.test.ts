import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../../src/lib/base/errors.ts'
import { createMatroskaReader } from '../../../../src/lib/media/transcode/matroska-reader.ts'
import { createMatroskaWriter, requireMatroskaName } from '../../../../src/lib/media/transcode/matroska-writer.ts'
import type { Track } from '../../../../src/lib/model/track.ts'
import { until } from '../../../support/webrtc-pair.ts'

const track: Track = { id: 1, kind: 'video', codec: 'vp8', codecString: 'vp8', width: 320, height: 180 }

async function written(frames: readonly { ms: number; data: Uint8Array }[]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  const writer = await createMatroskaWriter(track, async (bytes) => void pieces.push(Uint8Array.from(bytes)))
  for (const { ms, data } of frames)
    await writer.add({ timeS: ms / 1000, durationS: 0.04, isKey: true, data }, ms / 1000)
  await writer.end()
  return Buffer.concat(pieces)
}

describe('Matroska over a pipe', () => {
  const frame = fc.record({
    stepMs: fc.integer({ min: -400, max: 40_000 }),
    data: fc.uint8Array({ minLength: 1, maxLength: 200 }),
  })

  it('reads back every frame that was written, in whatever pieces it comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 10 }), fc.integer({ min: 1, max: 97 }), async (steps, step) => {
        let ms = 10_000
        const frames = steps.map(({ stepMs, data }) => {
          ms += stepMs
          return { ms, data }
        })
        const bytes = await written(frames)
        const reader = createMatroskaReader()
        const blocks = []
        for (let at = 0; at < bytes.length; at += step) blocks.push(...reader.push(bytes.subarray(at, at + step)))
        expect(blocks.map(({ timeS, data }) => ({ timeS, data }))).toEqual(
          frames.map(({ ms, data }) => ({ timeS: ms / 1000, data })),
        )
      }),
    )
  })

  it('writes a frame when it comes, and waits while nothing is taken', async () => {
    let taken: () => void = () => {}
    let count = 0
    const writer = await createMatroskaWriter(track, () => {
      count++
      return new Promise((resolve) => {
        taken = resolve
      })
    })
    const add = (timeS: number) => writer.add({ timeS, durationS: 0.04, isKey: true, data: new Uint8Array(90) }, timeS)
    let added = 0
    const adding = (async () => {
      for (let i = 0; i < 50; i++) {
        await add(i)
        added++
      }
    })()
    await until(() => count > 0)
    for (let i = 0; i < 20; i++) await setImmediate()
    expect(added).toBeLessThan(10)
    const timer = setInterval(() => taken())
    await adding.finally(() => clearInterval(timer))
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

  it('says which codec it has no name for, and which track it cannot describe', async () => {
    expect(() => requireMatroskaName({ ...track, codec: 'cinepak' })).toThrow(
      expect.objectContaining({ code: 'CODEC_UNSUPPORTED', message: expect.stringContaining('cinepak') }),
    )
    const writer = await createMatroskaWriter({ ...track, codec: 'h264', codecString: 'nonsense' }, async () => {})
    const first = writer.add({ timeS: 0, durationS: 1, isKey: true, data: new Uint8Array(9) }, 0)
    await expect(first).rejects.toMatchObject({ code: 'CODEC_UNSUPPORTED' })
    await writer.end()
  })
})
