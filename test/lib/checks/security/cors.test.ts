import { expect, it } from 'vitest'
import { corsCheck } from '../../../../src/lib/checks/security/cors.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

it('passes a server that allows others, but not everybody', async () => {
  const { url } = await startHttp({ allowedOrigin: ['https://media.example'] })
  expect(await runOne(corsCheck, { url })).toMatchObject({ status: 'pass' })
})

it.each([
  ['*', 'wildcard'],
  ['https://attacker.invalid', 'echoed'],
])('fails where a proxy adds %s', async (origin, trouble) => {
  const { url } = await startHttp()
  const proxy = await startOddProxy(url, {
    answered: (headers) => ({ ...headers, 'access-control-allow-origin': origin }),
  })
  expect(await runOne(corsCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble })
})
