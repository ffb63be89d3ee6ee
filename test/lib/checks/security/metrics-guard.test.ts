import { expect, it } from 'vitest'
import { metricsGuardCheck } from '../../../../src/lib/checks/security/metrics-guard.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp, token } from '../../../support/http-api.ts'
import { outsideUrl } from '../../../support/odd-proxy.ts'

const metrics = {
  metricsPath: '/metrics',
  extra: [
    { path: '/metrics', role: 'operator', answer: async () => ({ contentType: 'text/plain', body: 'a 1\n' }) } as const,
  ],
}

it('passes metrics that demand the token, and open ones on loopback', async () => {
  const guarded = await startHttp({ authToken: token }, metrics)
  expect(await runOne(metricsGuardCheck, { url: guarded.url, token })).toMatchObject({
    status: 'pass',
    detail: 'answered 401 without the token',
  })
  expect(await runOne(metricsGuardCheck, { url: (await startHttp({}, metrics)).url })).toMatchObject({ status: 'pass' })
})

it('fails where others read them', async () => {
  const { url } = await startHttp({ host: '0.0.0.0', insecure: true }, metrics)
  expect(await runOne(metricsGuardCheck, { url: outsideUrl(url) })).toMatchObject({ status: 'fail', trouble: 'open' })
})
