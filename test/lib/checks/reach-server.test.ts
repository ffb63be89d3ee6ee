import { expect, it } from 'vitest'
import { reachServer } from '../../../src/lib/checks/reach-server.ts'
import { flood } from '../../support/content-gateway.ts'
import { deadAddress } from '../../support/e2e-server.ts'
import { startHttp, token } from '../../support/http-api.ts'
import { makeCertificate, startOddProxy } from '../../support/odd-proxy.ts'

const reach = (url: string, given: { token?: string; timeoutMs?: number } = {}) =>
  reachServer({ url, token: given.token, signal: new AbortController().signal, timeoutMs: given.timeoutMs ?? 5000 })

it('meets a server that lets us in, and one that does not', async () => {
  const { url } = await startHttp({ authToken: token })
  expect(await reach(`${url}/`, { token })).toMatchObject({
    url,
    state: 'reached',
    access: 'granted',
    info: { version: '1.2.3' },
  })
  expect(await reach(url)).toMatchObject({ state: 'reached', access: 'refused', reason: 'a valid token is needed' })
})

it('says why nobody answers', async () => {
  expect(await reach(await deadAddress())).toMatchObject({ state: 'unreachable', reason: 'ECONNREFUSED' })
  const { url } = await startHttp()
  const silent = await startOddProxy(url, { answer: () => true })
  expect(await reach(silent, { timeoutMs: 200 })).toMatchObject({
    state: 'unreachable',
    reason: 'no answer within 0.2 s',
  })
})

it('sends no token to a server whose certificate is not trusted', async () => {
  const { url } = await startHttp()
  const sent: unknown[] = []
  const proxy = await startOddProxy(url, {
    tls: await makeCertificate(),
    headers(headers) {
      sent.push(headers.authorization)
      return headers
    },
  })
  expect(await reach(proxy, { token })).toMatchObject({ state: 'untrusted', access: 'unknown' })
  expect(sent.filter(Boolean)).toEqual([])
})

it('reads no answer without an end', async () => {
  const { url } = await startHttp()
  let sentBytes = 0
  const endless = await startOddProxy(url, {
    answer(_request, response) {
      flood(response, (bytes) => {
        sentBytes += bytes
      })
      return true
    },
  })
  expect(await reach(endless)).toMatchObject({ state: 'reached', access: 'granted' })
  expect(sentBytes).toBeLessThan(32 * 2 ** 20)
})
