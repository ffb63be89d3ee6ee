import { expect, it } from 'vitest'
import { apiCheck } from '../../../../src/lib/checks/server/api.ts'
import { hostCheck } from '../../../../src/lib/checks/server/host.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

it('passes a name that the server answers to', async () => {
  const { url } = await startHttp()
  expect(await runOne(hostCheck, { url })).toMatchObject({ status: 'pass' })
})

it('says which name to allow', async () => {
  const { url } = await startHttp()
  const proxy = await startOddProxy(url, { headers: (headers) => ({ ...headers, host: 'media.example' }) })
  const found = await runOne(hostCheck, { url: proxy })
  expect(found).toMatchObject({ status: 'fail', trouble: 'refused' })
  expect(found.fix).toContain('mcpx serve --allowed-host 127.0.0.1')
  expect(await runOne(apiCheck, { url: proxy })).toMatchObject({ status: 'skipped' })
})
