import tls from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { cookiesCheck } from '../../../../src/lib/checks/security/cookies.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp, token } from '../../../support/http-api.ts'
import { makeCertificate, type OddProxy, startOddProxy } from '../../../support/odd-proxy.ts'

async function behind(odd: OddProxy): Promise<string> {
  const { url } = await startHttp({ authToken: token })
  return startOddProxy(url, odd)
}
const without = (flag: RegExp): OddProxy => ({
  answered: (headers) =>
    headers['set-cookie']
      ? { ...headers, 'set-cookie': headers['set-cookie'].map((cookie) => cookie.replace(flag, '')) }
      : headers,
})

it('passes the real cookie', async () => {
  const { url } = await startHttp({ authToken: token })
  expect(await runOne(cookiesCheck, { url, token })).toMatchObject({ status: 'pass' })
  expect(await runOne(cookiesCheck, { url })).toMatchObject({ status: 'skipped' })
})

it('misses what a proxy takes off', async () => {
  const readable = await behind(without(/; HttpOnly/))
  expect(await runOne(cookiesCheck, { url: readable, token })).toMatchObject({ status: 'fail', trouble: 'for-scripts' })
  const crossing = await behind(without(/; SameSite=Strict/))
  expect(await runOne(cookiesCheck, { url: crossing, token })).toMatchObject({ trouble: 'for-other-sites' })
})

it('misses Secure behind a proxy that does TLS in silence', async () => {
  const certificate = await makeCertificate()
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, certificate.cert])
  onTestFinished(() => tls.setDefaultCACertificates(before))
  const mute = await behind({ tls: certificate })
  expect(await runOne(cookiesCheck, { url: mute, token })).toMatchObject({ status: 'fail', trouble: 'without-tls' })
  const saying = await behind({
    tls: certificate,
    headers: (headers) => ({ ...headers, 'x-forwarded-proto': 'https' }),
  })
  expect(await runOne(cookiesCheck, { url: saying, token })).toMatchObject({ status: 'pass' })
})
