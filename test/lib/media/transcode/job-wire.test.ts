import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../../src/lib/base/errors.ts'
import { createMessageReader, encodeMessage, parseOutput } from '../../../../src/lib/media/transcode/job-wire.ts'

/** Pieces of at most `step` bytes. */
function* pieces(bytes: Uint8Array, step: number) {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step)
}

const slab = Uint8Array.from({ length: 10 }, (_, i) => i)
const segment = {
  t: 'segment',
  index: 3,
  startS: 3,
  endS: 4,
  isLast: false,
  frames: [
    { timeS: 3, durationS: 0.5, isKey: true, offset: 0, length: 6 },
    { timeS: 3.5, durationS: 0.5, isKey: false, offset: 6, length: 4 },
  ],
}

describe('the wire of a transcode job', () => {
  it('reads back every message that it wrote, in whatever pieces it comes', () => {
    const message = fc.record({ head: fc.jsonValue(), body: fc.uint8Array({ maxLength: 300 }) })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.integer({ min: 1, max: 97 }), (messages, step) => {
        const bytes = Buffer.concat(messages.flatMap(({ head, body }) => encodeMessage(head, body)))
        const reader = createMessageReader()
        const read = [...pieces(bytes, step)].flatMap((piece) => reader.push(piece))
        const plain = messages.map(({ head, body }) => ({ head: JSON.parse(JSON.stringify(head)), body: [...body] }))
        expect(read.map(({ head, body }) => ({ head, body: [...body] }))).toEqual(plain)
      }),
    )
  })

  it('refuses nonsense with an error of the catalogue, and takes no memory for what is only announced', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), (chunks) => {
        const reader = createMessageReader()
        try {
          for (const chunk of chunks) for (const message of reader.push(chunk)) parseOutput(message)
        } catch (error) {
          expect(error).toBeInstanceOf(McpxError)
        }
      }),
    )
    const huge = Buffer.alloc(8)
    huge.writeUInt32BE(2 ** 31, 4)
    expect(() => createMessageReader().push(huge)).toThrow(McpxError)
  })

  it('takes a failure whose words are none', () => {
    const error = { code: { toString: 1 }, message: [[]], hint: null }
    expect(parseOutput({ head: { t: 'failed', error }, body: slab })).toEqual({
      t: 'failed',
      error: { code: '[object]', message: '', hint: '' },
    })
  })

  it('takes a segment whose frames are in it, and a failure with words of any length', () => {
    expect(parseOutput({ head: segment, body: slab })).toEqual({ ...segment, slab })
    const error = { code: 'MEDIA_CORRUPT', message: 'x'.repeat(9000), hint: 'y' }
    const failed = parseOutput({ head: { t: 'failed', error }, body: slab })
    expect(failed).toMatchObject({ t: 'failed', error: { code: 'MEDIA_CORRUPT', message: 'x'.repeat(2000) } })
  })

  const frame = segment.frames[0]!
  it.each([
    ['a frame outside of it', { ...segment, frames: [{ ...frame, length: 11 }] }],
    ['a frame before it', { ...segment, frames: [{ ...frame, offset: -1 }] }],
    ['a frame without a time', { ...segment, frames: [{ ...frame, timeS: null }] }],
    ['no frames', { ...segment, frames: undefined }],
    ['more frames than a second has', { ...segment, frames: Array.from({ length: 5000 }, () => frame) }],
    ['an index that is none', { ...segment, index: 0.5 }],
    ['another kind', { ...segment, t: 'news' }],
    ['nothing', null],
  ])('refuses a segment with %s', (_what, head) => {
    expect(() => parseOutput({ head, body: slab })).toThrow(McpxError)
  })
})
