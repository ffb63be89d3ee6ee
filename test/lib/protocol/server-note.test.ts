import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxNoteLength, parseServerNote } from '../../../src/lib/protocol/server-note.ts'

const parse = (note: unknown) => parseServerNote(JSON.stringify(note))
const epoch = { rtpTimestamp: 5, mediaTimeS: 1.5, rate: 1, cause: 'seek' }
const media = {
  container: 'webm',
  durationS: 15,
  rungs: [{ index: 0, name: 'low', width: 640, height: 360, frameRate: 30, bitrateBps: 500_000 }],
  mode: 'ladder',
  rotation: 0,
  tracks: [{ id: 1, kind: 'video', codec: 'vp9', width: 640, height: 360, frameRate: 30 }],
}
const sent = [{ kind: 'video', codec: 'vp9', sourceCodec: 'vp9', transcoded: false }]
const mediaNote = { type: 'media', streamId: 's', media, sent, clockRate: 90_000 }

describe('a note of the server', () => {
  it.each([
    mediaNote,
    { type: 'epoch', epoch, paused: false },
    { type: 'quality', quality: 'auto', rung: 2, name: 'high' },
    { type: 'buffering', buffering: true },
    { type: 'ended' },
    { type: 'closed', reason: 'requested' },
    { type: 'error', code: 'INTERNAL', message: 'm', hint: 'h' },
  ])('%j is understood', (note) => {
    expect(parse(note)).toEqual(note)
  })

  it.each([
    null,
    7,
    [],
    {},
    { type: 'stop' },
    { ...mediaNote, clockRate: 0 },
    { ...mediaNote, media: null },
    { ...mediaNote, media: { ...media, durationS: '15' } },
    { ...mediaNote, media: { ...media, rungs: {} } },
    { ...mediaNote, media: { ...media, tracks: [{ id: 1, kind: 'text', codec: 'srt' }] } },
    { ...mediaNote, sent: [null] },
    { type: 'epoch', paused: false },
    { type: 'epoch', epoch: { ...epoch, rate: 2 }, paused: false },
    { type: 'epoch', epoch: { ...epoch, cause: 'because' }, paused: false },
    { type: 'epoch', epoch, paused: 'no' },
    { type: 'quality', quality: 'auto', rung: '2', name: 'high' },
    { type: 'buffering' },
    { type: 'closed', reason: {} },
    { type: 'error', code: 'INTERNAL', message: 'm' },
  ])('%j is none', (note) => {
    expect(parse(note)).toBeUndefined()
  })

  it('is never one that is too long, or no JSON, and nothing that comes throws', () => {
    expect(parseServerNote(`${' '.repeat(maxNoteLength)}{"type":"ended"}`)).toBeUndefined()
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseServerNote(text)?.type).not.toBe('media')
      }),
      { seed: 8, numRuns: 500 },
    )
  })
})
