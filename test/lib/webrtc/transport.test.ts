import { expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createUdpMux } from '../../../src/lib/webrtc/udp-mux.ts'
import { openServer, reachRaw } from '../../support/raw-viewer.ts'
import { HandClock, until } from '../../support/webrtc-pair.ts'

it('a handshake that does not come is what failed, also where ICE was restarted before it', async () => {
  const clock = new HandClock()
  const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
  const server = await openServer(mux, silentLogger, clock)
  onTestFinished(async () => {
    await server.close()
    await mux.close()
  })
  let paths = 0
  server.events.on('state', (_connection, ice) => {
    if (ice === 'connected') paths++
  })
  const first = await reachRaw(server)
  onTestFinished(() => first.close())
  await until(() => paths === 1)
  const second = await reachRaw(server)
  onTestFinished(() => second.close())
  await until(() => paths === 2)
  clock.advance(10_000)
  expect(server.failure?.message).toBe('DTLS failed: nothing after 10000 ms')
})
