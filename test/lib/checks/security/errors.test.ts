import { expect, it } from 'vitest'
import { errorsCheck } from '../../../../src/lib/checks/security/errors.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

it('passes the refusals of a real server', async () => {
  expect(await runOne(errorsCheck, { url: (await startHttp()).url })).toMatchObject({ status: 'pass' })
})

it.each(['ENOENT: /home/mcpx/repo/blocks', 'Error\n    at open (file:///x/app.js:10:3)', 'C:\\\\Users\\\\mcpx'])(
  'fails on an answer with %j',
  async (words) => {
    const { url } = await startHttp()
    const proxy = await startOddProxy(url, {
      answer(request, response) {
        if (!request.url!.startsWith('/no-such')) return false
        response.writeHead(500).end(words)
        return true
      },
    })
    expect(await runOne(errorsCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble: 'leaks' })
  },
)

it('warns of a server with --debug', async () => {
  const { url } = await startHttp({ debug: true })
  expect(await runOne(errorsCheck, { url })).toMatchObject({ status: 'warn', trouble: 'debug' })
})
