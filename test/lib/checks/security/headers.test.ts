import tls from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { headersCheck } from '../../../../src/lib/checks/security/headers.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { makeCertificate, startOddProxy } from '../../../support/odd-proxy.ts'

async function trusted() {
  const certificate = await makeCertificate()
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, certificate.cert])
  onTestFinished(() => tls.setDefaultCACertificates(before))
  return certificate
}

it('passes the real ones, with http and https', async () => {
  expect(await runOne(headersCheck, { url: (await startHttp()).url })).toMatchObject({ status: 'pass' })
  const { certFile, keyFile } = await trusted()
  const { url } = await startHttp({ tlsCert: certFile, tlsKey: keyFile })
  expect(await runOne(headersCheck, { url })).toMatchObject({ status: 'pass' })
})

it.each([
  ['content-security-policy', 'Content-Security-Policy'],
  ['x-content-type-options', 'X-Content-Type-Options'],
  ['referrer-policy', 'Referrer-Policy'],
])('misses %s', async (name, said) => {
  const { url } = await startHttp()
  const proxy = await startOddProxy(url, { answered: ({ [name]: _, ...headers }) => headers })
  const found = await runOne(headersCheck, { url: proxy })
  expect(found).toMatchObject({ status: 'fail', trouble: 'missing' })
  expect(found.detail).toContain(said)
})

it('misses HSTS behind a proxy that does TLS', async () => {
  const { url } = await startHttp()
  const proxy = await startOddProxy(url, { tls: await trusted() })
  expect(await runOne(headersCheck, { url: proxy })).toMatchObject({ status: 'warn', trouble: 'no-hsts' })
})
