import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { Ice } from '../../../src/lib/webrtc/ice.ts'
import { createUdpMux } from '../../../src/lib/webrtc/udp-mux.ts'
import { iceCheck } from '../../support/stun-messages.ts'
import { until } from '../../support/webrtc-pair.ts'

it('forgets the credentials of before, some restarts later', async () => {
  const mux = await createUdpMux({ addresses: ['127.0.0.1'] })
  const ice = new Ice(
    { mux, isControlling: false, iceServers: [], announceAddresses: [], clock: systemClock, logger: silentLogger },
    { onCandidate() {}, onFollowed() {} },
  )
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(async () => {
    socket.close()
    ice.close()
    await ice.agent.close()
    ice.detach()
    await mux.close()
  })
  const generations = [ice.local]
  for (let i = 0; i < 20; i++) {
    ice.setRemote({ ufrag: `them${i}`, password: 'their password of 24 bytes' }, false)
    if (i > 0) generations.push(ice.local)
  }
  const isHeard = async ({ ufrag, password }: { ufrag: string; password: string }) => {
    const [heard, dropped] = [ice.received, mux.stats.unknownPackets]
    socket.send(iceCheck(`${ufrag}:them`, password), mux.addresses[0]!.port, '127.0.0.1')
    await until(() => ice.received > heard || mux.stats.unknownPackets > dropped)
    return ice.received > heard
  }
  const heard = []
  for (const generation of generations) heard.push(await isHeard(generation))
  expect(heard).toEqual([...Array(17).fill(false), true, true, true])
  expect(Object.keys(ice.agent.userHistory)).toEqual(generations.slice(-3).map(({ ufrag }) => ufrag))
})
