import { describe, expect, it } from 'vitest'
import { websocketCheck } from '../../../../src/lib/checks/server/websocket.ts'
import { runOne } from '../../../support/checks.ts'
import { socketsAt, startHttp, token } from '../../../support/http-api.ts'
import { startOddProxy } from '../../../support/odd-proxy.ts'

const greeting = socketsAt('/ws/webrtc', (socket) => socket.send('{"type":"welcome"}'))

describe('the WebSocket', () => {
  it('opens and is greeted, with and without a token, directly and through a proxy', async () => {
    const { url } = await startHttp({}, { sockets: greeting })
    expect(await runOne(websocketCheck, { url })).toMatchObject({ status: 'pass' })
    const proxy = await startOddProxy(url, { upgrades: true })
    expect(await runOne(websocketCheck, { url: proxy })).toMatchObject({ status: 'pass' })
    const guarded = await startHttp({ authToken: token }, { sockets: greeting })
    expect(await runOne(websocketCheck, { url: guarded.url, token })).toMatchObject({ status: 'pass' })
    expect(await runOne(websocketCheck, { url: guarded.url })).toMatchObject({ status: 'skipped' })
  })

  it('does not open through a proxy without the upgrade: the lines to add are named', async () => {
    const { url } = await startHttp({}, { sockets: greeting })
    const proxy = await startOddProxy(url, { answered: (headers) => ({ ...headers, server: 'nginx/1.22.1' }) })
    const found = await runOne(websocketCheck, { url: proxy })
    expect(found).toMatchObject({ status: 'fail', trouble: 'no-upgrade' })
    expect(found.detail).toContain('by nginx/1.22.1 in place of 101')
    expect(found.fix).toContain('proxy_set_header Upgrade $http_upgrade;')
  })

  it.each([
    [200, 'no-upgrade'],
    [426, 'no-upgrade'],
    [403, 'refused'],
    [503, 'full'],
  ])('that is answered %d is %s', async (status, trouble) => {
    const { url } = await startHttp({}, { sockets: greeting })
    const proxy = await startOddProxy(url, {
      answer(request, response) {
        if (!request.url!.startsWith('/ws/')) return false
        response.writeHead(status).end('<h1>no</h1>')
        return true
      },
    })
    expect(await runOne(websocketCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble })
  })

  it('is refused to its own pages where a proxy sends another Host', async () => {
    const { url } = await startHttp({}, { sockets: greeting })
    const proxy = await startOddProxy(url, {
      upgrades: true,
      headers: (headers) => ({ ...headers, host: new URL(url).host }),
    })
    expect(await runOne(websocketCheck, { url: proxy })).toMatchObject({ status: 'fail', trouble: 'refused' })
  })

  it('is silent where it is closed before the first message', async () => {
    const { url } = await startHttp({}, { sockets: socketsAt('/ws/webrtc', (socket) => socket.close(1011, 'no')) })
    expect(await runOne(websocketCheck, { url })).toMatchObject({ status: 'fail', trouble: 'silent' })
  })
})
