import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { tlsCheck } from '../../../../src/lib/checks/security/tls.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { makeCertificate, outsideUrl } from '../../../support/odd-proxy.ts'

async function serve(options: ServerOptions): Promise<string> {
  const server = createServer(options, (_request, response) => response.end('{}')).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('passes the TLS of a real server, whoever vouches for its certificate', async () => {
  const { certFile, keyFile } = await makeCertificate()
  const { url } = await startHttp({ tlsCert: certFile, tlsKey: keyFile })
  expect(await runOne(tlsCheck, { url })).toMatchObject({ status: 'pass', values: { protocol: 'TLSv1.3' } })
})

it('wants TLS where others reach the server', async () => {
  const { url } = await startHttp({ host: '0.0.0.0', insecure: true })
  expect(await runOne(tlsCheck, { url })).toMatchObject({ status: 'skipped' })
  expect(await runOne(tlsCheck, { url: outsideUrl(url) })).toMatchObject({ status: 'fail', trouble: 'plain' })
})

it('finds a version that is not to be taken any more', async () => {
  const certificate = await makeCertificate()
  const url = await serve({ ...certificate, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' })
  const found = await runOne(tlsCheck, { url })
  expect(found).toMatchObject({ status: 'fail', trouble: 'old-version' })
  expect(found.detail).toMatch(/^TLSv1(\.1)? is taken$/)
})

it('finds a cipher without forward secrecy', async () => {
  const url = await serve({
    ...(await makeCertificate({ kind: 'rsa' })),
    maxVersion: 'TLSv1.2',
    ciphers: 'AES128-SHA:ECDHE+AESGCM',
  })
  expect(await runOne(tlsCheck, { url })).toMatchObject({
    status: 'fail',
    trouble: 'weak-cipher',
    detail: 'AES128-SHA is taken',
  })
})
