import { expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/base/clock.ts'
import { silentLogger } from '../../../src/lib/base/logger.ts'
import { createPeerFactory } from '../../../src/lib/webrtc/peer-factory.ts'
import { createFactory, loopback } from '../../support/webrtc-pair.ts'

it('gives peers on one socket, knows how many are open, and closes them all', async () => {
  const factory = await createFactory()
  expect(factory.addresses).toHaveLength(1)
  const [first, second] = await Promise.all([factory.createPeer(), factory.createPeer()])
  expect(factory.openPeers).toBe(2)
  await first.close()
  expect(factory.openPeers).toBe(1)
  await factory.close()
  expect([factory.openPeers, second.connectionState]).toEqual([0, 'closed'])
  await expect(factory.createPeer()).rejects.toMatchObject({ code: 'STREAM_CONFLICT' })
})

it('cannot take a port that another has', async () => {
  const factory = await createFactory()
  await expect(createFactory({ udpPort: factory.addresses[0]!.port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  await factory.close()
})

it.each([0, 0.5, 1 - 2 ** -31])('gives no two streams of a peer one SSRC, whatever chance says: %d', async (share) => {
  const factory = await createPeerFactory(
    { iceServers: [], announceAddresses: [], bindAddresses: loopback },
    { clock: systemClock, logger: silentLogger, random: (end) => Math.floor(end * share) },
  )
  const peer = await factory.createPeer()
  const offer = await peer.createOffer({
    video: [{ codec: 'vp8', parameters: {} }],
    audio: [{ codec: 'opus', parameters: {} }],
  })
  const sources = new Set([...offer.matchAll(/^a=ssrc:(\d+)/gm)].map(([, ssrc]) => Number(ssrc)))
  expect(sources.size).toBe(3)
  for (const ssrc of sources) expect(ssrc > 0 && ssrc < 2 ** 32).toBe(true)
  await factory.close()
})
