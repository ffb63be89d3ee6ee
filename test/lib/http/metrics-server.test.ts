import { expect, it, onTestFinished } from 'vitest'
import type { Logger } from '../../../src/lib/base/logger.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createMetricsServer } from '../../../src/lib/http/metrics-server.ts'
import { defaultOptions, startHttp, token } from '../../support/http-api.ts'
import { rawRequest } from '../../support/http-raw.ts'

const answer = async () => ({ contentType: 'text/plain; version=0.0.4', body: 'webrtc_active_connections 1\n' })

async function start(options: object, logger: Logger = silentLogger) {
  const server = await createMetricsServer({ options: { ...defaultOptions, ...options }, logger, answer })
  onTestFinished(() => server.close())
  return server.listen()
}

it('serves the metrics at / and /metrics, to known hosts and holders of the token', async () => {
  const { url, port } = await start({ authToken: token })
  const headers = { authorization: `Bearer ${token}` }
  for (const path of ['/', '/metrics']) {
    const found = await fetch(`${url}${path}`, { headers })
    expect([found.status, found.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4'])
    expect(await found.text()).toContain('webrtc_active_connections 1')
    expect((await fetch(`${url}${path}`)).status).toBe(401)
  }
  expect((await rawRequest({ port, path: '/', headers: { ...headers, host: 'evil.example' } })).status).toBe(403)
})

it('takes the next free port when the one asked for is taken, and warns', async () => {
  const warnings: string[] = []
  const logger: Logger = { ...silentLogger, child: () => logger, warn: (_fields, message) => warnings.push(message) }
  const { port: taken } = await startHttp()
  const { port, requested } = await start({ port: taken }, logger)
  expect(requested).toBe(taken)
  expect(port).not.toBe(taken)
  expect(warnings).toEqual([`port ${taken} is taken: the WebRTC metrics are on ${port}`])
})

it('refuses an open address without a token', async () => {
  await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'OPEN_BIND_REFUSED' })
})
