import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../../src/lib/base/clock.ts'
import { silentLogger } from '../../../../src/lib/base/logger.ts'
import type { ServerInside } from '../../../../src/lib/checks/context.ts'
import { webrtcMetricsCheck } from '../../../../src/lib/checks/server/webrtc-metrics.ts'
import { createMetricsServer } from '../../../../src/lib/http/metrics-server.ts'
import { createMetrics } from '../../../../src/lib/metrics/metrics.ts'
import { runOne } from '../../../support/checks.ts'
import { defaultOptions, token } from '../../../support/http-api.ts'
import { createMemoryEngine } from '../../../support/http-engine.ts'
import { makeCertificate } from '../../../support/odd-proxy.ts'

const insideOf = (more: Partial<ServerInside>) => ({
  inside: { store: createMemoryEngine().store, encoder: 'none', ...more } as ServerInside,
})

async function serveMetrics(options: Partial<typeof defaultOptions> = {}, body?: string): Promise<string> {
  const metrics = createMetrics({
    engine: createMemoryEngine(),
    clock: systemClock,
    maxConnections: 10,
    cpuS: () => 0,
  } as never)
  onTestFinished(() => metrics.close())
  const server = await createMetricsServer({
    options: { ...defaultOptions, ...options },
    logger: silentLogger,
    answer: async () => (body === undefined ? metrics.webrtc() : { contentType: 'text/plain', body }),
  })
  onTestFinished(() => server.close())
  return (await server.listen()).url
}

it('passes the real metrics of a port of their own, with a token and TLS too', async () => {
  const url = await serveMetrics()
  expect(await runOne(webrtcMetricsCheck, insideOf({ webrtcMetricsUrl: url }))).toMatchObject({ status: 'pass' })
  const { certFile, keyFile } = await makeCertificate()
  const guarded = await serveMetrics({ authToken: token, tlsCert: certFile, tlsKey: keyFile })
  const inside = insideOf({ webrtcMetricsUrl: guarded, authToken: token })
  expect(await runOne(webrtcMetricsCheck, inside)).toMatchObject({ status: 'pass', where: 'server' })
})

it('is skipped where they are off, and outside of a server', async () => {
  expect(await runOne(webrtcMetricsCheck, insideOf({}))).toMatchObject({ status: 'skipped' })
  expect(await runOne(webrtcMetricsCheck)).toMatchObject({ status: 'skipped' })
})

it('names what is wrong with them', async () => {
  const cut = await serveMetrics({}, 'webrtc_x 1')
  expect(await runOne(webrtcMetricsCheck, insideOf({ webrtcMetricsUrl: cut }))).toMatchObject({ trouble: 'invalid' })
  const other = await serveMetrics({}, 'prometheus_build_info 1\n')
  expect(await runOne(webrtcMetricsCheck, insideOf({ webrtcMetricsUrl: other }))).toMatchObject({ trouble: 'foreign' })
  const guarded = await serveMetrics({ authToken: token })
  expect(await runOne(webrtcMetricsCheck, insideOf({ webrtcMetricsUrl: guarded }))).toMatchObject({
    trouble: 'refused',
  })
  const broken = createServer((_request, response) => response.writeHead(500).end()).listen(0, '127.0.0.1')
  onTestFinished(() => void broken.close())
  await new Promise((listening) => broken.once('listening', listening))
  const url = `http://127.0.0.1:${(broken.address() as AddressInfo).port}`
  expect(await runOne(webrtcMetricsCheck, insideOf({ webrtcMetricsUrl: url }))).toMatchObject({ trouble: 'no-answer' })
})
