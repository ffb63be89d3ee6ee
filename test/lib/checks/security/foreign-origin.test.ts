import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { foreignOriginCheck } from '../../../../src/lib/checks/security/foreign-origin.ts'
import { runOne } from '../../../support/checks.ts'
import { socketsAt, startHttp, token } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

const start = (options = {}) => startHttp(options, { sockets: socketsAt('/ws/webrtc', (socket) => socket.send('{}')) })
const withoutOrigin = ({ origin: _, ...headers }: IncomingMessage['headers']) => headers

it('passes a server that refuses pages of others, with and without a token', async () => {
  const { url } = await start()
  const refused = { status: 'pass', detail: 'POST answered 403, WebSocket 403' }
  expect(await runOne(foreignOriginCheck, { url })).toMatchObject(refused)
  const guarded = await start({ authToken: token })
  expect(await runOne(foreignOriginCheck, { url: guarded.url, token })).toMatchObject(refused)
  expect(await runOne(foreignOriginCheck, { url: guarded.url })).toMatchObject(refused)
})

it('finds a proxy that hides where requests come from', async () => {
  const { url } = await start({ authToken: token })
  const proxy = await startOddProxy(url, { upgrades: true, headers: withoutOrigin })
  expect(await runOne(foreignOriginCheck, { url: proxy, token })).toMatchObject({ status: 'fail', trouble: 'post' })
})

it('finds a WebSocket that any page may open', async () => {
  const { url } = await start({ authToken: token })
  const proxy = await startOddProxy(url, {
    upgrades: true,
    headers: (headers) => (headers.upgrade ? withoutOrigin(headers) : headers),
  })
  expect(await runOne(foreignOriginCheck, { url: proxy, token })).toMatchObject({
    status: 'fail',
    trouble: 'websocket',
  })
})
