import { describe, expect, it } from 'vitest'
import { startHttp } from '../../support/http-api.ts'
import { cids, createMemoryEngine, offerSdp } from '../../support/http-engine.ts'

const sdp = { 'content-type': 'application/sdp' }
const fragment = { 'content-type': 'application/trickle-ice-sdpfrag' }
const offer = (path: string, body: string = offerSdp, headers: Record<string, string> = sdp) =>
  [path, { method: 'POST', body, headers }] as const

describe('WHEP', () => {
  it('answers an offer with 201, the session, its ETag and what it accepts', async () => {
    const { get, engine } = await startHttp()
    const answer = await get(...offer(`/whep/${cids.film}?quality=low&start=1:05&loop=1&audio=2`))
    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toMatch(/^application\/sdp/)
    expect(answer.headers.get('location')).toMatch(/^\/whep-session\/[\w-]{24}$/)
    expect(answer.headers.get('etag')).toBe('"stream-1-0"')
    expect(answer.headers.get('accept-patch')).toBe('application/trickle-ice-sdpfrag')
    expect(await answer.text()).toMatch(/^v=0\r\n/)
    expect(engine.argsOf('open')[0]![0]).toMatchObject({
      content: cids.film,
      quality: 'low',
      startS: 65,
      loop: true,
      audioTrackId: 2,
    })
  })

  it('names the ICE servers with their credentials in Link headers', async () => {
    const iceServers = [{ urls: 'stun:stun.example' }, { urls: 'turn:turn.example', username: 'u"1', credential: 'c' }]
    const { get } = await startHttp({}, { engine: createMemoryEngine({ info: { iceServers } }) })
    const answer = await get(...offer(`/whep/${cids.film}`))
    expect(answer.headers.get('link')).toBe(
      '<stun:stun.example>; rel="ice-server", <turn:turn.example>; rel="ice-server"; username="u\\"1"; credential="c"; credential-type="password"',
    )
  })

  it('keeps the path inside the CID, and puts the base path into the location', async () => {
    const { get, engine, url } = await startHttp({ basePath: 'mcpx/' })
    engine.store.files.set(`${cids.film}/a b.mp4`, new Uint8Array(1))
    const answer = await get(...offer(`/whep/${cids.film}/a%20b.mp4`))
    expect(answer.status).toBe(201)
    expect(url.endsWith('/mcpx')).toBe(true)
    expect(answer.headers.get('location')).toMatch(/^\/mcpx\/whep-session\/[\w-]{24}$/)
    expect(engine.argsOf('open')[0]![0]).toMatchObject({ content: `${cids.film}/a b.mp4` })
  })

  it.each([
    ['garbage', sdp, 400, 'INVALID_SDP'],
    [offerSdp.replaceAll('a=fingerprint', 'a=x-fingerprint'), sdp, 400, 'INVALID_SDP'],
    [offerSdp, { 'content-type': 'text/plain' }, 415, 'INVALID_REQUEST'],
    ['{}', { 'content-type': 'application/json' }, 415, 'INVALID_REQUEST'],
    [offerSdp, fragment, 415, 'INVALID_REQUEST'],
    ['v=0\r\n'.repeat(100_000), sdp, 413, 'MESSAGE_TOO_LARGE'],
  ])('refuses a wrong body and opens nothing for it (%#)', async (body, headers, status, code) => {
    const { get, engine } = await startHttp()
    const answer = await get(...offer(`/whep/${cids.film}`, body, headers as Record<string, string>))
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await answer.json()).toMatchObject({ status, code })
    expect(engine.argsOf('open')).toEqual([])
  })

  it.each([
    ['QmNotACid', 400, 'INVALID_CID'],
    [cids.missing, 404, 'CONTENT_NOT_FOUND'],
    ['', 400, 'INVALID_CID'],
    [`${cids.film}?quality=best`, 400, 'INVALID_REQUEST'],
    [`${cids.film}?connection_id=nobody`, 404, 'STREAM_NOT_FOUND'],
  ])('says what is wrong with /whep/%s', async (path, status, code) => {
    const { get } = await startHttp()
    const answer = await get(...offer(`/whep/${path}`))
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code])
  })

  it('attaches to a stream that waits, once', async () => {
    const { get, engine } = await startHttp()
    const { id } = await engine.open({ content: cids.film })
    const first = await get(...offer(`/whep/${cids.film}?connection_id=${id}`))
    expect(first.headers.get('location')).toMatch(/^\/whep-session\//)
    expect(engine.argsOf('open')).toHaveLength(1)
    const second = await get(...offer(`/whep/${cids.film}?connection_id=${id}`))
    expect(second.status).toBe(409)
  })

  it('closes the stream it opened when the offer turns out to be bad', async () => {
    const engine = createMemoryEngine()
    const { get } = await startHttp({}, { engine })
    engine.acceptOffer = async () => {
      throw new Error('no way')
    }
    const answer = await get(...offer(`/whep/${cids.film}`))
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('no way')
    expect(engine.get('stream-1')?.state).toBe('closed')
  })

  describe('sessions', () => {
    const candidate = 'candidate:1 1 udp 1 10.0.0.1 5000 typ host'
    const trickle = (ufrag: string) =>
      `a=ice-ufrag:${ufrag}\r\na=ice-pwd:0123456789abcdefghijklmn\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\na=${candidate}\r\na=end-of-candidates\r\n`

    async function start() {
      const started = await startHttp()
      const answer = await started.get(...offer(`/whep/${cids.film}`))
      const location = answer.headers.get('location')!
      const patch = (body: string, headers: Record<string, string> = {}) =>
        started.get(location, { method: 'PATCH', body, headers: { ...fragment, ...headers } })
      return { ...started, location, etag: answer.headers.get('etag')!, patch }
    }

    it('trickle candidates with the ETag, or with *', async () => {
      const { patch, etag, engine } = await start()
      for (const condition of [etag, '*']) {
        const answer = await patch(trickle('abcd'), { 'if-match': condition })
        expect(answer.status).toBe(204)
      }
      expect(engine.argsOf('addCandidate').slice(0, 2)).toEqual([
        ['stream-1', { candidate, sdpMid: '0', sdpMLineIndex: 0 }],
        ['stream-1', null],
      ])
    })

    it('restart ICE with new credentials: a new ETag, and the old one is refused from then on', async () => {
      const { patch, etag, engine } = await start()
      const answer = await patch(trickle('efgh'), { 'if-match': '*' })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toMatch(/^application\/trickle-ice-sdpfrag/)
      const fresh = answer.headers.get('etag')!
      expect(fresh).not.toBe(etag)
      const text = await answer.text()
      expect(text).toContain('a=ice-ufrag:srv2\r\n')
      expect(text).toContain('a=candidate:1 1 udp')
      const restarted = engine.argsOf('acceptOffer')[1]![1] as string
      expect(restarted).toContain('a=ice-ufrag:efgh\r\n')
      expect(restarted).not.toContain('ice-ufrag:abcd')
      expect((await patch(trickle('efgh'), { 'if-match': etag })).status).toBe(412)
      expect((await patch(trickle('efgh'), { 'if-match': fresh })).status).toBe(204)
    })

    it('refuse a PATCH without a condition, of another type, or with garbage', async () => {
      const { patch } = await start()
      expect((await patch(trickle('abcd'))).status).toBe(428)
      expect((await patch(trickle('abcd'), { 'if-match': '*', 'content-type': 'application/sdp' })).status).toBe(415)
      expect((await patch('hello', { 'if-match': '*' })).status).toBe(400)
    })

    it('end with DELETE, and are not there any more', async () => {
      const { get, location, patch, engine } = await start()
      expect((await get(location, { method: 'DELETE' })).status).toBe(200)
      expect(engine.argsOf('close')).toEqual([['stream-1', 'viewer_left']])
      expect((await get(location, { method: 'DELETE' })).status).toBe(404)
      expect((await patch(trickle('abcd'), { 'if-match': '*' })).status).toBe(404)
    })

    it('belong to who was told their address: the id of the stream opens none', async () => {
      const { get, engine, location } = await start()
      expect(location).not.toContain('stream-1')
      const headers = { ...fragment, 'if-match': '*' }
      const patched = await get('/whep-session/stream-1', { method: 'PATCH', body: trickle('efgh'), headers })
      const deleted = await get('/whep-session/stream-1', { method: 'DELETE' })
      expect([patched.status, deleted.status]).toEqual([404, 404])
      expect(engine.argsOf('close')).toEqual([])
    })

    it('are not begun for a stream that closed while its offer was answered', async () => {
      const engine = createMemoryEngine()
      const { get } = await startHttp({}, { engine })
      const { acceptOffer } = engine
      engine.acceptOffer = async (id, sdp) => {
        const answer = await acceptOffer(id, sdp)
        await engine.close(id, 'content_failed')
        return answer
      }
      expect((await get(...offer(`/whep/${cids.film}`))).status).toBe(404)
    })

    it('are forgotten when the stream closes by itself', async () => {
      const { get, location, engine } = await start()
      await engine.close('stream-1', 'ice_failed')
      expect((await get(location, { method: 'DELETE' })).status).toBe(404)
    })

    it('answer the other methods with 405 and OPTIONS with what there is', async () => {
      const { get, location } = await start()
      const wrong = await get(location)
      expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'PATCH, DELETE'])
      const options = await get(`/whep/${cids.film}`, { method: 'OPTIONS' })
      expect([options.status, options.headers.get('accept-post')]).toEqual([204, 'application/sdp'])
    })
  })
})
