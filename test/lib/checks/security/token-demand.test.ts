import { expect, it } from 'vitest'
import { tokenDemandCheck } from '../../../../src/lib/checks/security/token-demand.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp, token } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

it('passes the real routes, all of them', async () => {
  const { url } = await startHttp({ authToken: token })
  const found = await runOne(tokenDemandCheck, { url })
  expect(found).toMatchObject({ status: 'pass', values: { open: 0 } })
  expect(found.values!.asked).toBe(found.values!.routes)
  expect(found.values!.routes).toBeGreaterThan(10)
})

it('leaves others their part of the rate limit', async () => {
  const { url } = await startHttp({ authToken: token, rateLimit: 20 })
  const found = await runOne(tokenDemandCheck, { url })
  expect(found).toMatchObject({ status: 'pass' })
  expect(found.detail).toContain('the rate limit allows no more now')
  expect((await fetch(`${url}/api/v0`)).status).toBe(401)
})

it('finds a route that is open, and a token that is none', async () => {
  const { url } = await startHttp({ authToken: token })
  const caching = await startOddProxy(url, {
    answer(request, response) {
      if (request.url !== '/api/v0/webrtc/connections') return false
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"connections":[]}')
      return true
    },
  })
  const found = await runOne(tokenDemandCheck, { url: caching })
  expect(found).toMatchObject({ status: 'fail', trouble: 'open-route' })
  expect(found.detail).toContain('/api/v0/webrtc/connections')
  const adding = await startOddProxy(url, {
    headers: (headers) => (headers.authorization ? { ...headers, authorization: `Bearer ${token}` } : headers),
  })
  expect(await runOne(tokenDemandCheck, { url: adding })).toMatchObject({ status: 'fail', trouble: 'any-token' })
})

it('is skipped where no token is demanded', async () => {
  expect(await runOne(tokenDemandCheck, { url: (await startHttp()).url })).toMatchObject({ status: 'skipped' })
})
