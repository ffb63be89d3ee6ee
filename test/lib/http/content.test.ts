import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { contentTypeOf } from '../../../src/lib/http/content-type.ts'
import { startHttp } from '../../support/http-api.ts'
import { cids } from '../../support/http-engine.ts'

const doors = [`/ipfs/${cids.film}`, `/api/v0/ipfs/cat/${cids.film}`, `/api/v0/mcp/ipfs/get/${cids.film}`]

describe('bytes', () => {
  it.each(doors)('at %s come whole, in parts and not at all', async (path) => {
    const { get, engine } = await startHttp()
    const file = Buffer.from(engine.store.files.get(cids.film)!)
    const whole = await get(path)
    expect(whole.status).toBe(200)
    expect(whole.headers.get('accept-ranges')).toBe('bytes')
    expect(whole.headers.get('etag')).toBe(`"${cids.film}"`)
    expect(Buffer.from(await whole.arrayBuffer()).equals(file)).toBe(true)

    const part = await get(path, { headers: { range: 'bytes=20000-50000' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 20000-50000/100000')
    expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(20_000, 50_001))).toBe(true)

    const beyond = await get(path, { headers: { range: 'bytes=100000-' } })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toBe('bytes */100000')

    const head = await get(path, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '100000'])
    const headPart = await get(path, { method: 'HEAD', headers: { range: 'bytes=-1' } })
    expect([headPart.status, headPart.headers.get('content-length')]).toEqual([206, '1'])
  })

  it('are not sent again to who has them, and a range only while it is the same file', async () => {
    const { get } = await startHttp()
    const etag = `"${cids.film}"`
    const known = await get(doors[0]!, { headers: { 'if-none-match': `W/${etag}` } })
    expect([known.status, await known.text()]).toEqual([304, ''])
    const same = await get(doors[0]!, { headers: { range: 'bytes=0-9', 'if-range': etag } })
    expect(same.status).toBe(206)
    const other = await get(doors[0]!, { headers: { range: 'bytes=0-9', 'if-range': '"x"' } })
    expect(other.status).toBe(200)
  })

  it('of hostile content can do nothing in a browser', async () => {
    const { get, engine } = await startHttp()
    engine.store.files.set(`${cids.film}/evil.html`, Buffer.from('<script>alert(1)</script>'))
    engine.store.files.set(cids.film, Buffer.from('<script>alert(1)</script>'))
    const answer = await get(`/ipfs/${cids.film}/evil.html`)
    expect(answer.headers.get('content-security-policy')).toBe('sandbox')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
    const unnamed = await get(`/ipfs/${cids.film}`)
    expect(unnamed.headers.get('content-type')).toBe('application/octet-stream')
    const named = await get(`/ipfs/${cids.film}?filename=a.mp4`)
    expect(named.headers.get('content-type')).toBe('video/mp4')
  })

  it('of an empty file are none', async () => {
    const { get, engine } = await startHttp()
    engine.store.files.set(cids.other, new Uint8Array(0))
    const answer = await get(`/ipfs/${cids.other}`)
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '0', ''])
    expect((await get(`/ipfs/${cids.other}`, { headers: { range: 'bytes=0-' } })).status).toBe(416)
  })

  it('that nobody has, that are no CID, or a directory are each said', async () => {
    const { get } = await startHttp()
    const codes = []
    for (const path of [cids.missing, 'QmNotACid', cids.folder]) {
      const answer = await get(`/ipfs/${path}`)
      codes.push([answer.status, ((await answer.json()) as { code: string }).code])
    }
    expect(codes).toEqual([
      [404, 'CONTENT_NOT_FOUND'],
      [400, 'INVALID_CID'],
      [409, 'AMBIGUOUS_CONTENT'],
    ])
  })

  it('are read only as far as the client reads', async () => {
    const { get, engine } = await startHttp()
    engine.store.files.set(cids.other, new Uint8Array(64 * 2 ** 20))
    const leaving = new AbortController()
    const answer = await get(`/ipfs/${cids.other}`, { signal: leaving.signal })
    await answer.body!.getReader().read()
    leaving.abort()
    await get('/health')
    expect(engine.store.given.bytes).toBeLessThan(32 * 2 ** 20)
  })

  it('name the path at get, and come by POST at cat', async () => {
    const { get, post } = await startHttp()
    expect((await get(`/api/v0/ipfs/get/${cids.film}`)).headers.get('x-ipfs-path')).toBe(`/ipfs/${cids.film}`)
    const answer = await post('/api/v0/ipfs/cat', { cid: cids.film })
    expect((await answer.arrayBuffer()).byteLength).toBe(100_000)
  })
})

describe('adding', () => {
  const reply = {
    success: true,
    cid: cids.other,
    Hash: cids.other,
    operation_id: expect.any(String),
    duration_ms: expect.any(Number),
  }

  it.each(['/api/v0/ipfs/add', '/api/v0/ipfs/add/json', '/api/v0/mcp/ipfs/add'])('a text at %s', async (path) => {
    const { post, engine } = await startHttp()
    const answer = await post(path, { content: 'héllo', filename: 'a.txt' })
    expect(await answer.json()).toEqual({ ...reply, content_size_bytes: 6 })
    expect(engine.store.added).toEqual([{ path: 'a.txt', bytes: Buffer.from('héllo') }])
  })

  it.each(['/api/v0/ipfs/add', '/api/v0/ipfs/add/file'])('files at %s', async (path) => {
    const { get, engine } = await startHttp()
    const body = new FormData()
    body.set('file', new Blob([new Uint8Array(3_000_000)]), 'film.mp4')
    body.set('other', new Blob(['x']), 'x.txt')
    const answer = await get(path, { method: 'POST', body })
    expect(await answer.json()).toEqual({ ...reply, content_size_bytes: 3_000_001 })
    expect(engine.store.added.map((file) => [file.path, file.bytes.length])).toEqual([
      ['film.mp4', 3_000_000],
      ['x.txt', 1],
    ])
  })

  it('a file over the limit gives no CID', async () => {
    const { get, engine } = await startHttp({}, { limits: { uploadBytes: 1000 } })
    const body = new FormData()
    body.set('file', new Blob([new Uint8Array(1001)]), 'film.mp4')
    const answer = await get('/api/v0/ipfs/add', { method: 'POST', body })
    expect([answer.status, await answer.json()]).toEqual([413, expect.objectContaining({ code: 'MESSAGE_TOO_LARGE' })])
    expect(engine.store.added).toEqual([])
  })

  it('a text over the limit is refused', async () => {
    const { post } = await startHttp()
    expect((await post('/api/v0/ipfs/add/json', { content: 'x'.repeat(2 ** 20) })).status).toBe(413)
  })

  it.each([
    ['/api/v0/ipfs/add/json', {}],
    ['/api/v0/ipfs/add/json', { content: 5 }],
    ['/api/v0/ipfs/add', { text: 'x' }],
    ['/api/v0/ipfs/add/file', { content: 'x' }],
    ['/api/v0/ipfs/pin/add', {}],
    ['/api/v0/ipfs/cat', { cid: '' }],
  ])('nothing to %s with a wrong body', async (path, body) => {
    const { post } = await startHttp()
    const answer = await post(path, body)
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ success: false })])
  })

  it('an empty form or a broken one is said', async () => {
    const { get } = await startHttp()
    expect((await get('/api/v0/ipfs/add', { method: 'POST', body: new FormData() })).status).toBe(400)
    const headers = { 'content-type': 'multipart/form-data; boundary=x' }
    const broken = await get('/api/v0/ipfs/add', { method: 'POST', body: '--x\r\nno', headers })
    expect(broken.status).toBe(400)
  })
})

describe('pins', () => {
  it('are set, listed and taken away by either name', async () => {
    const { get, post } = await startHttp()
    for (const [add, list, remove] of [
      ['pin/add', 'pin/ls', 'pin/rm'],
      ['pin', 'pins', 'unpin'],
    ]) {
      expect(await (await post(`/api/v0/ipfs/${add}`, { cid: cids.film })).json()).toMatchObject({
        success: true,
        cid: cids.film,
      })
      expect(await (await get(`/api/v0/mcp/ipfs/${list}`)).json()).toMatchObject({ pins: [cids.film], count: 1 })
      expect((await post(`/api/v0/ipfs/${remove}`, { cid: cids.film })).status).toBe(200)
      expect((await post(`/api/v0/ipfs/${remove}`, { cid: cids.film })).status).toBe(404)
    }
  })
})

describe('a pin', () => {
  it('ends with the client that asked for it', async () => {
    const { engine, port } = await startHttp()
    const asked = Promise.withResolvers<AbortSignal | undefined>()
    engine.store.pin = (_cid, { signal } = {}) => {
      asked.resolve(signal)
      return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    }
    const body = JSON.stringify({ cid: cids.film })
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `POST /api/v0/ipfs/pin/add HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    const signal = await asked.promise
    expect(signal?.aborted).toBe(false)
    socket.destroy()
    await once(signal!, 'abort')
  })
})

describe('media types', () => {
  it.each([
    ['a.MP4', 'video/mp4'],
    ['dir.mp4/b', 'application/octet-stream'],
    ['x.constructor', 'application/octet-stream'],
    ['master.m3u8', 'application/vnd.apple.mpegurl'],
  ])('%s is %s', (name, type) => expect(contentTypeOf(name)).toBe(type))
})
