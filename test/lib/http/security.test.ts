import { describe, expect, it } from 'vitest'
import { McpxError } from '../../../src/lib/base/errors.ts'
import type { Logger } from '../../../src/lib/base/logger.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createHttpServer } from '../../../src/lib/http/server.ts'
import { defaultOptions, socketsAt, startHttp, token } from '../../support/http-api.ts'
import { cids, createMemoryEngine, offerSdp } from '../../support/http-engine.ts'
import { rawRequest, upgradeStatus } from '../../support/http-raw.ts'

const bearer = (value: string) => ({ authorization: `Bearer ${value}` })
const stream = JSON.stringify({ cid: cids.film })
const json = { 'content-type': 'application/json' }

async function mint(started: Awaited<ReturnType<typeof startHttp>>, body: object): Promise<string> {
  const answer = await started.post('/api/v0/tokens', body, { headers: bearer(token) })
  return ((await answer.json()) as { token: string }).token
}

describe('DNS rebinding', () => {
  it('finds nothing: a foreign Host is refused on every address', async () => {
    const { port, engine } = await startHttp()
    for (const path of ['/', '/health', '/nowhere', '/api/v0/webrtc/connections', `/ipfs/${cids.film}`]) {
      const answer = await rawRequest({ port, path, headers: { host: 'evil.example' } })
      expect([path, answer.status]).toEqual([path, 403])
      expect(JSON.parse(answer.body)).toMatchObject({ success: false, code: 'FORBIDDEN' })
    }
    const body = { method: 'POST', headers: { host: `evil.example:${port}`, ...json }, body: stream }
    expect((await rawRequest({ port, path: '/api/v0/webrtc/stream', ...body })).status).toBe(403)
    expect(engine.calls).toEqual([])
  })

  it('does not stand in the way of the names that were allowed', async () => {
    const { port } = await startHttp({ allowedHost: ['media.example'] })
    const asked = async (host: string) => (await rawRequest({ port, path: '/health', headers: { host } })).status
    expect(await asked('media.example')).toBe(200)
    expect(await asked(`localhost:${port}`)).toBe(200)
  })
})

describe('pages of other origins', () => {
  it.each(['http://evil.example', 'null', 'https://localhost.evil.example'])(
    'like %s change nothing',
    async (origin) => {
      const { port, engine } = await startHttp()
      for (const [method, path] of [
        ['POST', '/api/v0/webrtc/stream'],
        ['POST', `/whep/${cids.film}`],
        ['PATCH', '/whep-session/x'],
        ['DELETE', '/whep-session/x'],
        ['POST', '/api/v0/ipfs/add'],
      ] as const) {
        const body = method === 'DELETE' ? undefined : stream
        const answer = await rawRequest({ port, path, method, headers: { origin, ...json }, ...(body ? { body } : {}) })
        expect([path, answer.status]).toEqual([path, 403])
      }
      expect(engine.calls).toEqual([])
      expect(await upgradeStatus(port, '/ws', { origin })).toBe(403)
    },
  )

  it('read nothing either, for want of CORS headers', async () => {
    const { port } = await startHttp()
    const answer = await rawRequest({ port, path: '/api/v0', headers: { origin: 'http://evil.example' } })
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('may when they are allowed, with a preflight before', async () => {
    const origin = 'https://app.example'
    const { port, get } = await startHttp({ allowedOrigin: [origin] })
    const preflight = await rawRequest({
      port,
      path: `/whep/${cids.film}`,
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-origin']).toBe(origin)
    expect(preflight.headers['access-control-allow-methods']).toContain('PATCH')
    const headers = { origin, 'content-type': 'application/sdp' }
    const answer = await get(`/whep/${cids.film}`, { method: 'POST', headers, body: offerSdp })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    expect(answer.headers.get('access-control-expose-headers')).toContain('location')
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  })

  it('are not our own pages', async () => {
    const { port } = await startHttp()
    const origin = `http://127.0.0.1:${port}`
    const path = '/api/v0/webrtc/stream'
    const answer = await rawRequest({ port, path, method: 'POST', headers: { origin, ...json }, body: stream })
    expect(answer.status).toBe(200)
  })
})

describe('a server with a token', () => {
  const guarded = [
    '/api/v0',
    '/api/v0/webrtc/connections',
    '/api/v0/ipfs/pins',
    `/ipfs/${cids.film}`,
    `/api/v0/ipfs/cat/${cids.film}`,
    '/debug',
  ]

  it('answers 401 without it, and shows pages and health all the same', async () => {
    const { get, post } = await startHttp({ authToken: token })
    for (const path of guarded) {
      const answer = await get(path)
      expect([path, answer.status]).toEqual([path, 401])
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
    expect((await post('/api/v0/webrtc/stream', { cid: cids.film })).status).toBe(401)
    for (const path of ['/', `/player/${cids.film}`, '/health', '/openapi.json'])
      expect((await get(path)).status).toBe(200)
  })

  it('takes it as a bearer, not in the address', async () => {
    const { get } = await startHttp({ authToken: token })
    for (const path of guarded) expect((await get(path, { headers: bearer(token) })).status).toBe(200)
    expect((await get(`/api/v0?token=${token}`)).status).toBe(401)
    expect((await get(`/api/v0?ticket=${token}`)).status).toBe(401)
    for (const wrong of [bearer(`${token}x`), { authorization: token }, { authorization: `Basic ${token}` }])
      expect((await get('/api/v0', { headers: wrong })).status).toBe(401)
  })

  it('turns it into a cookie that scripts cannot read and other sites do not send', async () => {
    const { get, post } = await startHttp({ authToken: token, basePath: '/mcpx' })
    expect((await post('/api/v0/session', { token: 'wrong' })).status).toBe(401)
    const answer = await post('/api/v0/session', { token })
    expect(await answer.json()).toMatchObject({ success: true, role: 'admin' })
    const cookie = answer.headers.get('set-cookie')!
    expect(cookie).toMatch(/^mcpx_session=mcpx1\.[^;]+; Path=\/mcpx; Max-Age=604800; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.toContain(token)
    const headers = { cookie: `a=b; ${cookie.split(';')[0]}` }
    expect((await get('/api/v0', { headers })).status).toBe(200)
    const out = await get('/api/v0/session', { method: 'DELETE', headers })
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0')
  })

  it('opens a WebSocket to a header, a cookie or a ticket, and to a ticket once', async () => {
    const { port, post, server } = await startHttp(
      { authToken: token },
      { sockets: socketsAt('/ws', (socket) => socket.close()) },
    )
    expect(server).toBeDefined()
    expect(await upgradeStatus(port, '/ws')).toBe(401)
    expect(await upgradeStatus(port, `/ws?token=${token}`)).toBe(401)
    expect(await upgradeStatus(port, '/ws', bearer(token))).toBe(101)
    const session = await post('/api/v0/session', { token })
    expect(await upgradeStatus(port, '/ws', { cookie: session.headers.get('set-cookie')!.split(';')[0]! })).toBe(101)
    expect((await post('/api/v0/ticket')).status).toBe(401)
    const { ticket } = (await (await post('/api/v0/ticket', undefined, { headers: bearer(token) })).json()) as {
      ticket: string
    }
    expect(await upgradeStatus(port, `/ws?ticket=${ticket}`)).toBe(101)
    expect(await upgradeStatus(port, `/ws?ticket=${ticket}`)).toBe(401)
  })

  it('lets each role do its part and no more', async () => {
    const started = await startHttp({ authToken: token })
    const tried = async (role: string) => {
      const headers = bearer(await mint(started, { role }))
      const answers = await Promise.all([
        started.get(`/ipfs/${cids.film}`, { headers }),
        started.get('/api/v0/webrtc/connections', { headers }),
        started.post('/api/v0/webrtc/stream', { cid: cids.film }, { headers }),
        started.post('/api/v0/tokens', {}, { headers }),
        started.get('/debug', { headers }),
      ])
      return answers.map(({ status }) => status)
    }
    expect(await tried('viewer')).toEqual([200, 403, 403, 403, 403])
    expect(await tried('operator')).toEqual([200, 200, 200, 403, 403])
    expect(await tried('admin')).toEqual([200, 200, 200, 200, 200])
  })

  it('keeps a token for one CID to it, on every door', async () => {
    const started = await startHttp({ authToken: token })
    const { get, engine } = started
    engine.store.files.set(cids.other, new Uint8Array(3))
    const headers = bearer(await mint(started, { role: 'operator', cid: cids.film }))
    const whep = (cid: string) =>
      get(`/whep/${cid}`, {
        method: 'POST',
        body: offerSdp,
        headers: { ...headers, 'content-type': 'application/sdp' },
      })
    expect((await get(`/ipfs/${cids.film}`, { headers })).status).toBe(200)
    expect((await get(`/ipfs/${cids.other}`, { headers })).status).toBe(403)
    expect((await get(`/ipfs/${cids.film}/..%2f${cids.other}`, { headers })).status).toBe(403)
    expect((await whep(cids.film)).status).toBe(201)
    expect((await whep(cids.other)).status).toBe(403)
    const other = await engine.open({ content: cids.other })
    expect((await whep(`${cids.film}?connection_id=${other.id}`)).status).toBe(403)
    expect((await started.post('/api/v0/webrtc/stream', { cid: cids.other }, { headers })).status).toBe(403)
    for (const path of ['/api/v0/webrtc/connections', '/api/v0/ipfs/pins'])
      expect([path, (await get(path, { headers })).status]).toEqual([path, 403])
    expect((await started.post('/api/v0/webrtc/close_all', undefined, { headers })).status).toBe(403)
  })

  it('never makes a token that outlives or exceeds what was asked', async () => {
    const started = await startHttp({ authToken: token })
    for (const body of [{ role: 'root' }, { expires_in: 0 }, { expires_in: 1e9 }, { cid: '../x' }]) {
      const answer = await started.post('/api/v0/tokens', body, { headers: bearer(token) })
      expect(answer.status).toBe(400)
    }
    const admin = await mint(started, { role: 'admin', expires_in: 60 })
    const answer = await started.post('/api/v0/tokens', { expires_in: 3600 }, { headers: bearer(admin) })
    const { expires_at } = (await answer.json()) as { expires_at: string }
    expect(Date.parse(expires_at) - Date.now()).toBeLessThan(61_000)
  })
})

describe('rates', () => {
  it('are limited for each address over all routes, health excepted', async () => {
    const { get } = await startHttp({ rateLimit: 5 })
    const statuses: number[] = []
    for (const path of ['/', '/api/v0', '/nowhere', '/', '/', '/']) statuses.push((await get(path)).status)
    expect(statuses).toEqual([200, 200, 404, 200, 200, 429])
    const refused = await get('/api/v0')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' })
    expect((await get('/health')).status).toBe(200)
  })

  it('of guesses at the token are lower', async () => {
    const { post } = await startHttp({ authToken: token, rateLimit: 1000 })
    const statuses: number[] = []
    for (let i = 0; i < 31; i++) statuses.push((await post('/api/v0/session', { token: `guess-${i}` })).status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(30)
    expect(statuses.at(-1)).toBe(429)
  })
})

describe('headers', () => {
  it('of pages let only their own scripts run and nobody frame them', async () => {
    const { get } = await startHttp()
    for (const path of ['/', `/player/${cids.film}`, '/api/v0/webrtc/player?connection_id=1&content_cid=2']) {
      const { headers, status } = await get(path)
      expect(status).toBe(200)
      expect(headers.get('content-security-policy')).toMatch(/script-src 'sha256-[^']+';/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
      expect(headers.get('x-powered-by')).toBeNull()
    }
  })

  it('of everything else let nothing run', async () => {
    const { get } = await startHttp()
    for (const path of ['/api/v0', '/nowhere']) {
      const policy = (await get(path)).headers.get('content-security-policy')
      expect(policy).toBe("default-src 'none';frame-ancestors 'none'")
    }
  })
})

describe('failures', () => {
  it('that are refusals are one warning line; a defect is an error with its stack', async () => {
    const logged: [level: string, fields: { err?: unknown; code?: string }][] = []
    const note = (level: string) => (fields: object) => void logged.push([level, fields])
    const logger: Logger = {
      debug: note('debug'),
      info: note('info'),
      warn: note('warn'),
      error: note('error'),
      child: () => logger,
    }
    const engine = createMemoryEngine()
    const failures = [new McpxError('TOO_MANY_STREAMS', 'full'), new Error('broken')]
    engine.store.pins = async () => Promise.reject(failures.shift())
    engine.open = async () => Promise.reject(new McpxError('TOO_MANY_STREAMS', 'full'))
    const { get, post } = await startHttp({}, { engine, logger })
    for (const status of [503, 500]) expect((await get('/api/v0/ipfs/pins')).status).toBe(status)
    expect((await post('/api/v0/webrtc/stream', { cid: cids.film })).status).toBe(200)
    const failed = logged.filter(([, { code }]) => code !== undefined)
    expect(failed.map(([level, { code, err }]) => [level, code, err !== undefined])).toEqual([
      ['warn', 'TOO_MANY_STREAMS', false],
      ['error', 'INTERNAL', true],
      ['warn', 'TOO_MANY_STREAMS', false],
    ])
  })

  it('show a client neither stack nor path, and a debugger both', async () => {
    const failing = () => {
      const engine = createMemoryEngine()
      engine.store.pins = async () => {
        throw Object.assign(new Error("ENOSPC: no space left, write '/home/me/.mcpx/pins'"), { code: 'ENOSPC' })
      }
      engine.store.list = engine.store.resolve = async () => {
        throw new Error('broken at /home/me/secret.ts')
      }
      return engine
    }
    const quiet = await startHttp({}, { engine: failing() })
    const pins = await quiet.get('/api/v0/ipfs/pins')
    expect(pins.status).toBe(507)
    const inner = await quiet.get(`/ipfs/${cids.film}`)
    expect(inner.status).toBe(500)
    for (const answer of [pins, inner]) expect(await answer.text()).not.toMatch(/home|at .*\.ts/)
    const loud = await startHttp({ debug: true }, { engine: failing() })
    expect(await (await loud.get(`/ipfs/${cids.film}`)).text()).toContain('secret.ts')
  })
})

describe('an open address', () => {
  it('without a token is refused before anything listens', async () => {
    const settings = {
      engine: createMemoryEngine(),
      options: { ...defaultOptions, host: '0.0.0.0' },
      logger: silentLogger,
      version: '1',
      pages: { home: { html: '' }, player: { html: '' }, dashboard: { html: '' } },
    }
    await expect(createHttpServer(settings)).rejects.toMatchObject({ code: 'OPEN_BIND_REFUSED', exit: 2 })
  })
})
