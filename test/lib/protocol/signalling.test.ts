import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { clientMessage, parseClientMessage } from '../../../src/lib/protocol/signalling.ts'

const parse = (message: unknown) => parseClientMessage(JSON.stringify(message))

describe('client messages', () => {
  it('get the defaults of the origin', () => {
    expect(parse({ type: 'offer_request', cid: 'bafy' })).toMatchObject({ kind: 'video', frameRate: 30 })
    expect(parse({ type: 'offer_request', cid: 'bafy', frameRate: null })).toMatchObject({ frameRate: 30 })
    expect(parse({ type: 'answer', pc_id: '1', sdp: 'v=0' })).toMatchObject({ sdpType: 'answer' })
  })

  it.each([
    ['', 'Invalid JSON message'],
    ['{', 'Invalid JSON message'],
    ['[]', 'Invalid JSON message'],
    ['null', 'Invalid JSON message'],
    ['"ping"', 'Invalid JSON message'],
    ['{}', 'Unknown message type: undefined'],
    ['{"type":"dance"}', 'Unknown message type: dance'],
    ['{"type":"toString"}', 'Unknown message type: toString'],
    ['{"type":{"toString":1}}', 'Unknown message type: [object]'],
    ['{"type":["ping"]}', 'Unknown message type: ping'],
    ['{"type":"offer_request"}', 'Missing cid parameter'],
    ['{"type":"offer_request","cid":5}', 'offer_request: cid'],
    ['{"type":"offer_request","cid":"x","kind":"smell"}', 'offer_request: kind'],
    ['{"type":"offer_request","cid":"x","quality":"best"}', 'offer_request: quality'],
    ['{"type":"set_quality","pc_id":"1"}', 'Missing pc_id or quality parameter'],
    ['{"type":"set_quality","quality":"low"}', 'Missing pc_id or quality parameter'],
    ['{"type":"answer","pc_id":"1"}', 'Missing pc_id or sdp parameter'],
    ['{"type":"answer","pc_id":"1","sdp":"v=0","sdpType":"offer"}', 'answer: sdpType'],
    ['{"type":"candidate","candidate":5}', 'candidate: candidate'],
    ['{"type":"candidate","candidate":"x","sdpMLineIndex":-1}', 'candidate: sdpMLineIndex'],
  ])('that are wrong are told in the words of the origin: %s', (text, words) => {
    expect(() => parseClientMessage(text)).toThrow(words)
  })

  it.each([
    { type: 'x'.repeat(100_000) },
    { type: 'offer_request', cid: 'x'.repeat(100_000) },
    { type: 'offer_request', cid: 'x', kind: 'k'.repeat(100_000) },
    { type: 'set_quality', pc_id: '1', quality: 'q'.repeat(100_000) },
    { type: 'answer', pc_id: 'p'.repeat(100_000), sdp: 'v=0' },
    { type: 'candidate', candidate: { candidate: 'c'.repeat(100_000) } },
  ])('that are long are answered in short: $type', (message) => {
    const failure = expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(/^.{1,250}$/) })
    expect(() => parse(message)).toThrow(failure)
  })

  it('may name a candidate by its line, its fields, or null at the end', () => {
    const fields = { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 }
    for (const candidate of ['candidate:1', fields, null])
      expect(parse({ type: 'candidate', candidate })).toMatchObject({ candidate })
    expect(parse({ type: 'candidate', candidate: { ...fields, usernameFragment: 'x' } })).toMatchObject({
      candidate: fields,
    })
  })

  it('of both dialects ask for content with the same fields', () => {
    for (const type of ['offer_request', 'add_track', 'add_ipfs_track']) {
      const asked = { type, cid: ' bafy ', kind: 'both', frameRate: 60, quality: 'low', start: 1.5, loop: true }
      expect(parse(asked)).toMatchObject({ ...asked, cid: 'bafy' })
      for (const wrong of [
        { start: -1 },
        { frameRate: 1001 },
        { loop: 1 },
        { session_id: 's'.repeat(257) },
        { cid: ' ' },
      ])
        expect(() => parse({ ...asked, ...wrong }), JSON.stringify(wrong)).toThrow(Object.keys(wrong)[0])
    }
  })

  it('of any shape are understood or refused, never worse', () => {
    const type = fc.constantFrom(...clientMessage.options.map((option) => option.shape.type.value))
    const fields = fc.dictionary(
      fc.constantFrom('cid', 'pc_id', 'sdp', 'quality', 'candidate', 'kind', 'sdpMid'),
      fc.jsonValue(),
    )
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.tuple(type, fields).map(([t, rest]) => JSON.stringify({ ...rest, type: t })),
    )
    fc.assert(
      fc.property(text, (it) => {
        try {
          return typeof parseClientMessage(it).type === 'string'
        } catch (error) {
          return error instanceof McpxError && ['INVALID_JSON', 'INVALID_REQUEST'].includes(error.code)
        }
      }),
    )
  })
})
