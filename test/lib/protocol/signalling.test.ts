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
