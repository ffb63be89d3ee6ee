import { expect, it } from 'vitest'
import { openBindCheck } from '../../../../src/lib/checks/security/open-bind.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp, token } from '../../../support/http-api.ts'
import { outsideUrl } from '../../../support/odd-proxy.ts'

it('passes loopback without a token, and a token everywhere', async () => {
  expect(await runOne(openBindCheck, { url: (await startHttp()).url })).toMatchObject({ status: 'pass' })
  const { url } = await startHttp({ authToken: token })
  expect(await runOne(openBindCheck, { url })).toMatchObject({ status: 'pass', detail: 'a token is demanded' })
})

it('fails where others come in without one', async () => {
  const { url } = await startHttp({ host: '0.0.0.0', insecure: true })
  expect(await runOne(openBindCheck, { url: outsideUrl(url) })).toMatchObject({ status: 'fail', trouble: 'open' })
})
