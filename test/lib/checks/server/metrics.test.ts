import { expect, it } from 'vitest'
import { metricsCheck } from '../../../../src/lib/checks/server/metrics.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp, token } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

const good = '# TYPE mcp_uptime_seconds gauge\nmcp_uptime_seconds 1\n'
const serving = (body: string, options = {}) =>
  startHttp(options, {
    metricsPath: '/metrics',
    extra: [{ path: '/metrics', role: 'operator', answer: async () => ({ contentType: 'text/plain', body }) }],
  })

it('passes metrics that parse, with and without a base path', async () => {
  expect(await runOne(metricsCheck, { url: (await serving(good)).url })).toMatchObject({
    status: 'pass',
    values: { metrics: 1, samples: 1 },
  })
  const { url } = await serving(good, { basePath: '/mcpx' })
  expect(await runOne(metricsCheck, { url })).toMatchObject({ status: 'pass' })
})

it('is skipped where they are off', async () => {
  expect(await runOne(metricsCheck, { url: (await startHttp()).url })).toMatchObject({ status: 'skipped' })
})

it('names what is wrong with them', async () => {
  const cut = await serving(good.slice(0, -1))
  expect(await runOne(metricsCheck, { url: cut.url })).toMatchObject({ status: 'fail', trouble: 'invalid' })
  const other = await serving('# TYPE go_goroutines gauge\ngo_goroutines 7\n')
  expect(await runOne(metricsCheck, { url: other.url })).toMatchObject({ status: 'fail', trouble: 'foreign' })
  const { url } = await serving(good)
  const proxy = await startOddProxy(url, {
    answer(request, response) {
      if (request.url !== '/metrics') return false
      response.writeHead(404).end()
      return true
    },
  })
  expect(await runOne(metricsCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble: 'no-answer' })
})

it('needs an operator', async () => {
  const { url, post } = await serving(good, { authToken: token })
  const made = await post('/api/v0/tokens', { role: 'viewer' }, { headers: { authorization: `Bearer ${token}` } })
  const { token: viewer } = (await made.json()) as { token: string }
  expect(await runOne(metricsCheck, { url, token: viewer })).toMatchObject({ status: 'warn', trouble: 'refused' })
  expect(await runOne(metricsCheck, { url, token })).toMatchObject({ status: 'pass' })
})
