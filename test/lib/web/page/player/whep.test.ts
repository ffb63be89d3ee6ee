import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { leave, postOffer, WhepRefused } from '../../../../../src/web/player/whep.ts'

function answering(answer: () => Response, url = 'http://host/b/whep/bafy') {
  const asked: [string, RequestInit][] = []
  vi.stubGlobal('fetch', async (to: string, init: RequestInit) => {
    asked.push([to, init])
    return Object.defineProperty(answer(), 'url', { value: url })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  return asked
}
const request = { base: '/b', content: 'bafy/a b.mp4', quality: 'low' }
const { signal } = new AbortController()

describe('an offer', () => {
  it('is sent as SDP, and the grant is read off the answer', async () => {
    const headers = { location: '../session/1', etag: '"x"', link: '<stun:h>; rel="ice-server"' }
    const asked = answering(() => new Response('answer', { status: 201, headers }))
    expect(await postOffer(request, 'offer', signal)).toEqual({
      ...{ sdp: 'answer', sessionUrl: 'http://host/b/session/1', etag: '"x"' },
      iceServers: [{ urls: 'stun:h' }],
    })
    const [url, { method, body, headers: sent, signal: passed }] = asked[0]!
    expect([url, method, body, passed]).toEqual(['/b/whep/bafy/a%20b.mp4?quality=low', 'POST', 'offer', signal])
    expect(sent).toMatchObject({ 'content-type': 'application/sdp' })
  })

  it('may be granted without a session', async () => {
    answering(() => new Response('answer', { status: 201 }))
    expect(await postOffer(request, 'offer', signal)).toEqual({ sdp: 'answer', iceServers: [] })
  })

  it.each([
    [409, { code: 'AMBIGUOUS_CONTENT', detail: 'two:\n  bafy/a\n  bafy/b' }, { files: ['bafy/a', 'bafy/b'] }],
    [404, { code: 'CONTENT_NOT_FOUND', error: 'nobody', hint: 'add it' }, { message: 'nobody', hint: 'add it' }],
    [502, '<html>', { status: 502 }],
  ])('is refused with %i, and why', async (status, body, expected) => {
    answering(() => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status }))
    const refused = await postOffer(request, 'offer', signal).catch((thrown: unknown) => thrown)
    expect(refused).toBeInstanceOf(WhepRefused)
    expect((refused as WhepRefused).answer).toMatchObject({ status, ...expected })
    expect((refused as WhepRefused).message).not.toBe('')
  })
})

describe('leaving', () => {
  it('outlives the page, and does not mind a server that is gone', async () => {
    const rejected = vi.fn()
    process.on('unhandledRejection', rejected)
    onTestFinished(() => void process.off('unhandledRejection', rejected))
    const asked = answering(() => {
      throw new TypeError('fetch failed')
    })
    leave('http://host/session/1')
    await new Promise((go) => setImmediate(go))
    expect(asked).toEqual([['http://host/session/1', { method: 'DELETE', keepalive: true }]])
    expect(rejected).not.toHaveBeenCalled()
  })
})
