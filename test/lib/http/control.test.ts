import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { startHttp } from '../../support/http-api.ts'
import { cids, createMemoryEngine } from '../../support/http-engine.ts'

const api = '/api/v0/webrtc'
type Body = Record<string, unknown> & { connections: Record<string, unknown>[] }

async function started() {
  const server = await startHttp()
  const post = async (path: string, body?: unknown, init?: RequestInit) => {
    const answer = await server.post(`${api}${path}`, body, init)
    return { status: answer.status, body: (await answer.json()) as Body }
  }
  return { ...server, ask: post }
}

describe('the control routes', () => {
  it.each([
    [80, 'very_high'],
    [0, 'very_low'],
    ['low', 'low'],
    ['auto', 'auto'],
    ['50', 'medium'],
    [undefined, 'very_high'],
  ])('open a stream with quality %s as %s', async (quality, expected) => {
    const { ask, engine } = await started()
    const { status, body } = await ask('/stream', { cid: cids.film, quality })
    expect(status).toBe(200)
    expect(body).toMatchObject({ success: true, connection_id: 'stream-1', message: 'Streaming started successfully' })
    expect(body.whep).toBe(`/whep/${cids.film}?connection_id=stream-1`)
    expect(engine.argsOf('open')[0]![0]).toMatchObject({ content: cids.film, quality: expected })
  })

  it.each([
    ['/stream', {}, 'Content CID is required'],
    ['/stream', { cid: '' }, 'Content CID is required'],
    ['/stream', undefined, 'Content CID is required'],
    ['/stream', { cid: 'QmNotACid' }, '"QmNotACid" is not a valid CID'],
    ['/stream', { cid: 5 }, 'cid: '],
    ['/stream', { cid: cids.film, quality: 101 }, 'quality: 101 is none of auto, very_low'],
    ['/stream', { cid: cids.film, quality: 'best' }, 'quality: "best" is none of auto, very_low'],
    ['/stream', { cid: cids.missing }, 'nobody has'],
    ['/close/nobody', undefined, 'there is no open stream "nobody"'],
    ['/quality/nobody', { quality: 5 }, 'there is no open stream "nobody"'],
  ])('say what is wrong with %s %j in the body, with status 200', async (path, body, error) => {
    const { ask } = await started()
    const answer = await ask(path, body)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ success: false, error: expect.stringContaining(error) })
  })

  it('take broken JSON as any other failure, and an empty body for none', async () => {
    const { ask } = await started()
    const headers = { 'content-type': 'application/json' }
    expect(await ask('/stream', undefined, { body: '{', headers })).toMatchObject({
      status: 200,
      body: { success: false, code: 'INVALID_JSON' },
    })
    expect((await ask('/close_all', undefined, { body: '', headers })).body).toMatchObject({ success: true })
  })

  it('set the quality, close one and close all', async () => {
    const { ask, engine } = await started()
    for (let i = 0; i < 3; i++) await ask('/stream', { cid: cids.film })
    expect((await ask('/quality/stream-1', { quality: 30 })).body).toMatchObject({
      success: true,
      message: 'Quality set to 30 for connection stream-1',
    })
    expect(engine.argsOf('command')).toEqual([['stream-1', { type: 'quality', quality: 'low' }]])
    expect((await ask('/close/stream-1')).body).toMatchObject({
      success: true,
      message: 'Connection stream-1 closed successfully',
    })
    expect((await ask('/close/stream-1')).body).toMatchObject({ success: false, code: 'STREAM_NOT_FOUND' })
    expect((await ask('/close_all')).body).toMatchObject({ success: true, connections_closed: 2 })
  })

  it('test the connection with what was measured, and stream the sample', async () => {
    const { ask, engine } = await started()
    expect((await ask('/test_connection')).body).toMatchObject({
      success: true,
      connection_id: 'stream-test',
      message: 'Test connection successful',
      measured: { iceConnectMs: 12, packetsReceived: 10 },
    })
    expect((await ask('/stream_test_content')).body).toMatchObject({ success: true, connection_id: 'stream-1' })
    expect(engine.argsOf('open')[0]![0]).toMatchObject({ content: cids.film })
  })

  it('say why the sample cannot be had', async () => {
    const sample = () => Promise.reject(new McpxError('DISK_FULL', 'no space left for the sample'))
    const { post } = await startHttp({}, { engine: { ...createMemoryEngine(), sample } })
    expect(await (await post(`${api}/stream_test_content`)).json()).toMatchObject({ success: false, code: 'DISK_FULL' })
  })

  it('list streams as the dashboards read them: closed ones too, and times that JavaScript understands', async () => {
    const { ask, get, engine } = await started()
    await ask('/stream', { cid: cids.film })
    await ask('/stream', { cid: cids.film, quality: 'low' })
    engine.set('stream-2', { state: 'active', peer: '10.0.0.9:5000' })
    await ask('/close/stream-1')
    const { connections, ...rest } = (await (await get(`${api}/connections`)).json()) as Body
    expect(rest).toMatchObject({ count: 2, timestamp: expect.any(String) })
    expect(connections).toEqual([
      expect.objectContaining({ status: 'active', quality: 'low', peer_id: '10.0.0.9:5000', end_time: null }),
      expect.objectContaining({ connection_id: 'stream-1', content_cid: cids.film, status: 'closed', peer_id: 'N/A' }),
    ])
    const { start_time, end_time } = connections[1] as { start_time: string; end_time: string }
    expect(Date.parse(end_time) - Date.parse(start_time)).toBe(1000)
  })
})
