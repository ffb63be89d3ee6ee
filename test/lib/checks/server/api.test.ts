import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { packageVersion } from '../../../../src/lib/base/version.ts'
import { apiCheck } from '../../../../src/lib/checks/server/api.ts'
import { runOne } from '../../../support/checks.ts'
import { startHttp } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

/** A server that answers as the test says, before what a real one says. */
async function behind(target: string, answer: (path: string) => string | undefined): Promise<string> {
  const listener: RequestListener = async (request, response) => {
    const own = answer(request.url!)
    if (own !== undefined) return void response.end(own)
    const real = await fetch(`${target}${request.url}`)
    response.writeHead(real.status, { 'content-type': 'application/json' }).end(await real.text())
  }
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

it('passes a server of its own version', async () => {
  const { url } = await startHttp({}, { version: packageVersion() })
  expect(await runOne(apiCheck, { url })).toMatchObject({ status: 'pass', values: { version: packageVersion() } })
})

it('names another version', async () => {
  const { url } = await startHttp({}, { version: '9.9.9' })
  expect(await runOne(apiCheck, { url })).toMatchObject({ status: 'warn', trouble: 'other-version' })
})

it('knows a page of something else', async () => {
  const { url } = await startHttp()
  const other = await behind(url, () => '<!doctype html><title>Welcome</title>')
  expect(await runOne(apiCheck, { url: other })).toMatchObject({ status: 'fail', trouble: 'not-mcpx' })
})

it('tells what the server says of itself', async () => {
  const { url } = await startHttp({}, { problems: () => ['the disk is full'] })
  const found = await runOne(apiCheck, { url })
  expect(found).toMatchObject({ status: 'fail', trouble: 'unwell', detail: 'the disk is full' })
})

it('sees that a proxy keeps the description back', async () => {
  const { url } = await startHttp()
  const proxy = await behind(url, (path) => (path === '/openapi.json' ? 'no' : undefined))
  expect(await runOne(apiCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble: 'no-description' })
})

it('says where an address leads', async () => {
  const { url } = await startHttp()
  const proxy = await startOddProxy(url, {
    answer(request, response) {
      response.writeHead(301, { location: `https://media.example/mcpx${request.url}` }).end()
      return true
    },
  })
  const found = await runOne(apiCheck, { url: proxy })
  expect(found).toMatchObject({ status: 'fail', trouble: 'moved', fix: 'Use --server https://media.example/mcpx.' })
})
