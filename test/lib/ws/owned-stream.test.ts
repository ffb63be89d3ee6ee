import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { candidateMessage, toCandidate } from '../../../src/lib/ws/candidate.ts'
import { isDialectB, resultOf } from '../../../src/lib/ws/dialect-b.ts'
import { OwnedStream } from '../../../src/lib/ws/owned-stream.ts'

const line = (n: number) => ({ candidate: `candidate:${n} 1 udp 1 192.0.2.1 ${n} typ host` })

describe('a stream of a client', () => {
  it('holds back our candidates until the offer is out, and then passes them at once', () => {
    const stream = new OwnedStream('video', 'auto')
    expect([...stream.local(line(1)), ...stream.local(null)]).toEqual([])
    expect(stream.offered()).toEqual([line(1), null])
    expect(stream.local(line(2))).toEqual([line(2)])
    expect(stream.offered()).toEqual([])
  })

  it('holds back those of the client until its answer is taken, no more than 64 of them, and counts them all', () => {
    const stream = new OwnedStream('video', 'auto')
    for (let i = 0; i < 100; i++) expect(stream.remote(line(i))).toEqual([])
    stream.remote(null)
    expect(stream.candidatesAdded).toBe(100)
    expect(stream.answered()).toEqual(Array.from({ length: 64 }, (_, i) => line(i)))
    expect(stream.remote(line(101))).toEqual([line(101)])
  })

  it('does one thing after the other, also after one that failed', async () => {
    const stream = new OwnedStream('video', 'auto')
    const did: string[] = []
    const first = Promise.withResolvers<void>()
    const slow = stream.inOrder(() => first.promise.then(() => void did.push('slow')))
    const failing = stream.inOrder(() => Promise.reject(new McpxError('INVALID_REQUEST', 'no')))
    const last = stream.inOrder(async () => void did.push('last'))
    const refused = expect(failing).rejects.toThrow('no')
    first.resolve()
    await Promise.all([slow, refused, last])
    expect(did).toEqual(['slow', 'last'])
  })
})

describe('candidates', () => {
  it.each([
    [
      { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 1 },
      { candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 1 },
    ],
    [
      { candidate: { candidate: 'candidate:1', sdpMid: '0' }, sdpMLineIndex: 7 },
      { candidate: 'candidate:1', sdpMid: '0' },
    ],
    [{ candidate: 'candidate:1', sdpMid: null, sdpMLineIndex: null }, { candidate: 'candidate:1' }],
    [{ candidate: '' }, null],
    [{ candidate: null }, null],
    [{}, null],
    [{ candidate: { candidate: '' } }, null],
  ])('are understood as a line or as an object: %j', (message, candidate) => {
    expect(toCandidate({ type: 'candidate', ...message })).toEqual(candidate)
  })

  it('are told with every field, the last one as an empty line', () => {
    const rest = { type: 'candidate', pc_id: 'a' }
    expect(candidateMessage('a', line(1))).toEqual({ ...rest, ...line(1), sdpMid: null, sdpMLineIndex: null })
    expect(candidateMessage('a', null)).toEqual({ ...rest, candidate: '', sdpMid: null, sdpMLineIndex: null })
  })
})

describe('dialect B', () => {
  const offer = { type: 'offer_request', cid: 'c', kind: 'video', frameRate: 30 } as const

  it('is known by what only its clients say', () => {
    expect(isDialectB(offer)).toBe(false)
    expect(isDialectB({ ...offer, track_ids: [] })).toBe(true)
    expect(isDialectB({ ...offer, pc_id: 'mine' })).toBe(true)
    expect(isDialectB({ ...offer, type: 'add_ipfs_track' })).toBe(true)
    expect(isDialectB({ ...offer, type: 'add_track' })).toBe(false)
    expect(isDialectB({ type: 'ping' })).toBe(false)
  })

  it('is told how it went', () => {
    expect(resultOf('answer_result', 'a')).toEqual({ type: 'answer_result', success: true, pc_id: 'a' })
    expect(resultOf('close_result', undefined)).toEqual({ type: 'close_result', success: true })
    const failed = { type: 'add_track_result', success: false, error: 'no' }
    expect(resultOf('add_track_result', undefined, new McpxError('INVALID_REQUEST', 'no'))).toEqual(failed)
  })
})
