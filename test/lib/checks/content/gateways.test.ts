import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { gatewaysCheck } from '../../../../src/lib/checks/content/gateways.ts'
import { emptyDirectory } from '../../../../src/lib/content/gateway-probe.ts'
import { runCheck } from '../../../support/checks.ts'
import { startGateway } from '../../../support/content-gateway.ts'
import { deadAddress } from '../../../support/e2e-server.ts'

const empty = Buffer.from([0x0a, 0x02, 0x08, 0x01])

async function gateway(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const started = await startGateway(answer)
  onTestFinished(() => started.close())
  return started
}
const giving = (bytes: string | Uint8Array, status = 200) =>
  gateway((_request, response) => response.writeHead(status).end(bytes))

/** No answer is slow by it, however busy the machine. */
const quick = { ...systemClock, now: () => 0 }
const check = (gateways: readonly string[], more = {}) =>
  runCheck(gatewaysCheck, { settings: { gateways }, clock: quick, ...more })

it('asks each for a raw block that all have, and verifies it', async () => {
  const good = await giving(empty)
  const found = await check([good.url, good.url])
  expect(found).toMatchObject([{ status: 'pass', values: { bytes: 4 } }, { status: 'pass' }])
  expect(found[0]!.subject).toBe(new URL(good.url).host)
  expect(good.asked).toEqual(Array(2).fill(`/ipfs/${emptyDirectory}?format=raw`))
})

it('asks for the content that was named', async () => {
  const good = await giving(empty)
  const named = 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn'
  expect(await check([good.url], { content: `ipfs://${named}/clip.mp4` })).toMatchObject([{ status: 'pass' }])
  expect(good.asked).toEqual([`/ipfs/${named}?format=raw`])
})

it('finds and names the one that lies, beside those that do not', async () => {
  const [good, liar] = [await giving(empty), await giving(Buffer.from([0x0a, 0x02, 0x08, 0x02]))]
  const found = await check([good.url, liar.url])
  expect(found).toMatchObject([
    { status: 'pass' },
    { status: 'fail', trouble: 'wrong-bytes', subject: new URL(liar.url).host },
  ])
})

it('tells pages, limits and silence apart; who cannot be reached is a warning', async () => {
  const page = await giving('<!doctype html><title>Log in</title>')
  const limit = await giving('slow down', 429)
  const without = await giving('no', 404)
  const found = await check([page.url, limit.url, without.url, await deadAddress()])
  expect(found.map(({ status, trouble }) => [status, trouble])).toEqual([
    ['fail', 'not-trustless'],
    ['warn', 'refused'],
    ['warn', 'refused'],
    ['warn', 'unreachable'],
  ])
})

it('gives up one that never answers, and calls a late one slow', async () => {
  const silent = await gateway(() => {})
  const late = await gateway((_request, response) => void setTimeout(() => response.end(empty), 3200))
  const found = await check([silent.url, late.url], { clock: systemClock })
  expect(found).toMatchObject([
    { status: 'warn', trouble: 'unreachable', detail: 'no answer in time' },
    { status: 'warn', trouble: 'slow' },
  ])
}, 20_000)

it('is skipped with --offline and without gateways', async () => {
  expect(await check([])).toMatchObject([{ status: 'skipped' }])
  expect(await runCheck(gatewaysCheck, { settings: { gateways: ['http://x'], offline: true } })).toMatchObject([
    { status: 'skipped' },
  ])
})
