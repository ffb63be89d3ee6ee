import tls from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { proxyCheck } from '../../../../src/lib/checks/server/proxy.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp, token } from '../../../support/http-api.ts'
import { makeCertificate, startOddProxy } from '../../../support/odd-proxy.ts'

describe('a reverse proxy', () => {
  it('may be none, may forward the base path, and may strip it', async () => {
    const { url } = await startHttp()
    expect(await runOne(proxyCheck, { url })).toMatchObject({ status: 'pass', detail: 'reached directly' })
    const based = await startHttp({ basePath: '/mcpx' })
    const origin = new URL(based.url).origin
    expect(await runOne(proxyCheck, { url: based.url })).toMatchObject({ status: 'pass' })
    const stripping = await startOddProxy(origin, { path: (path) => path.replace(/^\/mcpx/, '') })
    expect(await runOne(proxyCheck, { url: `${stripping}/mcpx` })).toMatchObject({ status: 'pass' })
  })

  it('serves it below a path that the server was not told', async () => {
    const { url } = await startHttp()
    const proxy = await startOddProxy(url, { path: (path) => path.replace(/^\/media/, '') })
    const found = await runOne(proxyCheck, { url: `${proxy}/media` })
    expect(found).toMatchObject({ status: 'fail', trouble: 'base-path' })
    expect(found.fix).toContain('--base-path /media')
  })

  it('sends a Host of its own', async () => {
    const { url } = await startHttp()
    const proxy = await startOddProxy(url, { headers: (headers) => ({ ...headers, host: new URL(url).host }) })
    const found = await runOne(proxyCheck, { url: proxy })
    expect(found).toMatchObject({ status: 'fail', trouble: 'host-not-forwarded' })
    expect(found.fix).toContain(`--allowed-origin ${proxy}`)
  })

  it('does TLS, and says so or not', async () => {
    const { url } = await startHttp({ authToken: token })
    const certificate = await makeCertificate()
    const before = tls.getCACertificates('default')
    tls.setDefaultCACertificates([...before, certificate.cert])
    onTestFinished(() => tls.setDefaultCACertificates(before))
    const mute = await startOddProxy(url, { tls: certificate })
    expect(await runOne(proxyCheck, { url: mute, token })).toMatchObject({
      status: 'warn',
      trouble: 'scheme-not-forwarded',
    })
    const saying = await startOddProxy(url, {
      tls: certificate,
      headers: (headers) => ({ ...headers, 'x-forwarded-proto': 'https' }),
    })
    expect(await runOne(proxyCheck, { url: saying, token })).toMatchObject({ status: 'pass' })
  })
})
