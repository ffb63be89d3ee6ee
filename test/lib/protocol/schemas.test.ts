import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { parseQuality, qualities } from '../../../src/lib/model/quality.ts'
import {
  addRequest,
  historyQuery,
  qualityRequest,
  qualityValue,
  sessionRequest,
  streamRequest,
  tokenRequest,
  whepQuery,
} from '../../../src/lib/protocol/schemas.ts'

describe('a quality', () => {
  it('is accepted by the schema exactly where it means something', () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        ...qualities,
        'best',
        'LOW',
        '',
        ' 5',
        '5 ',
        '1e2',
        '-1',
        '100',
        '101',
        '007',
        '0100',
        null,
        true,
      ),
      fc.integer({ min: -5, max: 1005 }),
      fc.integer({ min: 0, max: 1005 }).map(String),
      fc.double(),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(value, (it) => {
        let means = true
        try {
          parseQuality(it)
        } catch (error) {
          means = false
          expect(error).toBeInstanceOf(McpxError)
        }
        expect(qualityValue.safeParse(it).success).toBe(means)
      }),
      { seed: 21, numRuns: 1000 },
    )
  })

  it('that means nothing is answered with what there is, and not with all that was said', () => {
    const said = qualityValue.safeParse('x'.repeat(10_000)).error!.issues[0]!.message
    expect(said).toContain(qualities.join(', '))
    expect(said.length).toBeLessThan(250)
  })
})

describe('bodies of requests', () => {
  it.each([
    ['a stream', streamRequest, { cid: '  bafy  ' }, { cid: 'bafy', quality: 80 }],
    ['a quality', qualityRequest, {}, { quality: 80 }],
    ['a token', tokenRequest, {}, { role: 'viewer', expires_in: 86_400 }],
    ['WHEP', whepQuery, { audio: '2', loop: '', start: '1:05' }, { audio: 2, loop: '', start: '1:05' }],
    ['the history', historyQuery, { to: '1700000000000' }, { from: 0, to: 1_700_000_000_000 }],
  ])('%s: get their defaults', (_, schema, body, expected) => {
    expect(schema.parse(body)).toEqual(expected)
  })

  it.each([
    ['no content', streamRequest, { cid: '   ' }],
    ['content of any length', streamRequest, { cid: 'b'.repeat(4097) }],
    ['a quality of another scale', streamRequest, { cid: 'b', quality: 101 }],
    ['an empty token', sessionRequest, { token: '' }],
    ['a token of any length', sessionRequest, { token: 't'.repeat(2049) }],
    ['a role that there is not', tokenRequest, { role: 'root' }],
    ['a token for a path', tokenRequest, { cid: 'bafybeigdyrzt5sf/x' }],
    ['a token for ever', tokenRequest, { expires_in: 31_536_001 }],
    ['a token for no time', tokenRequest, { expires_in: 0 }],
    ['a name of any length', addRequest, { content: '', filename: 'n'.repeat(256) }],
    ['bytes that are no text', addRequest, { content: 5 }],
    ['a track that is not one', whepQuery, { audio: '-1' }],
    ['a track between two', whepQuery, { audio: '1.5' }],
    ['a loop of another word', whepQuery, { loop: 'yes' }],
    ['a time before all time', historyQuery, { from: '-1' }],
    ['a time after all time', historyQuery, { to: '1e16' }],
    ['a name of no connection', historyQuery, { connection: '' }],
  ])('refuse %s', (_, schema, body) => {
    expect(schema.safeParse(body).success).toBe(false)
  })
})
