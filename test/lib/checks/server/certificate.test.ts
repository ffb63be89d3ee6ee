import tls from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { apiCheck } from '../../../../src/lib/checks/server/api.ts'
import { certificateCheck } from '../../../../src/lib/checks/server/certificate.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { type Certificate, makeCertificate } from '../../../support/odd-proxy.ts'

const days = (count: number) => new Date(Date.now() + count * 86_400_000)

async function serve({ certFile, keyFile }: Certificate) {
  return (await startHttp({ tlsCert: certFile, tlsKey: keyFile })).url
}

/** As if an authority of this machine: until the test ends. */
function trust({ cert }: Certificate): void {
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, cert])
  onTestFinished(() => tls.setDefaultCACertificates(before))
}

it('is skipped where there is no TLS', async () => {
  expect(await runOne(certificateCheck, { url: (await startHttp()).url })).toMatchObject({ status: 'skipped' })
})

it('passes a certificate that is trusted, of this name and long valid', async () => {
  const certificate = await makeCertificate()
  trust(certificate)
  const found = await runOne(certificateCheck, { url: await serve(certificate) })
  expect(found).toMatchObject({ status: 'pass', detail: expect.stringMatching(/^trusted, 36[45] days left$/) })
})

it('finds one that nobody vouches for, and tells nothing to such a server', async () => {
  const url = await serve(await makeCertificate())
  expect(await runOne(certificateCheck, { url })).toMatchObject({ status: 'fail', trouble: 'untrusted' })
  expect(await runOne(apiCheck, { url, token: 'a secret' })).toMatchObject({ status: 'skipped' })
})

it('finds one that has ended, ends soon or has not begun', async () => {
  const old = await serve(await makeCertificate({ from: days(-20), until: days(-3) }))
  expect(await runOne(certificateCheck, { url: old })).toMatchObject({ status: 'fail', trouble: 'expired' })
  const early = await serve(await makeCertificate({ from: days(3) }))
  expect(await runOne(certificateCheck, { url: early })).toMatchObject({ status: 'fail', trouble: 'not-yet-valid' })
  const ending = await makeCertificate({ until: days(10) })
  trust(ending)
  const found = await runOne(certificateCheck, { url: await serve(ending) })
  expect(found).toMatchObject({ status: 'warn', trouble: 'expires-soon', values: { daysLeft: 9 } })
})

it('finds one that is for another name', async () => {
  const certificate = await makeCertificate({ names: 'DNS:media.example' })
  trust(certificate)
  const found = await runOne(certificateCheck, { url: await serve(certificate) })
  expect(found).toMatchObject({ status: 'fail', trouble: 'wrong-name' })
  expect(found.detail).toContain('media.example')
})

it('finds one that comes without its chain', async () => {
  const url = await serve(await makeCertificate({ issuer: await makeCertificate({ names: 'DNS:authority.example' }) }))
  expect(await runOne(certificateCheck, { url })).toMatchObject({ status: 'fail', trouble: 'incomplete-chain' })
})
