import { expect, it } from 'vitest'
import { foreignHostCheck } from '../../../../src/lib/checks/security/foreign-host.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

it('passes a server that refuses another name', async () => {
  const { url } = await startHttp()
  expect(await runOne(foreignHostCheck, { url })).toMatchObject({ status: 'pass', detail: 'answered 403' })
})

it('fails behind a proxy that takes every name', async () => {
  const { url } = await startHttp()
  const proxy = await startOddProxy(url, { headers: (headers) => ({ ...headers, host: new URL(url).host }) })
  expect(await runOne(foreignHostCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble: 'answered' })
})
