import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { kuboCheck } from '../../../../src/lib/checks/content/kubo.ts'
import { runOne } from '../../../support/checks.ts'
import { startGateway } from '../../../support/content-gateway.ts'
import { deadAddress } from '../../../support/e2e-server.ts'
import { kuboOrSkip, startKubo } from '../../../support/kubo.ts'

const binary = kuboOrSkip()

/** No answer is slow by it, however busy the machine. */
const quick = { ...systemClock, now: () => 0 }
const check = (ipfsApi: string, clock = quick) => runOne(kuboCheck, { settings: { ipfsApi }, clock })

/** An RPC that answers as the test says. */
async function rpc(answer: (path: string, response: ServerResponse, request: IncomingMessage) => void) {
  const started = await startGateway((request, response) => {
    response.setHeader('content-type', 'application/json')
    answer(request.url!.split('?')[0]!, response, request)
  })
  onTestFinished(() => started.close())
  return started.url
}
const answering = (peers: number, delayMs = 0) =>
  rpc((path, response) => {
    const peer = { Addr: '/ip4/192.0.2.1/tcp/4001', Peer: '12D3KooWGRUaBnv1ieTt3WrRzxMzwgnsdTjbJ3jgvcHFkWWvKPsB' }
    const body = path.endsWith('/version') ? { Version: '0.42.0' } : { Peers: Array(peers).fill(peer) }
    setTimeout(() => response.end(JSON.stringify(body)), delayMs)
  })

it('tells version, lag and peers', async () => {
  const found = await check(await answering(3))
  expect(found).toMatchObject({ status: 'pass', values: { version: '0.42.0', peers: 3 } })
})

it('calls one that answers late slow, and one without peers alone', async () => {
  expect(await check(await answering(3, 600), systemClock as typeof quick)).toMatchObject({
    status: 'warn',
    trouble: 'slow',
  })
  expect(await check(await answering(0))).toMatchObject({ status: 'warn', trouble: 'alone' })
})

it('knows a daemon that is not there, one that never answers, and what is none', async () => {
  expect(await check(await deadAddress())).toMatchObject({ status: 'fail', trouble: 'unreachable' })
  const page = await rpc((_path, response) => response.writeHead(404).end('404 page not found'))
  expect(await check(page)).toMatchObject({ status: 'fail', trouble: 'not-kubo' })
  const silent = await rpc(() => {})
  expect(await check(silent)).toMatchObject({ status: 'fail', trouble: 'silent' })
}, 20_000)

it('is skipped without --ipfs-api', async () => {
  expect(await runOne(kuboCheck)).toMatchObject({ status: 'skipped' })
})

it.skipIf(!binary)(
  'knows a real daemon that is offline, and that it is gone',
  async () => {
    const daemon = await startKubo(binary!)
    onTestFinished(() => daemon.stop())
    const found = await check(daemon.api)
    expect(found).toMatchObject({ status: 'warn', trouble: 'offline' })
    expect(found.values!.version).toMatch(/^\d+\.\d+\.\d+/)
    // The gateway beside it is no RPC.
    expect(await check(daemon.gateway)).toMatchObject({ status: 'fail', trouble: 'not-kubo' })
    await daemon.kill()
    expect(await check(daemon.api)).toMatchObject({ status: 'fail', trouble: 'unreachable' })
  },
  60_000,
)
