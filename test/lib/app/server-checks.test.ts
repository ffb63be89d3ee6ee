import { expect, it, onTestFinished } from 'vitest'
import { createServer } from '../../../src/lib/app.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { emptyDirectory } from '../../../src/lib/content/gateway-probe.ts'
import { checksReply } from '../../../src/lib/protocol/checks.ts'
import { startGateway } from '../../support/content-gateway.ts'

async function start(options = {}) {
  const server = await createServer(
    { port: 0, isolation: true, webrtcMetricsPort: 0, mediaWorkers: 1, offline: true, ...options },
    { logger: silentLogger },
  )
  onTestFinished(() => server.stop())
  const ask = async (query: string) => {
    const answer = await fetch(`${server.url}/api/v0/checks${query}`)
    return { status: answer.status, text: await answer.text() }
  }
  return { server, ask }
}
const found = (text: string) => checksReply.parse(JSON.parse(text)).results

it('answers with what the server finds of itself, and no path of it', async () => {
  const { ask } = await start()
  const { status, text } = await ask('')
  expect(status).toBe(200)
  const results = found(text)
  expect(results.map(({ check }) => check)).toEqual(
    expect.arrayContaining(['webrtc-metrics', 'store', 'kubo', 'gateways', 'disk', 'history']),
  )
  expect(results.filter(({ where }) => where !== 'server')).toEqual([])
  expect(results.filter(({ status }) => status === 'fail')).toEqual([])
  expect(text).not.toMatch(/mcpx-(?:throw|repo)|\/tmp\//)
})

it('makes the checks that are named, of the content and in the time that is said', async () => {
  const asked: (string | undefined)[] = []
  const gateway = await startGateway((request) => void asked.push(request.url))
  onTestFinished(() => gateway.close())
  const { ask } = await start({ offline: false, gateway: [gateway.url] })
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  const { text } = await ask(`?name=gateways&name=no-such-check&deadline=0.3&content=${cid}`)
  expect(found(text)).toMatchObject([{ check: 'gateways', status: 'fail', trouble: 'timeout' }])
  expect(asked).toEqual([`/ipfs/${cid}?format=raw`])
  await ask('?name=gateways&deadline=0.3')
  expect(asked[1]).toBe(`/ipfs/${emptyDirectory}?format=raw`)
})

it('runs one round at a time, and the next when that is over or its client has left', async () => {
  const gateway = await startGateway(() => {})
  onTestFinished(() => gateway.close())
  const { server, ask } = await start({ offline: false, gateway: [gateway.url] })
  const leaving = new AbortController()
  const first = fetch(`${server.url}/api/v0/checks?name=gateways`, { signal: leaving.signal }).catch(() => 'left')
  await expect.poll(() => gateway.asked.length).toBe(1)
  expect(await ask('?name=store')).toMatchObject({ status: 429, text: expect.stringContaining('running already') })
  leaving.abort()
  expect(await first).toBe('left')
  await expect.poll(async () => (await ask('?name=store')).status).toBe(200)
})
