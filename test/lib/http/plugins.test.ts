import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { McpxError } from '../../../src/lib/base/errors.ts'
import { type Plugin, pluginRoute } from '../../../src/lib/http/plugins.ts'
import { startHttp, token } from '../../support/http-api.ts'
import { cids } from '../../support/http-engine.ts'
import { rawRequest } from '../../support/http-raw.ts'

const plugin: Plugin = {
  name: 'billing',
  routes: [
    {
      method: 'GET',
      path: '/figures',
      role: 'operator',
      summary: 'What it costs',
      handler: ({ engine }) => ({ figures: [{ label: 'Streams', value: engine.list().length }] }),
    },
    pluginRoute({
      method: 'POST',
      path: '/prices/:name',
      role: 'admin',
      body: z.object({ price: z.number().min(0) }),
      query: z.object({ currency: z.string().default('EUR') }),
      handler: ({ params, body, query, role }) => ({ [params.name!]: body.price + 1, currency: query.currency, role }),
    }),
    {
      method: 'GET',
      path: '/broken',
      role: 'viewer',
      handler: () => {
        throw new Error('a secret path /home/x')
      },
    },
    {
      method: 'GET',
      path: '/refused',
      role: 'viewer',
      handler: async () => {
        throw new McpxError('NOT_FOUND', 'there is no such price', { hint: 'Set it first.' })
      },
    },
    { method: 'DELETE', path: '/prices', role: 'admin', handler: () => undefined },
  ],
  panels: [{ id: 'costs', title: 'Costs', path: '/figures', everyS: 30 }],
}
const at = (path: string) => `/api/v0/plugins/billing${path}`
const panelsPath = '/api/v0/webrtc/dashboard/panels'

describe('plugins', () => {
  it('add typed routes that see the engine, and panels', async () => {
    const { get, post, engine } = await startHttp({ basePath: '/x' }, { plugins: [plugin] })
    await engine.open({ content: cids.film })
    expect(await (await get(at('/figures'))).json()).toEqual({ figures: [{ label: 'Streams', value: 1 }] })
    const reply = await post(at('/prices/stream?currency=CHF'), { price: 2 })
    expect(await reply.json()).toEqual({ stream: 3, currency: 'CHF', role: 'admin' })
    expect(await (await get(at('/prices'), { method: 'DELETE' })).json()).toBeNull()
    expect(await (await get(panelsPath)).json()).toEqual({
      success: true,
      panels: [{ id: 'billing.costs', title: 'Costs', url: '/x/api/v0/plugins/billing/figures', everyS: 30 }],
    })
    const paths = Object.keys(((await (await get('/openapi.json')).json()) as { paths: object }).paths)
    expect(paths).toContain(at('/prices/{name}'))
  })

  it('are asked only what fits, and fail as every route does', async () => {
    const { get, post } = await startHttp({}, { plugins: [plugin] })
    const bad = await post(at('/prices/stream'), { price: -1 })
    expect([bad.status, await bad.json()]).toMatchObject([400, { code: 'INVALID_REQUEST' }])
    const refused = await get(at('/refused'))
    expect([refused.status, await refused.json()]).toMatchObject([404, { code: 'NOT_FOUND', hint: 'Set it first.' }])
    const broken = await get(at('/broken'))
    expect(broken.status).toBe(500)
    expect(await broken.text()).not.toContain('secret')
  })

  it('keep to the role of the token', async () => {
    const { get, post } = await startHttp({ authToken: token }, { plugins: [plugin] })
    const admin = { headers: { authorization: `Bearer ${token}` } }
    const minted = await post('/api/v0/tokens', { role: 'viewer', expires_in: 60 }, admin)
    const viewer = { headers: { authorization: `Bearer ${((await minted.json()) as { token: string }).token}` } }
    expect((await get(at('/figures'))).status).toBe(401)
    expect((await get(at('/figures'), viewer)).status).toBe(403)
    expect((await get(panelsPath, viewer)).status).toBe(403)
    expect((await get(at('/refused'), viewer)).status).toBe(404)
    expect((await get(at('/figures'), admin)).status).toBe(200)
  })

  it('are behind the same checks of Host, Origin and rate, and the same limit of a body', async () => {
    const { port, get, post } = await startHttp({ rateLimit: 3 }, { plugins: [plugin], limits: { jsonBytes: 2000 } })
    const ask = async (method: string, path: string, headers: Record<string, string>) =>
      (await rawRequest({ port, method, path: at(path), headers })).status
    expect(await ask('GET', '/figures', { host: 'evil.example' })).toBe(403)
    expect(await ask('DELETE', '/prices', { origin: 'http://evil.example' })).toBe(403)
    const long = await post(at('/prices/stream'), { price: 1, note: 'x'.repeat(3000) })
    expect(long.status).toBe(413)
    const answers = await Promise.all(Array.from({ length: 5 }, () => get(at('/figures'))))
    expect(answers.map(({ status }) => status)).toContain(429)
  })

  it('are none by default', async () => {
    const { get } = await startHttp()
    expect(await (await get(panelsPath)).json()).toEqual({ success: true, panels: [] })
  })

  const route = plugin.routes![0]!
  const panel = plugin.panels![0]!
  const many = (one: typeof panel) => Array.from({ length: 41 }, (_, at) => ({ ...one, id: `p${at}` }))
  it.each<[string, readonly Plugin[]]>([
    ['"../x" is not a valid plugin name', [{ name: '../x' }]],
    ['two plugins "a"', [{ name: 'a' }, { name: 'a' }]],
    ['"figures" is not a valid path', [{ name: 'a', routes: [{ ...route, path: 'figures' }] }]],
    ['"/../../stream" is not a valid path', [{ name: 'a', routes: [{ ...route, path: '/../../stream' }] }]],
    ['"/*" is not a valid path', [{ name: 'a', routes: [{ ...route, path: '/*' }] }]],
    ['"TRACE" is not a method that plugins have', [{ name: 'a', routes: [{ ...route, method: 'TRACE' as 'GET' }] }]],
    ['two panels of one id', [{ name: 'a', panels: [panel, panel] }]],
    ['"public" is not a role', [{ name: 'a', routes: [{ ...route, role: 'public' as 'viewer' }] }]],
    [
      'two routes GET /a/:y',
      [
        {
          name: 'a',
          routes: [
            { ...route, path: '/a/:x' },
            { ...route, path: '/a/:y' },
          ],
        },
      ],
    ],
    ['no title', [{ name: 'a', routes: [route], panels: [{ ...panel, title: ' ' }] }]],
    ['for admins alone', [{ name: 'a', routes: [{ ...route, role: 'admin' }], panels: [panel] }]],
    ['everyS is 0', [{ name: 'a', routes: [route], panels: [{ ...panel, everyS: 0 }] }]],
    ['not a GET route', [{ name: 'a', panels: [panel] }]],
    ['not a GET route', [{ name: 'a', routes: [{ ...route, method: 'POST' }], panels: [panel] }]],
    ['not a GET route', [{ name: 'a', routes: [{ ...route, path: '/a/:b' }], panels: [{ ...panel, path: '/a/:b' }] }]],
    ['more than 40 panels', [{ name: 'a', routes: [route], panels: many(panel) }]],
  ])('are refused where %s', async (message, plugins) => {
    await expect(startHttp({}, { plugins })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(message),
    })
  })
})
