import fc from 'fast-check'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  closeAll,
  closeStream,
  fetchHappenings,
  fetchSamples,
  setQuality,
  startSample,
  startStream,
  testConnection,
} from '../../../../src/web/dashboard/api.ts'
import { parseJson } from '../../../../src/web/shared/answer.ts'

/** A server that answers everything with this, and what it was asked. */
function serve(body: unknown, status = 200) {
  const asked: { readonly url: string; readonly method: string; readonly body: unknown }[] = []
  vi.stubGlobal('fetch', async (url: string, { method = 'GET', body: sent }: RequestInit = {}) => {
    asked.push({ url, method, body: typeof sent === 'string' ? JSON.parse(sent) : undefined })
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })
  })
  return asked
}

beforeEach(() => onTestFinished(() => void vi.unstubAllGlobals()))

const { signal } = new AbortController()

describe('what the dashboard asks the server to do', () => {
  it.each([
    [() => startStream('/mcpx', 'bafy/a', 'low'), '/mcpx/api/v0/webrtc/stream', { cid: 'bafy/a', quality: 'low' }],
    [() => startSample(''), '/api/v0/webrtc/stream_test_content', undefined],
    [() => testConnection(''), '/api/v0/webrtc/test_connection', undefined],
    [() => closeAll(''), '/api/v0/webrtc/close_all', undefined],
    [() => closeStream('', '../a b?#$&'), '/api/v0/webrtc/close/..%2Fa%20b%3F%23%24%26', undefined],
    [() => setQuality('', 'x', 'high'), '/api/v0/webrtc/quality/x', { quality: 'high' }],
  ])('%s is a POST of what it needs', async (ask, url, body) => {
    const asked = serve({ success: true })
    expect(await ask()).toEqual({ isDone: true, message: 'Done' })
    expect(asked).toEqual([{ url, method: 'POST', body }])
  })

  it('is done where the body says so, whatever else it says', async () => {
    serve({ success: true, message: 'Streaming', connection_id: 'c1', player: '/player/bafy?connection_id=c1' })
    expect(await startSample('')).toEqual({
      isDone: true,
      message: 'Streaming',
      connectionId: 'c1',
      player: '/player/bafy?connection_id=c1',
    })
    serve({ success: true, message: 7, connection_id: {}, player: ['/x'] })
    expect(await startSample('')).toEqual({ isDone: true, message: 'Done' })
  })

  it.each([
    'https://elsewhere.test/',
    '//elsewhere.test/',
    '/\\elsewhere.test/',
    '/\t/elsewhere.test/',
    '/\n\\elsewhere.test/',
    '\r//elsewhere.test/',
    'javascript:alert(1)',
    'player/bafy',
    '',
  ])('leads to no player at %j, which is not of this server', async (player) => {
    serve({ success: true, player })
    expect(await startSample('')).not.toHaveProperty('player')
  })

  it('leads to addresses of this server alone, as a browser reads them', async () => {
    const part = fc.constantFrom('/', '\\', '\t', '\n', '\r', ' ', 'h', '.', ':', '@', '?', '#', '\u0000')
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        serve({ success: true, player: `/${parts.join('')}` })
        const outcome = await startSample('')
        if (!outcome.isDone || outcome.player === undefined) return
        expect(new URL(outcome.player, 'http://own.test').origin).toBe('http://own.test')
      }),
    )
  })

  it.each([
    [200, { success: false, error: 'no such connection', hint: 'look' }, 'no such connection', 'look'],
    [200, { message: 'success is not said' }, 'success is not said', undefined],
    [200, { success: 'true' }, 'The server answered 200.', undefined],
    [500, { success: true }, 'The server answered 500.', undefined],
    [502, '<html>Bad gateway</html>', 'The server answered 502.', undefined],
    [401, { error: 'who are you' }, 'The session is over.', 'Reload the page.'],
  ])('has failed where it is answered with %i %j', async (status, body, message, hint) => {
    serve(body, status)
    expect(await closeAll('')).toEqual({ isDone: false, message, ...(hint && { hint }) })
  })

  it('has failed where nobody answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')))
    expect(await closeAll('')).toEqual({ isDone: false, message: 'The server does not answer.' })
    expect(await fetchSamples('', { id: 'a', fromMs: 0 }, signal)).toEqual([])
    expect(await fetchHappenings('', 'a', signal)).toEqual([])
  })
})

describe('a text that should be an object', () => {
  it.each(['', '{', 'null', '7', '"text"', 'true'])('is an empty one where it is %j', (text) =>
    expect(parseJson(text)).toEqual({}),
  )

  it('is what it is, and never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseJson(text)))
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.stringify(parseJson(text))).toBe(text)
      }),
    )
  })
})

describe('the history of a connection', () => {
  it('is asked for from a whole millisecond that is not before 1970', async () => {
    const asked = serve({ rows: [{ at_ms: 5, bitrate_bps: 7 }] })
    const found = await fetchSamples('/b', { id: 'a&b', fromMs: 12.9 }, signal)
    expect(found).toMatchObject([{ atMs: 5, bitrateBps: 7 }])
    await fetchSamples('', { id: 'a', fromMs: -1 }, signal)
    expect(asked.map(({ url }) => url)).toEqual([
      '/b/api/v0/history/samples?from=12&connection=a%26b',
      '/api/v0/history/samples?from=0&connection=a',
    ])
  })

  it('is empty where the server has none', async () => {
    serve({ rows: [{ at_ms: 5 }] }, 404)
    expect(await fetchSamples('', { id: 'a', fromMs: 0 }, signal)).toEqual([])
  })
})

describe('what happened to a connection', () => {
  const at = (second: number) => new Date(second * 1000).toISOString()

  it('are its events and errors in one list, newest first', async () => {
    serve({
      connection: {
        lifecycle_events: [
          { type: 'created', timestamp: at(1), details: { a: 1 } },
          { type: 'error', timestamp: at(3), details: {} },
        ],
        errors: [{ code: 'PEER_FAILED', error: 'no path', timestamp: at(2) }],
      },
    })
    expect(await fetchHappenings('', 'a', signal)).toEqual([
      { atMs: 3000, type: 'error', details: {}, isError: true },
      { atMs: 2000, type: 'PEER_FAILED', details: { message: 'no path' }, isError: true },
      { atMs: 1000, type: 'created', details: { a: 1 }, isError: false },
    ])
  })

  it('leaves out what has no time', async () => {
    serve({ connection: { lifecycle_events: [{ type: 'a' }, { type: 'b', timestamp: 5 }, { timestamp: 'soon' }] } })
    expect(await fetchHappenings('', 'a', signal)).toEqual([])
  })

  it('survives every answer', async () => {
    const entries = fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.constant(null), fc.constant({ timestamp: at(1) }))))
    const answer = fc.record({ connection: fc.record({ lifecycle_events: entries, errors: entries }) })
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), answer), async (body) => {
        serve(body)
        for (const { atMs } of await fetchHappenings('', 'a', signal)) expect(atMs).not.toBeNaN()
      }),
    )
  })
})
