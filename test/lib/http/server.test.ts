import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSelfSignedCertificate } from 'werift'
import { socketsAt, startHttp, token } from '../../support/http-api.ts'
import { createStillClock } from '../../support/http-clock.ts'
import { cids, createMemoryEngine, createMemoryStore } from '../../support/http-engine.ts'

/** Sends text over a socket and resolves with everything that came back when the server ends it. */
function speak(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (part) => {
      heard += part
    })
    socket.on('close', () => resolve(heard))
    socket.on('error', reject)
  })
}

describe('the server', () => {
  it('serves home, player and dashboard, each at all its addresses', async () => {
    const { get } = await startHttp()
    expect(await (await get('/')).text()).toContain('<title>home')
    expect(await (await get(`/player/${cids.film}/a/b.mp4`)).text()).toContain('<title>player')
    for (const path of ['/dashboard', '/api/v0/webrtc/dashboard'])
      expect(await (await get(path)).text()).toContain('<title>dashboard')
    const etag = (await get('/')).headers.get('etag')!
    expect((await get('/', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  it('says what it is and where its parts are', async () => {
    const { get } = await startHttp({ basePath: '/x' }, { metricsPath: '/metrics' })
    for (const prefix of ['/api/v0', '/api/v0/mcp'])
      expect(await (await get(prefix)).json()).toMatchObject({
        name: 'mcpx',
        version: '1.2.3',
        node_id: 'node-1',
        sample_cid: cids.film,
        endpoints: { api_base: `/x${prefix}`, metrics: '/x/metrics', health: '/x/health' },
      })
  })

  it('describes every route of the API in /openapi.json', async () => {
    const { get } = await startHttp()
    const { openapi, paths } = (await (await get('/openapi.json')).json()) as { openapi: string; paths: object }
    expect(openapi).toMatch(/^3\./)
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/health',
        '/api/v0/webrtc/stream',
        '/api/v0/webrtc/close/{id}',
        '/api/v0/mcp/ipfs/add',
        '/whep/{*}',
        '/whep-session/{id}',
        '/api/v0/tokens',
      ]),
    )
  })

  it('is healthy, and degraded when its Kubo is down', async () => {
    const well = await (await startHttp()).get('/api/v0/mcp/health')
    expect(await well.json()).toMatchObject({ success: true, status: 'ok', server_id: 'node-1', isolation_mode: false })
    const store = createMemoryStore('kubo')
    store.pins = async () => {
      throw new Error('connect ECONNREFUSED')
    }
    const ill = await (await startHttp({}, { engine: createMemoryEngine({ store }) })).get('/health')
    expect(await ill.json()).toMatchObject({
      success: false,
      status: 'degraded',
      daemons: { ipfs: { running: false } },
    })
  })

  it('shows its inside with --debug only', async () => {
    const quiet = await (await startHttp()).get('/debug')
    expect(await quiet.json()).toEqual({ success: false, error: 'Debug mode not enabled', error_type: 'DebugDisabled' })
    const iceServers = [{ urls: 'turn:x', username: 'u', credential: 'secret' }]
    const { get } = await startHttp({ debug: true }, { engine: createMemoryEngine({ info: { iceServers } }) })
    const text = await (await get('/api/v0/debug')).text()
    expect(JSON.parse(text)).toMatchObject({ success: true, streams: [], info: { iceServers: ['turn:x'] } })
    expect(text).not.toContain('secret')
  })

  it('answers below its base path and beside it, and nowhere else', async () => {
    const { port } = await startHttp({ basePath: '/mcpx/' })
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status
    expect(await status('/mcpx')).toBe(200)
    expect(await status('/mcpx/health')).toBe(200)
    expect(await status('/health')).toBe(200)
    expect(await status('/mcpxhealth')).toBe(404)
    await expect(startHttp({ basePath: '/a b' })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('serves other parts their routes and tells them of every answer', async () => {
    const answers: unknown[] = []
    const answer = async () => ({ contentType: 'text/plain', body: 'up 1' })
    const { get } = await startHttp(
      {},
      { extra: [{ path: '/metrics', role: 'operator', answer }], onAnswer: (it) => answers.push(it) },
    )
    expect(await (await get('/metrics')).text()).toBe('up 1')
    await get(`/ipfs/${cids.missing}`)
    await get('/nowhere/at/all')
    expect(answers).toEqual([
      { endpoint: '/metrics', method: 'GET', status: 200, seconds: expect.any(Number) },
      { endpoint: '/ipfs/*', method: 'GET', status: 404, seconds: expect.any(Number) },
      { endpoint: 'unknown', method: 'GET', status: 404, seconds: expect.any(Number) },
    ])
  })

  it('speaks TLS with a certificate, and says when half of it is missing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mcpx-tls-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const { certPem, keyPem } = await createSelfSignedCertificate({ hash: 4, signature: 3 }, 23)
    const tlsCert = join(folder, 'cert.pem')
    const tlsKey = join(folder, 'key.pem')
    await Promise.all([writeFile(tlsCert, certPem), writeFile(tlsKey, keyPem)])
    const { url, port } = await startHttp({ tlsCert, tlsKey })
    expect(url).toMatch(/^https:/)
    const transport = await new Promise<unknown>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/health', rejectUnauthorized: false, agent: false as const }
      request(options, (answer) => resolve(answer.resume().headers['strict-transport-security']))
        .on('error', reject)
        .end()
    })
    expect(transport).toContain('max-age')
    await expect(startHttp({ tlsCert })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(startHttp({ tlsCert, tlsKey: join(folder, 'none') })).rejects.toThrow('--tls-key')
  })

  it('names the port that is taken', async () => {
    const { port } = await startHttp()
    await expect(startHttp({ port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: expect.stringContaining(`${port}`),
    })
  })

  it('closes although clients keep connections, WebSockets and half a request open', async () => {
    const { server, port, get } = await startHttp({}, { limits: { closeMs: 50 }, sockets: socketsAt('/ws', () => {}) })
    await get('/health')
    const half = speak(port, `POST /api/v0/ipfs/add/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n`)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    await server.close()
    expect((await closed).code).toBe(1001)
    await half
    await expect(get('/health')).rejects.toThrow()
  })
})

describe('slow and broken clients', () => {
  it('lose the connection when a body does not come in time', async () => {
    const { port } = await startHttp({}, { limits: { bodyMs: 30 } })
    const heard = await speak(
      port,
      'POST /api/v0/ipfs/add/json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    )
    expect(heard).toBe('')
  })

  it('lose the connection when a body goes on that nobody reads, because the answer was a refusal', async () => {
    const { port } = await startHttp({ authToken: 'a token' }, { limits: { bodyMs: 30 } })
    for (const path of ['/api/v0/ipfs/add', '/api/v0/webrtc/stream']) {
      const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`
      expect(await speak(port, head)).toContain('401')
    }
  })

  it('lose the connection when headers drip in', async () => {
    const { port } = await startHttp({}, { limits: { headersMs: 40 } })
    expect(await speak(port, 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')).toMatch(/^(HTTP\/1.1 408|$)/)
  })

  it('lose the connection when they say nothing', async () => {
    const { port } = await startHttp({}, { limits: { idleMs: 30 } })
    expect(await speak(port, 'GET / HTTP/1.1\r\n')).not.toContain('200 OK')
  })

  it.each([
    ['GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', '400'],
    ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', '400'],
    ['NONSENSE\r\n\r\n', '400'],
    ['BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', '400'],
    ['GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', '404'],
  ])('get a short answer to %j', async (text, status) => {
    const { port } = await startHttp()
    expect(await speak(port, text)).toMatch(new RegExp(`^HTTP/1.1 ${status}`))
  })
})

describe('WebSockets', () => {
  it('end when their token expires', async () => {
    const clock = createStillClock()
    const { port, post } = await startHttp({ authToken: token }, { clock, sockets: socketsAt('/ws', () => {}) })
    const headers = { authorization: `Bearer ${token}` }
    const minted = await post('/api/v0/tokens', { role: 'viewer', expires_in: 3600 }, { headers })
    const narrow = { authorization: `Bearer ${((await minted.json()) as { token: string }).token}` }
    const { ticket } = (await (await post('/api/v0/ticket', undefined, { headers: narrow })).json()) as {
      ticket: string
    }
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws?ticket=${ticket}`)
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    clock.advance(3600_000)
    expect((await closed).code).toBe(1008)
  })

  it('carry texts both ways, and refuse bytes and what is too long', async () => {
    const { port } = await startHttp(
      {},
      {
        limits: { socketMessageBytes: 100 },
        sockets: socketsAt('/ws', (socket) => socket.onMessage((text) => socket.send(`you said ${text}`))),
      },
    )
    const ending = async (message: string | Uint8Array<ArrayBuffer>) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
      await new Promise((resolve) => socket.addEventListener('open', resolve))
      const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
      const said = new Promise<string>((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)))
      socket.send(message)
      const first = await Promise.race([said, closed])
      socket.close()
      return typeof first === 'string' ? first : first.code
    }
    expect(await ending('hello')).toBe('you said hello')
    expect(await ending(new Uint8Array(3))).toBe(1003)
    expect(await ending('x'.repeat(101))).toBe(1009)
  })
})
